# Asking a language model: a small one that was trained to tell stories.

expect_error no_question 2 'no question' ask
expect_error two_questions 2 'more than one question: .*in quotes' ask one two
expect_error unknown_option 2 'did you mean --temperature\?' ask --temprature 1 hello
expect_error not_a_number 2 '--temperature warm' ask --temperature warm hello
expect_error top_p_out_of_range 2 '--top-p 2' ask --top-p 2 hello
expect_error context_too_small 2 '--context 3' ask --context 3 hello
if [ -f "$source_root/samples/models/gaze-mini-vqa/config.json" ]; then
  expect shipped_model_answers 0 '[a-z]' ask -n 8 "Is there a dog in the picture?"
  GAZE_MODEL=$source_root/samples/models/gaze-mini expect shipped_model_beside_another 0 '[a-z]' ask -n 8 "Is there a dog in the picture?"
else
  skip shipped_model_answers "the shipped model samples/models/gaze-mini-vqa is not there"
fi
expect_error no_such_model 1 'no-such' ask -m no-such-folder hello

shared=${GAZE_SHARED:-$source_root/../shared}
if [ ! -f "$shared/weights/stories260K.bin" ]; then
  skip ask "$shared/weights/stories260K.bin is not there"
  return 0
fi
"$(dirname "$make_file")/make_stories" "$shared/weights/stories260K.bin" "$shared/weights/tok512.bin" stories ||
  { fail make_stories "no folder was made"; return 0; }
export GAZE_MODEL=$work/stories
start="Once upon a time"
plain=(--template plain)

expect_error no_template 1 'chat template: .*--template: .*plain' ask "$start"
expect_error unknown_template 1 'chat template: nonsense: there are ' ask --template nonsense "$start"
expect story 0 'a little girl named Lily' ask "${plain[@]}" -n 40 "$start"
cp out story
"$make_file" picture p.png 1
expect_error no_eye 1 'does not see' ask "${plain[@]}" --image p.png "$start"

run ask "${plain[@]}" --json -n 12 "$start"
judge json 0 '"ending": "length"'
for field in answer prompt_tokens cached_tokens completion_tokens first_token_seconds seconds; do
  grep -q "\"$field\": " out && pass "json_$field" || fail "json_$field" "$(cat out)"
done
grep -q '"completion_tokens": 12,' out && pass max_tokens || fail max_tokens "$(cat out)"
run ask "${plain[@]}" -n 12 "$start"
grep -q 'cut at --max-tokens' err && pass cut_is_said || fail cut_is_said "$(cat err)"
run ask "${plain[@]}" --json -n 60 --stop Lily "$start"
judge stop 0 '"ending": "end"'
grep -q Lily out && fail stop_left_out "$(cat out)" || pass stop_left_out

echo "$start" | tr -d '\n' >question
input=question run ask "${plain[@]}" -n 40 -
cmp -s out story && pass from_standard_input || fail from_standard_input "$(cat out err)"
run ask "${plain[@]}" -n 40 --look-up "$start"
cmp -s out story && pass look_up_is_the_same || fail look_up_is_the_same "$(cat out err)"
expect look_up_counts 0 '"accepted_tokens": ' ask "${plain[@]}" --json --look-up -n 80 "$start"
run ask "${plain[@]}" -n 40 --cache-type f32 "$start"
cmp -s out story && pass cache_is_the_same || fail cache_is_the_same "$(cat out err)"

for seed in 7 7 8; do
  run ask "${plain[@]}" -n 40 --temperature 1 --seed $seed "$start"
  cat out >>drawn_$seed
done
[ "$(sort -u drawn_7 | wc -l)" -eq $(($(wc -l <drawn_7) / 2)) ] && pass same_seed || fail same_seed "$(cat drawn_7)"
cmp -s <(head -c 60 drawn_7) <(head -c 60 drawn_8) && fail other_seed "$(cat drawn_8)" || pass other_seed

run ask "${plain[@]}" --json --context 64 -n 0 "$start"
judge full 0 '"ending": "(context|end)"'
expect_error too_long 1 'question too long: .*--context' ask "${plain[@]}" --context 16 "$(printf 'the cat %.0s' {1..40})"

# The same as one file.
for kind in f32 f16 q8_0 q4_k; do
  expect "make_$kind" 0 "$kind.gguf" model quantize --to $kind stories $kind.gguf
done
run ask "${plain[@]}" -m f32.gguf -n 40 "$start"
cmp -s out story && pass file_tells_the_same || fail file_tells_the_same "$(cat out err)"
expect q8_0 0 'little girl' ask "${plain[@]}" -m q8_0.gguf -n 20 "$start"
for words in "$start" " two  spaces" "한글 🙂" "<s>not</s>"; do
  "$gaze" tokenize -m stories "$words" >ids 2>&1
  "$gaze" tokenize -m f32.gguf "$words" >ids_of_file 2>&1
  [ -s ids ] && cmp -s ids ids_of_file && pass "ids_$words" || fail "ids_$words" "$(cat ids ids_of_file)"
done
expect_error already_there 2 'there already' model quantize --to f16 stories f16.gguf
expect_error already_gguf 2 'already a GGUF' model quantize --to q8_0 f16.gguf again.gguf
expect_error name_of_a_file 2 'end in .gguf' model quantize --to q8_0 stories again
head -c 100000 q8_0.gguf >cut.gguf
expect_error cut_file 1 'cut.gguf' ask "${plain[@]}" -m cut.gguf "$start"
mkdir broken
cp stories/* broken
sed -i 's/"vocab_size": 512/"vocab_size": 500/' broken/config.json
expect_error sizes_that_lie 1 'embed_tokens' ask "${plain[@]}" -m broken "$start"
sed -i 's/"vocab_size": 500/"vocab_size": 512/; s/"num_hidden_layers": 5/"num_hidden_layers": 6/' broken/config.json
expect_error missing_layer 1 'missing tensor' ask "${plain[@]}" -m broken "$start"
expect info 0 '"family": "llama"' model info --json stories
grep -q '"context": 512' out && pass info_context || fail info_context "$(cat out)"

unset GAZE_MODEL
make_model || return 0
expect_error clip_as_file 2 'not a language model: .*int8 or bf16' model quantize --to q8_0 "$GAZE_MODEL" clip.gguf
