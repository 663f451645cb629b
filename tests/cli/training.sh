# Training from the command line, as small as can be.

cat >captions.txt <<'TEXT'
a red square
a blue square beside a red one
a green picture
빨간 네모
TEXT
expect train_tokenizer 0 '^words$' train tokenizer --vocab-size 560 --min-frequency 1 --out words captions.txt
[ -s words/tokenizer.json ] && pass tokenizer_file || fail tokenizer_file "no words/tokenizer.json"
expect_error train_no_tokenizer 2 '--tokenizer' train clip --train-data set.csv

printf 'filepath\ttitle\n' >set.csv
for seed in 1 2 3 4 5 6 7 8; do
  "$make_file" picture p$seed.png $seed
  printf 'p%s.png\ta picture of number %s\n' $seed $seed >>set.csv
done
recipe=(--tokenizer words --train-data set.csv --batch-size 4 --epochs 2 --warmup 1 --log-every-n-steps 1 --logs runs)
expect_error train_data_missing 1 'nowhere.tar' train clip "${recipe[@]}" --train-data nowhere.tar
expect_error train_sizes 1 'multiple|heads|width' train clip "${recipe[@]}" "${sizes[@]}" --width 33
expect train_clip 0 '^runs/first$' train clip "${recipe[@]}" "${sizes[@]}" --name first
[ -s runs/first/model/config.json ] && [ -s runs/first/model/model.safetensors ] &&
  pass train_model || fail train_model "$(find runs)"
[ "$(grep -c '"loss"' runs/first/metrics.jsonl)" -eq 4 ] && pass train_metrics ||
  fail train_metrics "$(cat runs/first/metrics.jsonl)"
[ -s runs/first/report.html ] && pass train_report || fail train_report "no report.html"
expect train_embed 0 '"embedding"' embed -m runs/first/model --json p1.png --text "a red square"
sed '1s/.*/photo\tcaption/' set.csv >named.csv
expect train_val_columns 0 '^runs/named$' train clip "${recipe[@]/set.csv/named.csv}" "${sizes[@]}" --name named \
  --csv-img-key photo --csv-caption-key caption --val-data named.csv
grep -q '"image_retrieval_recall@1"' runs/named/metrics.jsonl && pass train_val_measured ||
  fail train_val_measured "$(cat runs/named/metrics.jsonl)"
expect_error train_twice 2 'there is a run already: runs/first: .*--resume latest' train clip "${recipe[@]}" "${sizes[@]}" --name first
expect_error train_distill_missing 1 'no such model: nowhere' train clip "${recipe[@]}" "${sizes[@]}" --distill-model nowhere
expect_error train_distill_words 1 'no config.json.*: words' train clip "${recipe[@]}" "${sizes[@]}" --distill-model words
expect train_distill 0 '^runs/third$' train clip "${recipe[@]}" "${sizes[@]}" --name third --lock-image \
  --lock-image-unlocked-groups 1 --distill-model runs/first/model
grep -Eq '"distill_loss":[0-9.]*[1-9]' runs/third/metrics.jsonl && pass train_distill_loss ||
  fail train_distill_loss "$(cat runs/third/metrics.jsonl)"
run train clip "${recipe[@]}" "${sizes[@]}" --name second --stop-after 2
expect train_resume 0 '^runs/second$' train clip "${recipe[@]}" "${sizes[@]}" --name second --resume latest
cmp -s runs/first/model/model.safetensors runs/second/model/model.safetensors && pass train_resume_same ||
  fail train_resume_same "a resumed run gives another model"
head -8 set.csv >fewer.csv
run train clip "${recipe[@]}" "${sizes[@]}" --name second --resume latest --epochs 3 --train-data fewer.csv
judge train_other_data 0 '^runs/second$'
grep -q '^gaze: other training data than the checkpoint.s: .*step-00000004' err && pass train_other_data_warning ||
  fail train_other_data_warning "$(cat err)"
