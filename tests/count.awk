# Reads meson's testlog.json, a test a line; prints what failed and what was skipped and why, and at last
# "PASSED FAILED SKIPPED" for tests/run. Programs of cmocka ("[       OK ] name") and of tests/cli ("ok name", "FAIL name:
# ...", "SKIP name: why") count by their cases, others as one. -v build=NAME goes before each name.

# The text of a member whose value is a string, escapes undone.
function member(line, key,    rest, text) {
  if (!match(line, "\"" key "\": \"")) return ""
  rest = substr(line, RSTART + RLENGTH)
  gsub(/\\\\/, "\001", rest)
  gsub(/\\"/, "\002", rest)
  text = substr(rest, 1, index(rest, "\"") - 1)
  gsub(/\\n/, "\n", text); gsub(/\\t/, "\t", text)
  gsub(/\002/, "\"", text); gsub(/\001/, "\\", text)
  return text
}

function skip(name, why) {
  print "SKIP " name ": " (why != "" ? why : "no reason given")
  skips++
}

{
  name = build " " member($0, "name")
  sub(/gaze:/, "", name)
  result = member($0, "result")
  count = split(member($0, "stdout"), line, "\n")
  started = oks = fails = skips = 0
  why = ""
  for (i = 1; i <= count; i++) {
    if (line[i] ~ /^\[ RUN      \]/) { started++; why = "" }
    else if (line[i] ~ /^(\[       OK \]|ok )/) oks++
    else if (line[i] ~ /^\[  SKIPPED \]/) skip(name " " substr(line[i], 14), why)
    else if (line[i] ~ /^SKIP:/) why = substr(line[i], 7)
    else if (match(line[i], /^SKIP [^ :]+: /)) skip(name " " substr(line[i], 6, RLENGTH - 7), substr(line[i], RLENGTH + 1))
    else if (line[i] ~ /^FAIL /) { print "FAIL " name " " substr(line[i], 6); fails++ }
  }
  if (started > oks + skips) fails = started - oks - skips
  if (result == "SKIP" && !skips) skip(name, why)
  else if (result != "OK" && result != "SKIP") {
    print "FAIL " name ": " result
    text = (fails ? "" : member($0, "stdout")) member($0, "stderr")
    if (!fails) fails = 1
    print "  " substr(text, length(text) > 2000 ? length(text) - 2000 : 1)
  } else if (!oks && !skips) oks = 1
  passed += oks; failed += fails; skipped += skips
}

END { print passed + 0, failed + 0, skipped + 0 }
