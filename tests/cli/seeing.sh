# gaze train llava as a person types it: rows that are no good, a full disk, a rate that is too high, and kill -9 at
# random moments.
"$make_file" picture red.png 1
"$make_file" picture blue.png 2
printf 'a picture of a red square\nwhat is it?\na red square\na blue square\nhello\n' >texts.txt
"$gaze" train tokenizer --kind lm --vocab-size 300 --min-frequency 1 --out words texts.txt >/dev/null
run train lm -q --tokenizer words --train-data texts.txt --layers 1 --dim 24 --heads 2 --context 64 --batch-size 1 \
  --steps 1 --threads 1 --out lm
judge llava_language 0 '^lm$'

says() { # id picture question answer
  printf '{"id":"%s","image":"%s","conversations":[{"from":"human","value":"<image>\\n%s"},{"from":"gpt","value":"%s"}]}\n' "$@"
}
{
  says one red.png 'what is it?' 'a red square'
  says two blue.png 'what is it?' 'a blue square'
  printf '{"id":"three","conversations":[{"from":"human","value":"hi"},{"from":"gpt","value":"hello"}]}\n'
} >talk.jsonl
cp talk.jsonl bad.jsonl
{
  says gone nowhere.png 'what is it?' 'a red square'
  says noise texts.txt 'what is it?' 'a red square'
  says long red.png 'what is it? what is it? what is it? what is it? what is it?' "$(yes 'a red square' | head -12 | tr '\n' ' ')"
  printf '{"id":"silent","image":"red.png","conversations":[{"from":"human","value":"what is it?"}]}\n'
  printf '{"id":"broken","image":\n'
} >>bad.jsonl

clip=$source_root/tests/golden/data/clip/quick
recipe=(--stage 2 --vision "$clip" --language lm --warmup 2 --lr 4e-3 --projector-lr 4e-3 --batch-size 1 --threads 1
  --log-every-n-steps 1 --save-every 1)
run train llava "${recipe[@]}" --train-data bad.jsonl --max-bad 5 --steps 1 --out rows
judge llava_bad_rows 0 '^rows$'
grep -q '^gaze: 5 bad rows are left out: rows/bad-rows.txt names them' err && pass llava_bad_counted ||
  fail llava_bad_counted "$(cat err)"
for row in 'gone: file not found' 'noise: ' 'long: too long: .* tokens, --context is 64' 'silent: ' 'line 8: not valid JSON'; do
  grep -q "^bad.jsonl: $row" rows/bad-rows.txt && pass "llava_bad_${row%%:*}" ||
    fail "llava_bad_${row%%:*}" "$(cat rows/bad-rows.txt)"
done
expect_error llava_max_bad 1 'more than 4 bad rows: fewer/bad-rows.txt: .*--max-bad: the last: ' \
  train llava "${recipe[@]}" --train-data bad.jsonl --max-bad 4 --steps 1 --out fewer
[ ! -e fewer/model.safetensors ] && pass llava_max_bad_stops || fail llava_max_bad_stops "$(ls fewer)"

# Two tars with a picture of the same name: fine where it is the same picture.
mkdir -p apart one other
says one a.png 'what is it?' 'a red square' >apart/talk.jsonl
cp red.png one/a.png
cp blue.png other/a.png
tar -cf one.tar -C one a.png
tar -cf same.tar -C one a.png
tar -cf other.tar -C other a.png
run train llava "${recipe[@]}" -q --train-data apart/talk.jsonl --image-data one.tar::same.tar --steps 1 --out once
judge llava_same_name 0 '^once$'
expect_error llava_two_pictures 1 'several pictures are called a.png' \
  train llava "${recipe[@]}" -q --train-data apart/talk.jsonl --image-data one.tar::other.tar --steps 1 --out twice

long=("${recipe[@]}" --train-data talk.jsonl --steps 30 -q)
run train llava "${long[@]}" --out whole
judge llava_whole 0 '^whole$'
expect_killed llava whole 30 train llava "${long[@]}"
expect_full_disk llava whole train llava "${long[@]}"
expect_diverged llava train llava "${recipe[@]}" --train-data talk.jsonl -q
