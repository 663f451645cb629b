# gaze make-instructions as a person types it.

"$make_file" picture photo.png 1
mkdir pictures
cp photo.png pictures/a.png
cp photo.png pictures/b.png
echo '{"captions":["A brown dog runs after a red ball .","a brown dog with a ball"],"objects":[["dog",0.6,0.5,0.3,0.3],["ball",0.1,0.6,0.1,0.1]]}' >pictures/a.json
echo 'two cats on a couch' >pictures/b.txt

expect instructions 0 '^records: [1-9]' make-instructions --out a.json pictures
expect instructions_json 0 '"pictures": 2, .*"bad": 0' make-instructions --json --out b.json pictures
if cmp -s a.json b.json; then pass instructions_same_seed; else fail instructions_same_seed "two files differ"; fi
if grep -q '"from":"human","value":"<image>\\n' a.json; then pass instructions_layout; else fail instructions_layout "$(head -c 300 a.json)"; fi
expect instructions_korean 0 '"korean": [1-9]' make-instructions --json --korean 1 --out k.json pictures
expect instructions_kinds 0 '"conversation": [1-9].*"detail": 0, "reasoning": 0' \
  make-instructions --json --kinds conversation --out c.json pictures
run make-instructions --image-folder copies --out d.json pictures
if cmp -s photo.png copies/a.png; then pass instructions_extracted; else fail instructions_extracted "$(cat err)"; fi

echo '{"captions":' >pictures/c.json
cp photo.png pictures/c.png
run make-instructions --out e.json pictures
judge instructions_bad_row 0 '^bad: 1$'
if grep -q 'bad row left out: e.json.bad.jsonl' err && grep -q '"id":"c"' e.json.bad.jsonl; then
  pass instructions_bad_named
else
  fail instructions_bad_named "$(cat err)"
fi
expect_error instructions_max_bad 1 'more than 0 bad rows: f.json.bad.jsonl' make-instructions --max-bad 0 --out f.json pictures
[ ! -e f.json ] && pass instructions_nothing_left || fail instructions_nothing_left "f.json was written"

expect_error instructions_no_data 2 'no data' make-instructions --out g.json
expect_error instructions_no_out 2 'no file to write' make-instructions pictures
expect_error instructions_kind 2 'unknown kind' make-instructions --kinds poems --out g.json pictures
expect_error instructions_no_model 2 'an endpoint is two things' \
  make-instructions --endpoint http://127.0.0.1:1 --out g.json pictures
expect_error instructions_nowhere 1 'cannot be asked|without network' \
  make-instructions --endpoint http://127.0.0.1:1 --endpoint-model m --tries 1 --out g.json pictures
expect_error instructions_missing 1 'none.tar' make-instructions --out g.json none.tar
