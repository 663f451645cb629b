# Conversations: lines from a script, what is kept in files and caches, and what is refused. The model is a tiny one of
# tests/golden with a tokenizer of letters.

cp -r "$source_root/tests/golden/data/llava/llava" eyes
cp "$here/letters.json" eyes/tokenizer.json
"$make_file" picture p.png 1
"$make_file" picture q.png 2
export GAZE_MODEL=eyes
talk=(chat --template plain -n 6 --json)

# lines NAME STATUS LINE...: a conversation of these lines; its answers are in the file out.
lines() {
  printf '%s\n' "${@:3}" >typed
  input=typed
  run "${talk[@]}"
  input=/dev/null
  judge "$1" "$2"
}
same() { [ "$2" = "$3" ] && pass "$1" || fail "$1" "$2, not $3"; }
told() { grep -Eq -- "$2" err && pass "$1" || fail "$1" "nothing of $2 in: $(head -c 300 err)"; }
# What an answer is, without its times.
answers() { sed -E 's/, "first_token_seconds.*//' out; }
last() { answers | tail -n 1; }
cached() { last | sed -E 's/.*"cached_tokens": ([0-9]+).*/\1/'; }

# A conversation that is kept goes on as if it had never ended, and nothing is read again.
lines unbroken 0 '/image p.png' 'is it red?' 'two of them'
unbroken=$(last)
lines keep 0 '/image p.png' 'is it red?' '/save kept'
lines go_on 0 '/load kept' 'two of them'
same go_on_equal "$(last)" "$unbroken"
[ "$(cached)" -gt 9 ] && pass go_on_cached || fail go_on_cached "$(last)"
run "${talk[@]}" --load kept
judge load_option 0
for kind in bf16 int8 f32; do
  talk+=(--cache-type $kind)
  lines unbroken_$kind 0 '/image p.png' 'is it red?' 'two of them'
  unbroken=$(last)
  lines keep_$kind 0 '/image p.png' 'is it red?' '/save kept.'$kind
  lines go_on_$kind 0 '/load kept.'$kind 'two of them'
  same go_on_equal_$kind "$(last)" "$unbroken"
done
talk=(chat --template plain -n 6 --json)

# A picture that waits for its question is kept, too; and all can be forgotten.
lines wait 0 'hello' '/image p.png' '/save waiting'
lines waited 0 '/load waiting' 'is it red?'
waited=$(last)
lines at_once 0 'hello' '/image p.png' 'is it red?'
same waited_equal "$waited" "$(last)"
lines anew 0 'is it red?'
anew=$(last | sed 's/"cached_tokens": [0-9]*//')
lines clear 0 '/load kept' '/clear' 'is it red?'
same clear_equal "$(last | sed 's/"cached_tokens": [0-9]*//')" "$anew"

# Errors inside of a conversation: it lives, and a script hears of it at the end.
head -c 900 kept >cut
echo 'not a conversation' >letter
cp kept flipped && printf '\x55\xaa' | dd of=flipped bs=1 seek=1000 conv=notrunc status=none
cp -r eyes other && sed -i 's/"transformers_version": "[^"]*"/"transformers_version": "0"/' other/config.json
lines refused 1 '/image letter' '/image nowhere.png' '/load cut' '/load letter' '/load flipped' '/load nowhere' \
  '/save letter' '/save no/folder/kept' '/save' '/imgae p.png' '/image p.png' 'is it red?'
same refused_all "$(grep -c '^gaze: ' err)" 10
told refused_suggests 'did you mean /image'
told refused_kind 'file of another kind is there: letter'
same refused_letter "$(cat letter)" 'not a conversation'
[ "$(last)" ] && pass refused_lives || fail refused_lives 'no answer'
[ -z "$(ls | grep tmp)" ] && pass refused_leftovers || fail refused_leftovers "$(ls)"
lines load_refused 1 '/image p.png' 'is it red?' '/load cut' 'two of them'
lines load_unharmed 0 '/image p.png' 'is it red?' 'two of them'
unbroken=$(last)
lines load_refused 1 '/image p.png' 'is it red?' '/load cut' 'two of them'
same load_unharmed_equal "$(last)" "$unbroken"
expect_error load_other_model 1 'another model: kept' chat --template plain --load kept -m other
expect_error load_other_cache 1 '--cache-type f16' chat --template plain --cache-type int8 --load kept
expect_error load_other_template 1 '--template plain' chat --template llava --load kept
expect_error load_too_long 1 'raise --context' chat --template plain --context 16 --load kept
expect_error words_refused 2 'gaze ask' chat hello
lines quit 0 'hello' '/quit' 'hello'
same quit_leaves "$(answers | wc -l)" 1
lines quoted 0 "/image 'p.png' " 'is it red?'

