# The options of the program are those of the manual page and of the completions: no less, and no other.
run help --list
sort -u out >program
completions=$source_root/cli/completion

# The completions of bash, by asking them.
. "$completions/gaze.bash"
sed 's/ -[^ ]*$//' program | sort -u | while read -r command; do
  for option in $(_gaze_options "$command"); do echo "$command $option"; done
done | sort -u >listed
difference=$(diff program listed) && pass completion_bash || fail completion_bash "$difference"

# Those of zsh: `{-t+,--top=}'[...` and `'*--db=[...` behind the line of the command or of an array.
awk '
  /^  (common|pictures|answering)=\(/ { sub(/=.*/, ""); place = $1 }
  /^  [a-z\\ -]+\)$/ { place = $0; gsub(/[\\)]/, "", place); sub(/^ +/, "", place) }
  /_arguments/ { print place, "@common"; if (/\$answering/) print place, "@answering"
    if (/\$pictures/) print place, "@pictures"; else next }
  place != "" && match($0, /^ +[{\047*]*-[^[]*\[/) {
    names = substr($0, RSTART, RLENGTH); gsub(/[^-a-z0-9,]/, "", names)
    count = split(names, name, ",")
    for (i = 1; i <= count; i++) print place, name[i]
  }' "$completions/_gaze" >zsh
awk '
  $1 == "common" || $1 == "pictures" || $1 == "answering" { shared[$1] = shared[$1] " " $2; next }
  { line[NR] = $0 }
  END {
    for (i = 1; i <= NR; i++) {
      if (line[i] !~ / @/) { if (line[i] != "") print line[i]; continue }
      command = line[i]; sub(/ @.*/, "", command); array = line[i]; sub(/.*@/, "", array)
      count = split(shared[array], name, " ")
      for (k = 1; k <= count; k++) print command, name[k]
    }
  }' zsh | sort -u >listed
difference=$(diff program listed) && pass completion_zsh || fail completion_zsh "$difference"

# Those of fish: a line an option, with its place as a condition.
awk '
  /^complete -c gaze / && / -l / {
    place = "common"
    if (match($0, /__gaze_at [a-z -]+/)) place = substr($0, RSTART + 10, RLENGTH - 10)
    else if (/__gaze_reads_pictures/) place = "pictures"
    else if (/__gaze_answers/) place = "answering"
    sub(/-d \047.*/, "")
    if (match($0, / -l [a-z0-9-]+/)) print place " --" substr($0, RSTART + 4, RLENGTH - 4)
    if (match($0, / -s [a-z]/)) print place " -" substr($0, RSTART + 4, 1)
  }' "$completions/gaze.fish" >fish
# Of the manual page: .Fl in its section.
awk '
  /^\.S[sh] / { place = $0; sub(/^\.S[sh] (gaze )?/, "", place) }
  place == "COMMON OPTIONS" { place = "common" }
  place == "PICTURES" { place = "pictures" }
  place == "ANSWERS" { place = "answering" }
  /^\.It Fl / { for (i = 2; i < NF; i++) if ($i == "Fl") print place " -" $(i + 1) }' "$source_root/doc/gaze.1" >manual

# Gives the options of "common", "pictures" and "answering" to the commands that have them.
spread() {
  sed 's/ -[^ ]*$//' program | sort -u | while read -r command; do
    sed -n "s/^common /$command /p; s/^$command -/$command -/p" "$1"
    grep -q "^$command --max-megapixels" program && sed -n "s/^pictures /$command /p" "$1"
    grep -q "^$command --repetition-penalty" program && sed -n "s/^answering /$command /p" "$1"
  done | sort -u
}
spread fish >listed
difference=$(diff program listed) && pass completion_fish || fail completion_fish "$difference"
spread manual >listed
difference=$(diff program listed) && pass manual_page || fail manual_page "$difference"
