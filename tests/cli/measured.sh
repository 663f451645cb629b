# Measuring a model: sets that are not whole, and files that are no sets.

make_model || return 0

mkdir set
for seed in 1 2 3 4 5 6 7 8; do
  "$make_file" picture set/s$seed.png $seed
  printf '{"class": "n%s", "captions": ["picture number %s"]}' $((seed % 2)) $seed >set/s$seed.json
done
pack() { tar cf "$1" -C set --sort=name .; }
pack whole.tar
printf 'n0\teven\nn1\todd\n' >labels.tsv
classes=(eval classification --labels-file labels.tsv)

expect whole_json 0 '"samples": 8.*"failed": \[\]' eval retrieval --json --data whole.tar
expect whole_strict 0 '"samples": 8' eval retrieval --strict --json --data whole.tar
run eval retrieval --data whole.tar
judge whole_text 0 '^captions +8$'
grep -q '^failed' out && fail whole_none_failed "$(cat out)" || pass whole_none_failed

echo "no picture at all" >set/s3.png
printf '{"class": "n1", ' >set/s5.json
pack broken.tar
rm set/s[35].*
pack good.tar
metrics() { sed 's/.*"metrics": //; s/, "failed.*//' out; }
for task in retrieval classification; do
  command=(eval retrieval)
  [ $task = retrieval ] || command=("${classes[@]}")
  run "${command[@]}" --json --data good.tar
  metrics >expected
  run "${command[@]}" --json --data broken.tar
  judge broken_$task 0 '"failed": \[\{"path": "broken.tar", "key": "./s5", "error": ".*s5.*\}, \{"path": .*"not a picture: ./s3'
  metrics | cmp -s - expected && pass broken_${task}_figures || fail broken_${task}_figures "$(cat out expected)"
  [ "$(grep -c '^gaze: sample left out: broken.tar: .*s[35]' err)" -eq 2 ] && [ "$(wc -l <err)" -eq 2 ] &&
    pass broken_${task}_named || fail broken_${task}_named "$(cat err)"
  expect broken_${task}_strict 1 '"samples": 6' "${command[@]}" --strict --json --data broken.tar
done
expect broken_text 0 '^failed +2$' eval retrieval --data broken.tar
rm set/*
for seed in 1 2; do
  echo "no picture" >set/b$seed.png
  echo '{"class": "n1", "captions": ["a"]}' >set/b$seed.json
done
pack none.tar
expect_error all_bad 1 'all 2 samples failed: none.tar: the first: not a picture' eval retrieval --data none.tar
echo '{' | tee set/b1.json >set/b2.json
pack none.tar
expect_error all_bad_json 1 'all 2 samples failed: none.tar' "${classes[@]}" --data none.tar

# A measure in training goes on as well.
recipe=(-q --tokenizer words --train-data whole.tar "${sizes[@]}" --batch-size 4 --epochs 1)
expect train_measures 0 '^logs/measured$' train clip "${recipe[@]}" --name measured --val-data broken.tar
grep -q '"samples":6' logs/measured/metrics.jsonl && pass train_measures_good || fail train_measures_good "$(cat logs/measured/metrics.jsonl)"

# Texts too long for the model: a line a command, whatever their number.
long=$(printf 'long %.0s' {1..40})
for seed in 1 2 3 4; do
  "$make_file" picture set/l$seed.png $seed
  printf '{"class": "n%s", "captions": ["%s %s"]}' $((seed % 2)) "$long" $seed >set/l$seed.json
done
rm set/b*
pack long.tar
one_line() {
  [ "$(grep -c 'cut at 16 tokens' err)" -eq 1 ] && grep -Eq "$2" err && pass "$1" || fail "$1" "$(cat err)"
}
run eval retrieval --data long.tar
one_line cut_retrieval '^gaze: 4 of 4 texts cut at 16 tokens: the first: long'
run "${classes[@]}" --data long.tar --template "{} $long" --template "a {} $long"
one_line cut_classification '^gaze: 4 of 4 texts cut'
for ((i = 0; i < 200; i++)); do echo "$long $i"; done >many.txt
run embed --out x.npy --text-file many.txt
one_line cut_embed 'texts cut at 16 tokens'
run embed --out x.npy --text "$long"
one_line cut_alone '^gaze: text cut at 16 tokens: long long'
run embed -q --out x.npy --text "$long"
[ ! -s err ] && pass cut_quiet || fail cut_quiet "$(cat err)"
run train clip "${recipe[@]:1}" --epochs 2 --name cut --val-data long.tar
[ "$(grep -c '4 of 4 texts cut at 16' err)" -eq 3 ] && pass cut_training || fail cut_training "$(cat err)"

echo "# gaze" >text.md
expect_error eval_text 1 'no set of samples: text.md: name a WebDataset tar' "${classes[@]}" --data text.md
expect_error eval_binary 1 'no set of samples: .*model.safetensors: name a WebDataset tar' eval retrieval \
  --data "$GAZE_MODEL/model.safetensors"
expect eval_table 0 '"samples": 4' eval retrieval --json --data set.csv
