# gaze eval vqa and captioning, with a model of a few kilobytes that answers by chance.
tiny=$source_root/tests/golden/data/assistants/llava
blind=blind.gguf # without what sees beside it
cp "$source_root/tests/golden/data/assistants/pair/model.gguf" $blind
mkdir set photos
for seed in 1 2 3 4; do
  "$make_file" picture set/s$seed.png $seed
  cp set/s$seed.png photos/
  printf '{"qa": [["what is it?", "a bus"], ["is there a dog?", "%s"]], "captions": ["picture %s", "a bus"]}' \
    "$([ $((seed % 2)) -eq 0 ] && echo yes || echo no)" $seed >set/s$seed.json
done
tar cf set.tar -C set --sort=name .
vqa=(eval vqa -m "$tiny" -n 3)
captioning=(eval captioning -m "$tiny" -n 6)

run "${vqa[@]}" --data set.tar
judge vqa 0 '^exact_match +0\.[0-9]{4}$'
for line in 'yes_ratio +[01]\.' 'yes_no_precision +' 'yes_no_recall +' 'yes_no_f1 +' 'questions +8$' 'exact_match: yes/no +0\..* of 4$' \
  'exact_match: is there +0\..* of 4$' 'exact_match: what is +'; do
  grep -Eq "^$line" out || fail vqa_lines "no $line: $(cat out)"
done
expect vqa_json 0 '^\{"dataset": "set.tar", "model": ".*llava", "task": "vqa", "metrics": \{"exact_match": 0\.[0-9]+, .*"failed": \[\], "pictures": "shown", "answer_types": .*"question_types": ' \
  "${vqa[@]}" --json --data set.tar
expect captioning 0 '^CIDEr +0\.[0-9]{4}$' "${captioning[@]}" --data set.tar
expect captioning_json 0 '"task": "captioning", "metrics": \{"Bleu_1": .*"Bleu_4": .*"ROUGE_L": .*"CIDEr": .*"captions": 4\}' \
  "${captioning[@]}" --json --data set.tar

# What is right is counted so: answers of a run become its truths.
run "${vqa[@]}" -q --data set.tar --out answers.jsonl
[ "$(wc -l <answers.jsonl)" -eq 8 ] && pass vqa_out || fail vqa_out "$(cat answers.jsonl)"
sed -E 's/.*"key": "\.\/(s[0-9])".*"question": ("[^"]*"), "answer": ("(\\.|[^"\\])*").*/{"image": "\1.png", "question": \2, "answer": \3}/' \
  answers.jsonl >own.jsonl
expect own_answers 0 '^exact_match +1\.0000$' "${vqa[@]}" --data own.jsonl --images photos
expect own_known 0 '^look_up_exact_match +0\.[0-9]+$' "${vqa[@]}" --data own.jsonl --images photos --known set.tar
sed -E 's/"question": "[^"]*", "answer": (.*)\}/"captions": [\1]}/' own.jsonl >captions.jsonl
grep -q captions captions.jsonl && pass own_captions_made || fail own_captions_made "$(cat captions.jsonl)"
expect captions_jsonl 0 '^captions +8$' "${captioning[@]}" --data captions.jsonl --images photos
printf 'filepath,question,answer\nphotos/s1.png,what is it?,a bus\n' >table.csv
expect vqa_table 0 '^questions +1$' "${vqa[@]}" --data table.csv
printf '[{"id": "a", "image": "s2.png", "conversations": [{"from": "human", "value": "<image>\\nWhat?"}, {"from": "gpt", "value": "A bus"}]}]' >llava.json
expect vqa_llava 0 '^questions +1$' "${vqa[@]}" --data llava.json --images photos
expect captioning_llava 0 '^captions +1$' "${captioning[@]}" --data llava.json --images photos

