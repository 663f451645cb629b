#!/bin/sh
# Dependencies point one way, and each header of core has two users outside core.
. "$(dirname "$0")/common.sh"

# "FILE INCLUDED" lines of everything included from the root of the project.
graph=$(list_files '*.c' '*.h' | xargs grep -HoE '^ *# *include +"[^"]+"' |
  sed -E 's/^([^:]+):.*"([^"]+)"/\1 \2/')

wrong=$(echo "$graph" | awk '
  BEGIN {
    allowed["core"] = " core "
    allowed["vision"] = " core vision "
    allowed["text"] = " core text "
    allowed["index"] = " core index "
    allowed["fusion"] = " core vision text fusion "
    allowed["cli"] = " cli "
    allowed["samples"] = " samples "
    layers = " base tensor kernels nn "
  }
  {
    split($1, from, "/"); split($2, to, "/")
    if (!(from[1] in allowed) || !index($2, "/")) next
    if (!index(allowed[from[1]], " " to[1] " ")) print $1 " includes " $2 ": against the order of dependencies"
    if (from[1] == "core" && to[1] == "core" && index(layers, " " to[2] " ") > index(layers, " " from[2] " "))
      print $1 " includes " $2 ": a later layer of core"
  }')
[ -z "$wrong" ] || fail "$wrong"

# A header used in its own folder alone, or below it, is private and needs no second user, however it is tested.
lonely=$(echo "$graph" | awk '
  { n++; from[n] = $1; to[n] = $2; if ($2 ~ /^core\/.*\.h$/) headers[$2] = 1 }
  function folder(path) { sub(/\/[^\/]*$/, "", path); return path }
  # Adds the files outside core that reach header, through other files of core too, to found.
  function reach(header,    i) {
    if (visited[header]++) return
    for (i = 1; i <= n; i++) {
      if (to[i] != header) continue
      if (from[i] !~ /^tests\// && index(from[i], folder(header) "/") != 1) outside = 1
      if (from[i] ~ /^(vision|text|fusion|index|samples)\//) found[from[i]] = 1
      else if (from[i] ~ /^core\//) reach(twin(from[i]))
    }
  }
  # A source file is used through the header beside it.
  function twin(path) { sub(/\.c$/, ".h", path); return path }
  END {
    for (header in headers) {
      split("", visited); split("", found); outside = 0
      reach(header)
      count = 0
      for (file in found) count++
      if (outside && count < 2) print header ": fewer than two files outside core need it"
    }
  }')
[ -z "$lonely" ] || fail "$lonely"
finish
