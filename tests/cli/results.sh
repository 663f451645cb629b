# What the commands print when all is well.

make_model || return 0

mkdir -p photos/deep "photos/사진"
for seed in 1 2 3 4; do "$make_file" picture photos/p$seed.png $seed; done
"$make_file" picture photos/deep/p5.png 5
"$make_file" picture photos/사진/고양이.png 6
"$make_file" picture $'photos/two\nlines.png' 7

expect classify_text 0 $'^[01]\\.[0-9]{3}\t(cat|dog)\tphotos/p1.png$' classify --labels cat,dog photos/p1.png
[ "$(head -1 out)" = $'score\tlabel\tfilepath' ] && pass classify_header || fail classify_header "$(head -1 out)"
expect classify_json 0 \
  '^\[\{"path": "photos/p1.png", "results": \[\{"label": "(cat|dog)", "score": [0-9.e-]+\}, \{.*\}\]\}\]$' \
  classify --json --labels "cat|kitten,dog" photos/p1.png
expect classify_top 0 '"results": \[\{[^}]*\}\]' classify --json --top 1 --labels cat,dog,bus photos/p1.png
printf 'n01\tcat|kitten\r\n\nn02\tdog\n' >labels.tsv
expect classify_labels_file 0 '"label": "cat"' classify --json --labels-file labels.tsv photos/p1.png
grep -q '"label": "dog"' out && pass classify_labels_all || fail classify_labels_all "$(cat out)"
printf '# sentences\n\na drawing of a {}.\n{} 그림\n' >templates
expect classify_templates_file 0 '"label": "cat"' classify --json --labels cat,dog --templates-file templates photos/p1.png
run classify --json --labels cat,dog,bus photos/p1.png
grep -oE '"score": [0-9.e-]+' out | awk '{ sum += $2; if (NR > 1 && $2 > last) bad = 1; last = $2 }
  END { exit !(NR == 3 && !bad && sum > 0.9999 && sum < 1.0001) }' &&
  pass classify_probabilities || fail classify_probabilities "$(cat out)"

expect embed_json 0 '^\[\{"path": "photos/p1.png", "embedding": \[.*\]\}, \{"text": "a cat", "embedding": ' \
  embed --json --text "a cat" photos/p1.png
grep -oE '"embedding": \[[^]]*' out | tr -d 'a-z":[ ' | awk -F, '{
  sum = 0; for (i = 1; i <= NF; i++) sum += $i * $i; if (sum < 0.9999 || sum > 1.0001) exit 1 }' &&
  pass embed_unit || fail embed_unit "vectors are not of length 1"
dim=$(grep -oE '"embedding": \[[^]]*' out | head -1 | tr -cd , | wc -c)
dim=$((dim + 1))
run embed --out v.npy photos/p1.png photos/p2.png --text "a cat"
judge embed_npy 0
[ "$(head -c 6 v.npy | tail -c 5)" = NUMPY ] && grep -aq "(3, $dim)" v.npy &&
  [ "$(wc -c <v.npy)" -eq $((128 + 12 * dim)) ] && pass embed_npy_shape || fail embed_npy_shape "$(head -c 128 v.npy)"
input=photos/p1.png
run embed --json -
sed 's/"path": "-"/"path": "photos\/p1.png"/' out >from_stdin
input=/dev/null
run embed --json photos/p1.png
cmp -s out from_stdin && pass embed_stdin || fail embed_stdin "not the vector of the same file"
printf 'photos/p1.png\nphotos/p2.png\n' >list
run embed --json photos/p1.png photos/p2.png && cp out named
run embed --json --files-from list
cmp -s out named && pass embed_files_from || fail embed_files_from "not the vectors of the same files"
run embed --json --threads 1 photos/p1.png photos/p2.png
cmp -s out named && pass embed_threads || fail embed_threads "one thread gives other numbers"

expect tokenize 0 '^\{"ids": \[[0-9, ]+\], "tokens": \[".*"\]\}$' tokenize --json "a photo of a cat"
run tokenize --json --no-special cat && bare=$(tr -cd , <out | wc -c)
run tokenize --json cat && [ "$(tr -cd , <out | wc -c)" -eq $((bare + 4)) ] &&
  pass tokenize_no_special || fail tokenize_no_special "$(cat out)"
echo "고양이 사진 🐈" >text
input=text
run tokenize --json - && cp out from_stdin
input=/dev/null
run tokenize --json "고양이 사진 🐈"
cmp -s out from_stdin && pass tokenize_stdin || fail tokenize_stdin "$(cat out)"

expect index_json 0 '^\{"added": 7, "updated": 0, "moved": 0, "unchanged": 0, "removed": 0, "failed": \[\], "seconds": ' \
  index --json photos
