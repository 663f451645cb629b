# Questions about pictures, to models of a few kilobytes, and to what does not answer.
models=$source_root/tests/golden/data/assistants
picture=$models/pictures/wide.png

expect ask_json 0 '"answer": ".+", "ending": "length", "prompt_tokens": 41' \
  ask --json --max-tokens 4 -m "$models/llava" --image "$picture" "What is in the picture?"
expect ask_original 0 '.' ask -q --max-tokens 4 -m "$models/original" --image "$picture" "What?"
expect ask_pair 0 '.' ask -q --max-tokens 4 -m "$models/smolvlm-pair/model.gguf" --image "$picture" "What?"
input=$picture
expect ask_stdin 0 '.' ask -q --max-tokens 4 -m "$models/onevision" --image - --image "$picture" "What?"
input=/dev/null

# The pair of files that a folder becomes, alone in its folder and not; what it cannot hold is said.
mkdir made
run ask -q --max-tokens 12 -m "$models/onevision" --image "$picture" "What?"
mv out said
expect make_pair 0 'made/mmproj-seen-f16.gguf' model quantize --to f16 "$models/onevision" made/seen.gguf
grep -q "only gaze reads it from the GGUF: onevision's normal form" err && pass losses || fail losses "$(cat err)"
"$gaze" tokenize -m "$models/onevision" $'cafe\u0301' >ids
"$gaze" tokenize -m made/seen.gguf $'cafe\u0301' >ids_of_file
cmp -s ids ids_of_file && pass normal_form || fail normal_form "$(cat ids ids_of_file)"
expect make_pair_json 0 '"projector": "made/mmproj-f32-f32.gguf"' \
  model quantize --json --to f32 "$models/llava" made/f32.gguf
mv made/f32.gguf made/again.gguf
mv made/mmproj-f32-f32.gguf made/mmproj-f32-f16.gguf
expect_error projector_is_there 2 'there already: made/mmproj-f32-f16.gguf' \
  model quantize -q --to q8_0 "$models/llava" made/f32.gguf
[ ! -e made/f32.gguf ] && pass nothing_written || fail nothing_written "$(ls made)"
run ask --max-tokens 12 -m made/seen.gguf --image "$picture" "What?"
mv out said_by_pair
! grep -q 'two models' err && pass own_eye || fail own_eye "$(cat err)"
run ask --max-tokens 1 -m made/seen.gguf --projector "$models/pair/mmproj.gguf" --image "$picture" "What?"
! grep -q 'two models' err && pass unknown_eye || fail unknown_eye "$(cat err)"
run ask --max-tokens 1 -m made/seen.gguf --projector made/mmproj-f32-f16.gguf --image "$picture" "What?"
grep -q 'made of two models: .*seen.gguf and .*gaze.model' err && pass strange_eye || fail strange_eye "$(cat err)"
cmp -s said_by_pair said && pass pair_answers_alike || fail pair_answers_alike "$(cat said_by_pair)"

expect_error ask_picture_missing 1 'nowhere.png' ask -m "$models/llava" --image nowhere.png "What?"
echo "This is a text." >text.png
expect_error ask_picture_is_text 1 'not a picture: text.png' ask -m "$models/llava" --image text.png "What?"
head -c 200 "$picture" >cut.png
expect_error ask_picture_cut 1 'ends early: cut.png' ask -m "$models/llava" --image cut.png "What?"
expect_error ask_too_long 1 'question too long: .*--context' ask --context 16 -m "$models/llava" --image "$picture" "What?"

expect_error ask_of_clip 1 'compares and does not answer: .*quick' ask -m "$models/../clip/quick" "What?"
expect_error embed_of_llava 1 'gives no vectors: .*"llava".*gaze ask' embed --out x.npy -m "$models/llava" "$picture"
expect_error classify_of_smolvlm 1 'gives no vectors: .*"smolvlm".*gaze ask' \
  classify --labels cat,dog -m "$models/smolvlm" "$picture"

mkdir empty
expect_error ask_empty_folder 1 'no model in the folder: empty: config.json' ask -m empty "What?"
grep -q open_clip err && fail ask_empty_folder_alone "$(cat err)" || pass ask_empty_folder_alone
cp -r "$models/llava" no_processor
rm no_processor/preprocessor_config.json
expect_error no_processor 1 'not whole: no no_processor/preprocessor_config.json' ask -m no_processor "What?"
mkdir no_tower
cp "$models/original/"* no_tower 2>/dev/null
expect_error no_tower 1 'image encoder not found: .*someone/vision-tower' ask -m no_tower "What?"
expect_error eye_of_another 1 'eye of another model: .* 16 .* 24' \
  ask -m "$models/pair/model.gguf" --projector "$models/../llava/next.gguf" --template vicuna-v1 "What?"
expect_error no_template 1 'no chat template: .*--template' ask -m "$models/pair/model.gguf" "What?"
