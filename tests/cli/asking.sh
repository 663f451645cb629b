# Models that answer: ask --search, compare, --think; with a tiny model that sees and knows letters alone, and one that
# does not see.

tiny=$source_root/tests/golden/data/llava/llava
if [ ! -f "$tiny/model.safetensors" ]; then
  skip asking "tests/golden/data/llava is not there"
  return 0
fi
mkdir tiny
cp "$tiny"/* tiny/
letters='▁ a b c d e f g h i j k l m n o p q r s t u v w x y z . , : ? A B C D E F G H I J K L M N O P Q R S T U V W X Y'
{
  printf '{"added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"<s>","special":true},'
  printf '{"id":2,"content":"</s>","special":true},{"id":60,"content":"<image>","special":true}],'
  printf '"normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"},"pre_tokenizer":null,"post_processor":null,'
  printf '"decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"Fuse"}]},'
  printf '"model":{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":false,"merges":[],"vocab":{"<unk>":0,"<s>":1,"</s>":2'
  id=3
  for letter in $letters; do
    printf ',"%s":%d' "$letter" $id
    id=$((id + 1))
  done
  while [ $id -lt 60 ]; do
    printf ',"unused%d":%d' $id $id
    id=$((id + 1))
  done
  printf '}}}'
} >tiny/tokenizer.json
see=(-m tiny --template vicuna-v1 -n 12)

# A model without eyes.
mkdir blind
cp "$source_root/tests/golden/data/decoders/llama/"* blind/
cp tiny/tokenizer.json blind/

expect ask_picture 0 . ask "${see[@]}" --image "$source_root/samples/pictures/coffee-cup.png" "What do you see?"
input=$source_root/samples/pictures/coffee-cup.png
expect ask_standard_input 0 . ask "${see[@]}" --image - "What do you see?"
expect compare_standard_input 0 '"answer".*"answer"' compare --json -m tiny "${see[@]}" --image - "What do you see?"
input=/dev/null

# Several models.
expect compare 0 '^[0-9.]+ s	[0-9]+	[0-9.]+	[0-9]+ MB	tiny$' compare -m tiny "${see[@]}" "What is it?"
expect compare_one_fails 0 '^\[\{"answer".*"peak_bytes".*\{"model": "missing", "error": ' compare --json "${see[@]}" -m missing "What is it?"
expect compare_blind 0 '"error": "a model that does not see' compare --json "${see[@]}" -m blind -i "$source_root/samples/pictures/coffee-cup.png" "What is it?"
run compare -m missing -m absent "What is it?"
[ "$status" -eq 1 ] && [ "$(wc -l <err)" -eq 2 ] && pass compare_all_fail || fail compare_all_fail "$status: $(cat err)"
run ask "${see[@]}" --json "What is it?"
alone=$(sed 's/.*"answer": \("[^"]*"\).*/\1/' out)
run compare -m tiny "${see[@]}" --json "What is it?"
[ "$(grep -oF "\"answer\": $alone" out | wc -l)" -eq 2 ] && pass compare_is_ask || fail compare_is_ask "$alone: $(cat out)"
expect compare_before 0 '^\[\{.*\}, \{.*\}\]$' -m tiny compare --json "${see[@]}" "What is it?"
expect_error compare_nothing 2 'each with -m' compare "What is it?"
expect_error compare_one 2 'nothing to compare: tiny' compare -m tiny "What is it?"
expect_error compare_no_question 2 'no question: gaze compare' compare -m tiny -m tiny
run help compare
[ "$(grep -c -- '-m, --model' out)" -eq 1 ] && pass compare_help || fail compare_help "$(grep -- --model out)"

# Thoughts.
expect think 0 '"answer"' ask "${see[@]}" --think --json "What is it?"
count() { sed 's/.*"prompt_tokens": \([0-9]*\).*/\1/' out; }
run ask "${see[@]}" --json "What is it?"
told=$(count)
run ask "${see[@]}" --think --json "What is it?"
[ "$(count)" -gt "$told" ] && pass think_is_told || fail think_is_told "$told tokens, $(count) with --think"

# One that thinks by itself: it is kept from it by what stands in front of the answer.
mkdir thinker
cp "$source_root/tests/golden/data/decoders/qwen3/"* thinker/
cp tiny/tokenizer.json thinker/
run ask -m thinker --template qwen3 --json -n 4 "A?"
at_once=$(count)
run ask -m thinker --template qwen3 --json -n 4 --think "A?"
[ "$at_once" -gt "$(count)" ] && pass think_by_itself || fail think_by_itself "$at_once tokens, $(count) with --think"
printf 'A?\nB?\n' >lines
input=lines
expect think_chat 0 . chat -m thinker --template qwen3 --think -n 4
input=/dev/null

expect_error ask_no_question 2 'no question: gaze ask' ask -m tiny
expect_error ask_two_questions 2 'more than one question: b' ask -m tiny a b
expect_error search_and_picture 2 '--image and --search' ask -m tiny --search bus -i a.png "What?"
expect_error search_options_alone 2 'nothing to search for' ask -m tiny --top 3 "What?"
expect_error search_empty 2 'no query' ask -m tiny --search "" "What?"

# Photos that are searched for.
if [ ! -f "$source_root/samples/models/gaze-mini/config.json" ]; then
  skip ask_search "the shipped model samples/models/gaze-mini is not there"
  return 0
fi
mini=$source_root/samples/models/gaze-mini
mkdir photos
cp "$source_root/samples/pictures/"{blue-bus-on-the-road,night-city,coffee-cup,winter-trees}.png photos/
"$gaze" index -q -m "$mini" --db seen.db photos >/dev/null
find=(ask "${see[@]}" --db seen.db --search "a blue bus")
run "${find[@]}" -t 2 "What colour?"
judge search 0 "^0\.[0-9]+	$work/photos/blue-bus-on-the-road.png$"
[ "$(grep -c "photos/" out)" -eq 2 ] && pass search_top || fail search_top "$(cat out)"
run "${find[@]}" --json "What colour?"
judge search_json 0 '"answer": ".*"photos": \[\{"path": ".*/blue-bus-on-the-road.png", "score": 0\.[0-9]+, "answer": ".*"failed": \[\]'
[ "$(grep -o '"path"' out | wc -l)" -eq 4 ] && pass search_usual || fail search_usual "$(cat out)"
expect search_model 0 'blue-bus' "${find[@]}" --search-model "$mini" "What colour?"
expect_error search_nothing 3 'nothing found: a blue bus' "${find[@]}" --min-score 0.99 "What colour?"
expect_error search_no_index 1 'missing.db' ask "${see[@]}" --db missing.db --search bus "What?"
expect_error search_blind 1 'does not see: blind: --search' ask -m blind --template plain --db missing.db --search bus "What?"

printf 'no picture' >photos/night-city.png
run "${find[@]}" --json "What colour?"
judge search_broken 0 '"failed": \[\{"path": ".*/night-city.png", "error": '
grep -q '^gaze: .*night-city.png' err && pass search_broken_named || fail search_broken_named "$(cat err)"
rm photos/*.png
expect_error search_all_gone 1 'blue-bus' "${find[@]}" -t 1 "What colour?"
