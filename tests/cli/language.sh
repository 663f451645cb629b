# Language models from the command line: a vocabulary, a tiny model, kill -9 at random moments, and an answer.

cat >texts.txt <<'TEXT'
the red square is here

the blue square is there, and the small one
is here

빨간 네모가 여기 있다
TEXT
printf '{"text":"a green square"}\n{"text":"no square"}\n{"txt":1}\n' >rows.jsonl
expect lm_tokenizer 0 '^words$' train tokenizer --kind lm --documents paragraphs --vocab-size 300 --min-frequency 1 \
  --out words texts.txt
expect lm_tokenize 0 '"<\|im_end\|>"' tokenize --json -m words 'red<|im_end|>'
expect_error lm_kind 2 'choose one of clip\|lm' train tokenizer --kind bert --out other texts.txt

tiny=(--layers 2 --dim 24 --heads 4 --kv-heads 2 --context 24 --batch-size 2)
recipe=(--tokenizer words --train-data texts.txt --warmup 2 --lr 4e-3 --threads 1 --log-every-n-steps 1 "${tiny[@]}")
expect_error lm_no_data 2 '--train-data' train lm --tokenizer words --out none
expect_error lm_no_out 2 '--out' train lm "${recipe[@]}"
expect_error lm_no_vocabulary 2 '--tokenizer.*--kind lm' train lm --train-data texts.txt --out none
expect_error llava_no_data 2 '--train-data' train llava --vision clip --language lm --out none
expect_error llava_no_model 2 '--vision.*--language' train llava --train-data texts.txt --out none
expect_error llava_two_models 2 'give one of them' train llava -m one --vision clip --language lm --train-data texts.txt --out none
expect_error lm_data_missing 1 'nowhere.txt' train lm "${recipe[@]}" --train-data nowhere.txt --out missing
expect_error lm_bad_rows 1 'more than 0 bad rows: rows.bad-rows.txt: .*--max-bad: the last: line 3 of rows.jsonl' train lm "${recipe[@]}" --train-data rows.jsonl --out rows
run train lm "${recipe[@]}" --train-data rows.jsonl --out rows --max-bad 1 --steps 2
judge lm_max_bad 0 '^rows$'
grep -q 'rows.jsonl: line 3: no "text"' rows/bad-rows.txt && pass lm_bad_named || fail lm_bad_named "$(cat rows/bad-rows.txt)"

run train lm "${recipe[@]}" --out first --steps 6 --val-data texts.txt --val-every 3 --prompt 'the red'
judge lm_train 0 '^first$'
grep -q 'step 3: perplexity .* bits a byte' err && grep -q '> the red' err && pass lm_said || fail lm_said "$(cat err)"
[ "$(grep -c '"perplexity"' first/metrics.jsonl)" -eq 2 ] && [ "$(grep -c '"tokens_per_second"' first/metrics.jsonl)" -eq 6 ] &&
  pass lm_metrics || fail lm_metrics "$(cat first/metrics.jsonl)"
expect lm_json 0 '^\{"model": "second"\}$' train lm --json -q "${recipe[@]}" --out second --steps 2
expect_error lm_twice 2 'there is a run already: first: .*--resume latest' train lm "${recipe[@]}" --out first
expect lm_info 0 'chatml' model info -m first
expect lm_ask 0 '' ask -m first --max-tokens 4 'red?'
expect lm_again 0 '^third$' train lm -m first --train-data texts.txt --out third --steps 1 --context 24 --batch-size 2 --threads 1

long=("${recipe[@]}" --steps 40 --save-every 1 -q)
"$gaze" train lm "${long[@]}" --out whole >/dev/null 2>&1
expect_killed lm whole 40 train lm "${long[@]}"
expect_full_disk lm whole train lm "${long[@]}"
expect_diverged lm train lm "${recipe[@]}" --save-every 1 -q

make_model || return
expect_error lm_not_language 1 'not a language model.*"clip"' train lm -m "$GAZE_MODEL" --train-data texts.txt --out fourth