# Killed while it writes: the file is whole or absent.
printf '/load kept\n' >typed
for ((i = 0; i < 200; i++)); do echo '/save killed'; done >>typed
whole=0 damaged=0
for wait in 0.02 0.05 0.08 0.12 0.2 0.3; do
  "$gaze" "${talk[@]}" <typed >/dev/null 2>&1 &
  sleep $wait
  kill -9 $! 2>/dev/null
  wait $! 2>/dev/null
  [ -e killed ] || continue
  cmp -s killed kept && whole=$((whole + 1)) || damaged=$((damaged + 1))
done
same killed_damaged "$damaged" 0
[ $whole -gt 0 ] && pass killed_whole || skip killed_whole 'it was never so far'
touch killed.tmp1 # of a process that lives: it is still written
: >killed.tmp4194305 # no process has this number
lines killed_again 0 '/load kept' '/save killed'
same killed_leftovers "$(ls | grep '^killed' | sort | tr '\n' ' ')" 'killed killed.tmp1 '
rm -f killed*

# A full conversation ends and says so, or goes on without what was said first.
talk+=(--context 64 -n 20)
lines full 0 'is it red?' 'is it blue?' 'is it green?'
same full_ends "$(grep -c '"ending": "context"' out)" 1
lines slide_no_more 1 'is it red?' 'is it blue?' 'is it green?' 'two of them, or is it three of them?'
told full_says 'question too long: .*--slide'
talk+=(--slide)
lines slide 0 'is it red?' 'is it blue?' 'is it green?' 'two of them, or is it three of them?' 'is it over?'
same slide_goes_on "$(answers | grep -Ec '"ending": "(end|length)"')" 5
answers >slid
grep -q '"forgotten_messages": [2-9]' out && pass slide_counts || fail slide_counts "$(cat out)"
talk+=(--look-up)
lines slide_look_up 0 'is it red?' 'is it blue?' 'is it green?' 'two of them, or is it three of them?' 'is it over?'
same slide_look_up_equal "$(answers)" "$(cat slid)"
talk=(chat --template plain -n 6 --json)

# In a terminal: Ctrl-C once is answered, twice leaves.
wait_for() {
  for ((i = 0; i < 100; i++)); do
    [ "$(grep -ac -- "$1" terminal)" -ge 1 ] && return
    sleep 0.05
  done
}
type_slowly() {
  wait_for '/help lists'
  printf '\003'
  wait_for 'once more Ctrl-C'
  printf '\003'
  sleep 5
  printf '/quit\n'
}
if script -qec true /dev/null >/dev/null 2>&1; then
  : >terminal
  type_slowly | timeout 20 script -qefc "$gaze chat --template plain -m eyes" terminal >/dev/null 2>&1
  same ctrl_c_twice "$? $(grep -ac '/quit' terminal)" '130 0'
else
  skip ctrl_c_twice 'there is no script of util-linux, which makes a terminal'
fi

# --cache: neither looked at nor read again by another process; the answers are the same.
look=(ask --template plain -n 6 --json -v --image p.png)
run "${look[@]}" 'is it red?'
plain=$(last)
run "${look[@]}" --cache 'is it red?'
same cache_first "$(last)" "$plain"
told cache_first_looks 'looked at: p.png'
run "${look[@]}" --cache 'is it red?'
same cache_second "$(last | sed 's/"cached_tokens": [0-9]*/"cached_tokens": 0/')" "$plain"
grep -q 'looked at\|seen before' err && fail cache_second_reads "$(cat err)" || pass cache_second_reads
[ "$(cached)" -ge 9 ] && pass cache_second_cached || fail cache_second_cached "$(last)"
prefixes=$XDG_CACHE_HOME/gaze/prefixes
run "${look[@]}" --cache --system 'be kind' 'is it red?'
told cache_other_beginning 'seen before: p.png'
same cache_files "$(ls "$prefixes" | wc -l)" 2
run "${look[@]}" --cache --image q.png 'is it red?'
told cache_other_picture 'looked at: q.png'
for file in "$prefixes"/*; do printf '\x55\xaa' | dd of="$file" bs=1 seek=700 conv=notrunc status=none; done
run "${look[@]}" --cache 'is it red?'
same cache_damaged_prefix "$(last)" "$plain"
told cache_damaged_prefix_seen 'seen before: p.png'
rm -r "$prefixes"
echo 'no database' >"$XDG_CACHE_HOME/gaze/pictures.db"
run "${look[@]}" --cache 'is it red?'
same cache_damaged_rows "$(last)" "$plain"
rm -r "$prefixes"
run "${look[@]}" --cache 'is it red?'
told cache_mended 'seen before: p.png'
rm -r "$XDG_CACHE_HOME/gaze"
touch "$XDG_CACHE_HOME/gaze"
run "${look[@]}" --cache 'is it red?'
same cache_no_place "$status $(last)" "0 $plain"
rm "$XDG_CACHE_HOME/gaze"