[ -f "$XDG_DATA_HOME/gaze/photos.db" ] && pass index_default || fail index_default "no photos.db in XDG_DATA_HOME"
mv photos/p1.png photos/moved.png
rm photos/p2.png
"$make_file" picture photos/p3.png 33
expect index_again 0 '"added": 0, "updated": 1, "moved": 1, "unchanged": 4, "removed": 1, ' index --json photos
expect index_text 0 '^added 0, updated 0, moved 0, unchanged 6, removed 0, failed 0' index photos
expect index_exclude 0 '"added": 5,' index --json --db other.db --exclude deep photos
cp -r photos leaving && run index --db gone.db leaving && rm -r leaving
expect index_gone_folder 1 'removed 0, failed 1' index --db gone.db leaving
grep -q '^gaze: no pictures any more: /.*/leaving: ' err && pass index_gone_told || fail index_gone_told "$(cat err)"
mkdir leaving
expect index_empty_folder 1 'removed 0, failed 1' index --db gone.db leaving
expect index_gone_and_there 0 'added 6, updated 0, moved 0, unchanged 0, removed 0, failed 1' index --db gone.db leaving photos
expect index_forget 0 'removed 6, failed 0' index --db gone.db --forget leaving
mkfifo pipe.png && { cat photos/p3.png >pipe.png & }
expect embed_pipe 0 '^pipe.png' embed pipe.png
{ echo photos/p3.png >pipe.png & }
expect embed_pipe_of_names 0 '^photos/p3.png' embed --files-from pipe.png
expect index_other_options 0 '"updated": 5, "moved": 0, "unchanged": 0,' index --json --db other.db --exclude deep \
  --no-orientation --precision bf16 photos
expect index_same_options 0 '"unchanged": 5,' index --json --db other.db --exclude deep --no-orientation \
  --precision bf16 photos
expect index_no_options 0 '"updated": 5, "moved": 0, "unchanged": 0,' index --json --db other.db --exclude deep photos

run search -t 3 "a cat"
judge search_text 0 $'^-?[01]\\.[0-9]{3}\t/.*\\.png$'
[ "$(head -1 out)" = $'score\tfilepath' ] && [ "$(grep -c $'^[-0-9.]*\t/' out)" -eq 3 ] && pass search_lines ||
  fail search_lines "$(cat out)"
expect search_json 0 '^\{"query": "a cat", "results": \[\{"path": "/.*", "score": [-0-9.e]+\}' search --json a cat
expect search_paths 0 '^/.*/photos/p4.png$' search -f ./photos/p4.png
[ "$(head -1 out)" = "$(cd photos && pwd)/p4.png" ] && pass search_picture || fail search_picture "$(cat out)"
expect search_cluster 0 '^/' search -ft1 cat
expect search_arithmetic 0 '^[-0-9]' search "./photos/p4.png + 2:snow - dog"
expect search_minus_first 0 '^score' search "- dog"
expect search_dashes 0 '^score' search -- -dog
expect search_in 0 'deep/p5.png' search --in photos/deep -f cat
[ "$(wc -l <out)" -eq 1 ] && pass search_in_only || fail search_in_only "$(cat out)"
expect search_nothing 3 '^\{"query": "cat", "results": \[\]\}$' search --json --min-score 0.9999 cat
expect search_date 0 '"results": \[\]' search --json --after 2001 cat

expect db_info 0 '"photos": 6' db info --json
expect db_check 0 '^ok$' db check
expect db_check_json 0 '^\{"ok": true\}$' db check --json
expect db_compact 0 '"before": [0-9]+, "after": [0-9]+' db compact --json
expect db_export 0 '^path,hash,model,' db export --vectors all.npy
[ "$(grep -c '^"\{0,1\}/' out)" -eq 6 ] && pass db_export_rows || fail db_export_rows "$(cat out)"
grep -aq "(6, $dim)" all.npy && pass db_export_vectors || fail db_export_vectors "$(head -c 128 all.npy)"
run db export --json --out rows.jsonl
[ "$(grep -c '^{"path": "/.*"hash": "[0-9a-f]\{32\}"' rows.jsonl)" -eq 6 ] && pass db_export_json ||
  fail db_export_json "$(cat rows.jsonl)"

expect model_info 0 '"family": ' model info --json
expect model_info_dtypes 0 '"dtypes": \{"F32": [0-9]+\}' model info --json
expect model_info_text 0 "^  F32: [0-9]+$" model info
expect model_list 0 '"path": ' model list --json

# The progress bar is for terminals.
for ((i = 100; i < 400; i++)); do "$make_file" picture photos/q$i.png $i; done
if command -v script >/dev/null; then
  script -qec "'$gaze' embed --out v.npy photos/q*.png" /dev/null >out 2>&1 </dev/null
  grep -q '\[#*-*\]  [0-9]*/300' out && pass progress_on_terminal || fail progress_on_terminal "$(head -c 300 out)"
  script -qec "'$gaze' embed -q --out v.npy photos/q*.png" /dev/null >out 2>&1 </dev/null
  [ ! -s out ] && pass progress_quiet || fail progress_quiet "$(head -c 300 out)"
else
  skip progress_on_terminal "no script(1) here"
fi
run embed --out v.npy photos/q*.png
[ ! -s err ] && pass progress_elsewhere || fail progress_elsewhere "$(head -c 300 err)"

# Ctrl-C until it ends: at once in a command that has nothing to keep, at the second one in others.
mkfifo pipe
for command in tokenize embed; do
  "$gaze" $command - <pipe >out 2>err &
  pid=$!
  exec 9>pipe
  for ((i = 0; i < 200; i++)); do
    sleep 0.1
    kill -INT $pid 2>/dev/null || break
  done
  wait $pid
  status=$?
  exec 9>&-
  judge interrupted_$command 130
done

# Ctrl-C at some moment of indexing: the next run goes on.
"$gaze" index --db stop.db photos >out 2>err &
pid=$!
sleep 0.3
kill -INT $pid 2>/dev/null
wait $pid
status=$?
[ "$status" -eq 130 ] || [ "$status" -eq 0 ] && pass interrupted_index || fail interrupted_index "exit status $status"
expect interrupted_resume 0 '"failed": \[\]' index --json --db stop.db photos
expect interrupted_check 0 '^ok$' db check --db stop.db
