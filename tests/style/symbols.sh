#!/bin/sh
# What the library exports begins with gaze_. $2: the library.
library=$(realpath "$2")
. "$(dirname "$0")/common.sh"
symbols=$(nm -g --defined-only "$library" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u)
echo "$symbols" | grep -q '^gaze_model_open$' || fail "$library: no gaze_model_open in it"
bad=$(echo "$symbols" | grep -Ev '^(gaze_|__|DW\.ref\.|asan\.)')
[ -z "$bad" ] || fail "exported without the prefix gaze_: $bad"
finish
