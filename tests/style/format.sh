#!/bin/sh
# Every C file is as clang-format would write it.
. "$(dirname "$0")/common.sh"
command -v clang-format >/dev/null || { echo "SKIP: clang-format is not installed"; exit 77; }
list_files '*.c' '*.h' | xargs -n 40 clang-format --dry-run -Werror || fail "run clang-format -i on the files above"
finish
