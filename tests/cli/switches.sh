# Switches that change how something is done: of pictures, of the processor, of training, and the filters of a search.

make_model || return 0
start=$GAZE_MODEL

# vector NAME ARGUMENT...: the numbers of one picture or text, one a line, in the file NAME.
vector() {
  run embed --json "${@:2}"
  [ "$status" -eq 0 ] || fail "vector_$1" "$(cat err)"
  sed 's/.*"embedding": \[//; s/\].*//; s/, */\n/g' out >"$1"
}
# close NAME A B LEAST [BELOW]: the cosine of two of them is at least LEAST, and below BELOW.
close() {
  cosine=$(paste "$2" "$3" | awk '{ d += $1 * $2; a += $1 * $1; b += $2 * $2 } END { printf "%.7f", d / sqrt(a * b) }')
  awk -v c="$cosine" -v least="$4" -v below="${5:-2}" 'BEGIN { exit !(c >= least && c < below) }' && pass "$1" ||
    fail "$1" "cosine $cosine"
}
equal() { cmp -s "$2" "$3" && pass "$1" || fail "$1" "$(paste "$2" "$3" | head -3)"; }
unequal() { cmp -s "$2" "$3" && fail "$1" "the same numbers" || pass "$1"; }

"$make_file" photo upright.jpg 3 1 "2023:06:15 10:00:00" "Pixel 7"
"$make_file" photo turned.jpg 3 6 "2022:01:31 23:59:59" "Canon EOS R5"
vector upright upright.jpg
vector turned turned.jpg
vector unturned --no-orientation turned.jpg
unequal orientation upright turned
equal no_orientation upright unturned

head -c 3000 upright.jpg >cut.jpg
expect_error truncated 1 'ends early.*cut.jpg' embed --out x.npy cut.jpg
vector cut --allow-truncated cut.jpg
unequal allow_truncated cut upright
expect_error megapixels 1 'upright.jpg' embed --out x.npy --max-megapixels 0.2 upright.jpg
vector megapixels --max-megapixels 0.24 upright.jpg
equal megapixels_enough upright megapixels
vector fast --fast-decode upright.jpg
close fast_decode upright fast 0.99
expect_error picture_switch_elsewhere 2 'unknown option: --fast-decode' tokenize --fast-decode cat

for level in c avx2 avx512 vnni bf16 neon; do
  vector level --cpu $level upright.jpg
  close cpu_$level upright level 0.999999
done
run embed -v --json --cpu c upright.jpg
grep -q 'c kernels' err && pass cpu_said || fail cpu_said "$(cat err)"
vector half --precision bf16 upright.jpg
close precision_bf16 upright half 0.999
unequal precision_bf16_used upright half
vector text --text "a red square"
vector half --precision bf16 --text "a red square"
close precision_bf16_text text half 0.999

# train NAME ARGUMENT...: a run; its model is logs/NAME/model.
train() {
  run train clip -q --train-data set.csv --batch-size 2 --epochs 2 --warmup 1 --lr 1e-2 --log-every-n-steps 1 \
    --seed 3 --name "$1" "${@:2}"
  judge "train_$1" 0 "^logs/$1\$"
}
new=(--tokenizer words "${sizes[@]}")
weights() { echo "logs/$1/model/model.safetensors"; }
train plain "${new[@]}"
train half "${new[@]}" --precision bf16
unequal train_half_differs "$(weights plain)" "$(weights half)"
train checkpointed "${new[@]}" --grad-checkpointing
equal train_checkpointed_same "$(weights plain)" "$(weights checkpointed)"
train siglip "${new[@]}" --siglip
grep -aq logit_bias "$(weights siglip)" && ! grep -aq logit_bias "$(weights plain)" && pass train_siglip_bias ||
  fail train_siglip_bias "$(head -c 200 "$(weights siglip)")"
train accumulated "${new[@]}" --accum-freq 2
[ "$(grep -c '"loss"' logs/plain/metrics.jsonl)" -eq 4 ] && [ "$(grep -c '"loss"' logs/accumulated/metrics.jsonl)" -eq 2 ] &&
  pass train_accumulated_steps || fail train_accumulated_steps "$(cat logs/accumulated/metrics.jsonl)"
train lock_image -m "$start" --lock-image
train lock_text -m "$start" --lock-text
train unlocked -m "$start" --lock-image --lock-image-unlocked-groups 1
for model in lock_image lock_text unlocked; do
  vector $model.image -m logs/$model/model upright.jpg
  vector $model.text -m logs/$model/model --text "a red square"
done
equal lock_image_stays upright lock_image.image
unequal lock_image_text text lock_image.text
equal lock_text_stays text lock_text.text
unequal lock_text_image upright lock_text.image
unequal unlocked_image upright unlocked.image

# Filters.
mkdir photos
cp upright.jpg turned.jpg photos/
"$make_file" photo photos/old.jpg 4 1 "2021:12:31 12:00:00" "Canon EOS R5"
"$make_file" picture photos/nothing.png 5
run index -q --db f.db photos
# finds NAME "FILES" ARGUMENT...: the search gives these files, whatever their order.
finds() {
  run search --db f.db -f "${@:3}" cat
  [ "$(sed 's,.*/,,' out | sort | tr '\n' ' ')" = "$2" ] && pass "$1" || fail "$1" "$(cat out err)"
}
finds no_filter "nothing.png old.jpg turned.jpg upright.jpg "
finds camera "old.jpg turned.jpg " --camera canon
finds camera_part "upright.jpg " --camera "ixel 7"
finds camera_unknown "" --camera Leica
finds after_year "turned.jpg upright.jpg " --after 2022
finds after_day "upright.jpg " --after 2022-02-01
finds after_same_day "turned.jpg upright.jpg " --after 2022-01-31
finds before_year "old.jpg " --before 2021
finds before_month "old.jpg turned.jpg " --before 2022-01
finds before_day "old.jpg " --before 2022-01-30
finds between "turned.jpg " --after 2022 --before 2022
finds between_camera "" --after 2023 --camera Canon
finds filter_before_ranking "old.jpg " -t 1 --before 2021
