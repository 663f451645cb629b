# What texts gave is kept, and never changes a result.

make_model || return 0
"$make_file" picture p.png 1
texts=$XDG_CACHE_HOME/gaze/texts
rm -rf "$texts"
same() { [ "$2" = "$3" ] && pass "$1" || fail "$1" "$2, not $3"; }
kept() { sed -nE 's/^gaze: ([0-9]+ of [0-9]+) texts from the cache.*/\1/p' err | tr '\n' ' '; }

command=(classify --json -v --labels "cat|kitten,dog,빨간 네모" --templates simple p.png)
run "${command[@]}" --no-cache && cp out plain
[ ! -e "$texts" ] && [ -z "$(kept)" ] && pass no_cache || fail no_cache "$(ls "$texts")"
GAZE_NO_CACHE=1 run "${command[@]}"
[ ! -e "$texts" ] && pass no_cache_variable || fail no_cache_variable "$(ls "$texts")"
GAZE_NO_CACHE=0 run "${command[@]}"
same first "$(kept)" "0 of 28 "
same first_result "$(cat out)" "$(cat plain)"
run "${command[@]}"
same second "$(kept)" "28 of 28 "
same second_result "$(cat out)" "$(cat plain)"
run "${command[@]}" --none nothing
same none "$(kept)" "28 of 28 0 of 20 "
run "${command[@]}" --template "a {}"
same other_templates "$(kept)" "0 of 32 "
run "${command[@]}" --precision bf16
same other_precision "$(kept)" "0 of 28 "
run "${command[@]}" --cpu c
same other_level "$(kept)" "0 of 28 "
run "${command[@]}" -q
[ ! -s err ] && pass quiet || fail quiet "$(cat err)"
same files "$(ls "$texts" | wc -l)" 1
grep -aq cat "$texts"/* && fail no_words "a label stands in the cache" || pass no_words

# Texts that are cut are named whether they are known or not.
long=$(printf 'long %.0s' {1..40})
run classify --labels "$long,cat" p.png && cp err wanted
run classify --labels "$long,cat" p.png
same cut_is_told "$(cat err)" "$(cat wanted)"
[ -s err ] && pass cut_is_told_at_all || fail cut_is_told_at_all "nothing was said"

# Another tokenizer reads other ids: nothing is taken for what it is not.
cp -r "$GAZE_MODEL" other
printf 'cats and dogs and kittens\nmore cats, more dogs\na kitten and a dog and a cat and other cats\n' >words.txt
size=$("$gaze" model info --json | grep -oE '"vocabulary": [0-9]+' | grep -oE '[0-9]+')
"$gaze" train tokenizer --vocab-size "$size" --min-frequency 1 --out new words.txt >/dev/null
if [ "$(grep -c . new/merges.txt)" -eq "$(grep -c . other/merges.txt)" ]; then
  cp new/tokenizer.json new/vocab.json new/merges.txt other/
  run "${command[@]}" -m other --no-cache && cp out wanted
  run "${command[@]}" -m other
  same other_tokenizer "$(cat out)" "$(cat wanted)"
  [ "$(cat out)" != "$(cat plain)" ] && pass other_tokenizer_differs || fail other_tokenizer_differs "the same scores"
else
  skip other_tokenizer "no vocabulary of the same size was learned"
fi

# Searches keep what their words gave, pictures and embed nothing.
run index -q .
run search --json "a cat + 2:dog" --no-cache && cp out wanted
run search -v --json "a cat + 2:dog"
same search_first "$(kept)" "0 of 2 "
run search -v --json "a cat + 2:dog"
same search_second "$(kept)" "2 of 2 "
same search_result "$(cat out)" "$(cat wanted)"
run search -v --json ./p.png
same search_picture "$(kept)" ""
run embed -v --json --text "a cat"
same embed_is_not_kept "$(kept)" ""
printf 'cat\ndog\n' >labels
echo '{"name": "cat"}' >p.json && tar cf set.tar p.png p.json
run eval classification -v --data set.tar --labels-file labels
run eval classification -v --data set.tar --labels-file labels
same eval_second "$(kept)" "2 of 2 "

# Damage, all of it at once and a byte here and there.
file=$(ls "$texts"/*)
file=${file%%$'\n'*}
[ -f "$file" ] || fail file "$file"
rm "$texts"/*
run "${command[@]}"
cp "$file" whole
size=$(wc -c <whole)
for damage in empty cut text byte longer; do
  case $damage in
  empty) : >"$file" ;;
  cut) head -c $((size - 7)) whole >"$file" ;;
  text) echo "not a cache" >"$file" ;;
  byte) cp whole "$file" && printf '\x55\xaa' | dd of="$file" bs=1 seek=80 conv=notrunc status=none ;;
  longer) { cat whole && echo "not a row"; } >"$file" ;;
  esac
  run "${command[@]}"
  same damaged_$damage "$(cat out)" "$(cat plain)"
  run classify -q --labels new-$damage p.png
  run "${command[@]}"
  same damaged_${damage}_mended "$(kept)" "28 of 28 "
done
rm "$file" && mkdir "$file"
run "${command[@]}"
same folder_in_its_place "$status $(cat out)" "0 $(cat plain)"
rmdir "$file"

# Killed at any time, and several at once.
labels=$(seq -s, 1 300)
run classify --no-cache --json --labels "$labels" p.png && cp out plain300
for wait in 0.02 0.05 0.1 0.15 0.2; do
  "$gaze" classify --json --labels "$labels" p.png >/dev/null 2>&1 &
  sleep $wait
  kill -9 $! 2>/dev/null
  wait $! 2>/dev/null
done
run classify --json --labels "$labels" p.png
same killed "$(cat out)" "$(cat plain300)"
rm -f "$texts"/*
for i in 1 2 3 4; do "$gaze" classify --json --labels "$labels" p.png >out$i 2>/dev/null & done
wait
for i in 1 2 3 4; do cmp -s out$i plain300 || fail at_once "call $i printed something else"; done
run classify -v --json --labels "$labels" p.png
same at_once_result "$(cat out)" "$(cat plain300)"
[[ $(kept) == *"of 300 " ]] && pass at_once || fail at_once "$(cat err)"
run classify -v --json --labels "$labels" p.png
same at_once_second "$(kept)" "300 of 300 "

# No home, no permission: no error.
HOME='' XDG_CACHE_HOME='' run "${command[@]}"
same no_home "$status $(cat out)" "0 $(cat plain)"
need_bound_user cache_permissions || return 0
chmod -R u-w,a+rX "$work/home" && chmod -R a+rX "$work"
bound_user "$gaze" "${command[@]}" >out 2>err </dev/null
status=$?
chmod -R u+w "$work/home"
same read_only "$status $(cat out)" "0 $(cat plain)"
grep -v '^gaze: .*\(kernels\|from the cache\|cut at\)' err | grep -q . && fail read_only_silent "$(cat err)" || pass read_only_silent
