#!/bin/sh
# Every C file is as clang-format would write it.
. "$(dirname "$0")/common.sh"
command -v clang-format >/dev/null || { echo "SKIP: clang-format is not installed"; exit 77; }
wrong=$(list_files '*.c' '*.h' | xargs -n 40 clang-format --dry-run -Werror 2>&1 |
  sed -n 's/^\([^ :]*\):[0-9]*:[0-9]*: error: .*/\1/p' | sort -u)
[ -z "$wrong" ] || fail "run clang-format -i on these:" $wrong
finish