# The blind twins, and what is asked.
run "${vqa[@]}" --json --no-image --data set.tar --out none.jsonl
judge no_image 0 '"pictures": "withheld"'
[ "$(grep -c '"picture": null' none.jsonl)" -eq 8 ] && pass no_image_shown || fail no_image_shown "$(cat none.jsonl)"
run "${vqa[@]}" --json --shuffle-images --seed 3 --data set.tar --out shuffled.jsonl
judge shuffled 0 '"pictures": "shuffled"'
grep -Eq '"key": "(\./s[0-9])", "picture": "\1"' shuffled.jsonl && fail shuffled_shown "$(cat shuffled.jsonl)" || pass shuffled_shown
run "${vqa[@]}" -q --shuffle-images --seed 3 --data set.tar --out again.jsonl
cmp -s shuffled.jsonl again.jsonl && pass shuffled_again || fail shuffled_again "$(cat again.jsonl)"
cut -d, -f4- none.jsonl >a && cut -d, -f4- answers.jsonl >b
cmp -s a b && fail pictures_matter "the answers are the same without pictures" || pass pictures_matter
run "${vqa[@]}" -q --short --limit 1 --data set.tar --out short.jsonl
grep -q '"question": "what is it?\\nAnswer the question using a single word or phrase."' short.jsonl && pass short ||
  fail short "$(cat short.jsonl)"
run "${vqa[@]}" -q --prompt 'Q: {} A:' --limit 1 --data set.tar --out prompt.jsonl
grep -q '"question": "Q: what is it? A:"' prompt.jsonl && pass prompt || fail prompt "$(cat prompt.jsonl)"
expect_error blind_model 1 'does not see: .*--no-image' eval vqa -m "$blind" --template vicuna-v1 --data set.tar
expect blind_twin 0 '^questions +8$' eval vqa -n 3 -m "$blind" --template vicuna-v1 --no-image --data set.tar

# A run that was cut goes on, and gives the same.
"$gaze" "${vqa[@]}" --json --data set.tar >whole 2>err
head -n 3 answers.jsonl >cut.jsonl
sed -n 4p answers.jsonl | head -c 30 >>cut.jsonl
run "${vqa[@]}" --json --resume --data set.tar --out cut.jsonl
cmp -s whole out && cmp -s answers.jsonl cut.jsonl && pass resumed || fail resumed "$(cat out cut.jsonl)"
expect_error resumed_other 1 'predictions of another run: line 1 of cut.jsonl' "${vqa[@]}" --resume --no-image --data set.tar --out cut.jsonl
expect_error resume_nothing 2 'nothing to resume' "${vqa[@]}" --resume --data set.tar

# Bad rows.
echo "no picture" >set/s2.png
echo '{"qa": [["what?", "' >set/s3.json
echo '{"qa": [["what is it?", "a bus"], ["why?", []]]}' >set/s4.json
tar cf broken.tar -C set --sort=name .
run "${vqa[@]}" --data broken.tar
judge broken 0 '^failed +3$'
for line in 's2: the bytes\|not a picture: ./s2' 's3' 'no answer is known: ./s4: why?'; do
  grep -q "^gaze: sample left out: broken.tar: .*\($line\)" err || fail broken_named "no $line: $(cat err)"
done
expect broken_json 0 '"questions": 3\}, "failed": \[\{"path": "broken.tar", "key": ' "${vqa[@]}" --json --data broken.tar
expect broken_strict 1 '^failed +3$' "${vqa[@]}" --strict --data broken.tar
expect_error broken_most 1 '^gaze: 3 bad rows: broken.tar: .*--max-bad: the last: not a picture' "${vqa[@]}" --max-bad 2 --data broken.tar
expect_error broken_early 1 '^gaze: 2 bad rows: broken.tar: .*--max-bad' "${vqa[@]}" --max-bad 0 --data broken.tar
printf '{"image": "nowhere.png", "question": "what?", "answer": "a"}\n' >nowhere.jsonl
expect_error all_bad 1 'all 1 samples failed: nowhere.jsonl: the first: .*nowhere.png' "${vqa[@]}" --data nowhere.jsonl
expect_error no_questions 1 'no questions: captions.jsonl' "${vqa[@]}" --data captions.jsonl --images photos
echo '{"image": "s1.png"}' >bare.jsonl
expect_error no_captions 1 'no captions: bare.jsonl' "${captioning[@]}" --data bare.jsonl --images photos

expect_error no_data 2 'no data: gaze eval vqa' "${vqa[@]}"
expect_error two_blinds 2 'one after the other' "${vqa[@]}" --no-image --shuffle-images --data set.tar
expect_error two_prompts 2 'write the request into --prompt' "${vqa[@]}" --short --prompt '{}' --data set.tar
expect_error prompt_without_hole 2 'no place for the question' "${vqa[@]}" --prompt 'What?' --data set.tar
expect_error one_picture 1 'a single picture' "${vqa[@]}" --shuffle-images --data table.csv
expect_error eval_of_clip 1 'compares and does not answer' eval vqa -m "$source_root/tests/golden/data/clip/quick" --data set.tar
