#!/bin/sh
# Every header compiles alone; the public ones as C11 and as C++ without any extension.
. "$(dirname "$0")/common.sh"
for header in gaze.h gaze_ask.h gaze_train.h; do
  cc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c "$header" || fail "$header: not alone in C11"
  if command -v c++ >/dev/null; then
    c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c++ "$header" || fail "$header: not alone in C++"
  fi
done
list_files '*.h' | grep -E '^(core|vision|text|fusion|index|cli|samples)/' | xargs -P 2 -I HEADER sh -c '
  echo "#include \"HEADER\"" | cc -std=gnu11 -D_GNU_SOURCE -I. -fsyntax-only -x c - || exit 255' ||
  fail "a header needs another one before it"
finish
