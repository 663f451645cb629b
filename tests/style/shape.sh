#!/bin/sh
# File names are unique, files stay under 600 lines, functions under 100; those over 60 are named.
. "$(dirname "$0")/common.sh"

twice=$(list_files '*.c' '*.h' | sed 's,.*/,,' | sort | uniq -d)
[ -z "$twice" ] || fail "the same file name in two folders: $twice"

long=$(list_files '*.c' '*.h' | xargs wc -l | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }')
[ -z "$long" ] || fail "$long"

# A function begins at a line that starts in column 0 and ends in "{", and ends at a lone "}".
functions=$(list_files '*.c' '*.h' | grep -v '^tests/' | xargs awk '
  FNR == 1 { start = 0 }
  /^[A-Za-z_].*\(/ && !/;$/ && !/^(typedef|struct|enum|union)/ { start = FNR }
  /^}/ {
    if (start && FNR - start + 1 > 60) print FNR - start + 1, FILENAME ":" start
    start = 0
  }
  /^[^ }].*;$/ { start = 0 }' | sort -rn)
[ -z "$functions" ] || echo "$functions" | sed -E 's/^([0-9]+) (.*)/\2: a function of \1 lines/'
[ -z "$(echo "$functions" | awk '$1 > 100')" ] || fail "functions over 100 lines"
finish
