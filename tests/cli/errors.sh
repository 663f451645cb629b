# What is not there, not readable, or not what it should be.

expect_error search_no_index 1 'no index: .*missing.db' search --db missing.db dog
expect_error default_index_missing 1 'gaze/photos.db' search dog
for command in info check compact export; do
  expect_error "db_${command}_missing" 1 'no index: .*missing.db' db $command --db missing.db
done
[ -e missing.db ] && fail missing_not_made "looking made missing.db" || pass missing_not_made

"$make_file" foreign foreign.db
cp foreign.db foreign.before
expect_error foreign_search 1 'database of another program: .*foreign.db' search --db foreign.db dog
expect_error foreign_info 1 'database of another program' db info --db foreign.db
cmp -s foreign.db foreign.before && pass foreign_untouched || fail foreign_untouched "the file changed"
"$make_file" newer newer.db
expect_error newer_database 1 'newer gaze' db info --db newer.db
"$make_file" damaged damaged.db
expect_error damaged_database 1 'damaged.db' db info --db damaged.db
echo "no database at all, only a text of some length that is no database" >text.db
expect_error text_database 1 'not a database: .*text.db' db info --db text.db
mkdir folder.db
expect_error folder_database 2 'folder.db' db info --db folder.db
mkfifo pipe.db
expect_error pipe_database 2 'pipe.*pipe.db' search --db pipe.db dog
expect_error device_database 2 'device.*/dev/null' db info --db /dev/null

expect_error model_missing 1 'nowhere' model info nowhere
expect_error model_file_is_text 1 'text.db' model info text.db
mkdir empty_model
expect_error model_empty_folder 1 'empty_model' model info empty_model

expect_error labels_file_missing 1 'labels.txt' classify --labels-file labels.txt picture.png
expect_error list_missing 1 'list.txt' embed --files-from list.txt
expect_error tokenizer_texts_missing 1 'captions.txt' train tokenizer --out folder captions.txt

make_model || return 0

"$make_file" picture good.png 3
echo "This is a text." >text.jpg
: >empty.jpg
mkdir pictures empty
expect_error picture_missing 1 'nowhere.png' embed --out x.npy nowhere.png
expect_error picture_is_text 1 'not a picture: text.jpg' embed --out x.npy text.jpg
expect_error picture_is_empty 1 'empty.jpg' embed --out x.npy empty.jpg
expect_error picture_is_folder 1 'pictures' embed --out x.npy pictures
printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x01\x7d\x78\x40\0\0\0\1\x08\0\0\0\0\x68\x94\x1d\xe2\0\0\0\0IDAT\x35\xaf\x06\x1e' >wide.png
expect_error picture_is_wide 1 'picture too long: .*wide.png' embed --out x.npy wide.png
input=text.jpg
expect_error stdin_is_text 1 'standard input' embed --out x.npy -
input=/dev/null
expect some_pictures 0 '"path": "text.jpg".*"failed": "not a picture' classify --json --labels cat,dog good.png text.jpg
expect strict 1 '"failed"' classify --strict --json --labels cat,dog good.png text.jpg
expect_error all_bad_text 1 'not a picture: text.jpg' classify --labels cat,dog text.jpg
expect all_bad 1 '"failed"' classify --json --labels cat,dog text.jpg empty.jpg
expect_error template_without_place 2 '\{\}' classify --json --labels cat --template 'a photo' good.png
expect_error npy_not_writable 1 'nowhere/x.npy' embed --out nowhere/x.npy good.png

cp -r "$GAZE_MODEL" other_model
sed -i 's/"projection_dim": *[0-9]*/"projection_dim": 24/; s/"hidden_size": *[0-9]*/"hidden_size": 24/g' \
  other_model/config.json
expect_error model_shape 1 '24|shape|size' embed -m other_model --text cat

mkdir half_model answering_model
cp "$GAZE_MODEL/config.json" half_model/
expect_error model_half 1 'not whole: no half_model/preprocessor_config.json: .*gaze model pull' embed -m half_model good.png
echo '{"model_type": "llama", "hidden_size": 64}' >answering_model/config.json
expect_error model_answers 1 'model_type "llama".*gaze ask' classify -m answering_model --labels cat,dog good.png

"$gaze" train tokenizer --vocab-size 530 --min-frequency 1 --out fewer_words texts >/dev/null
expect_error tokenizer_of_another_model 1 'tokenizer of another model: fewer_words: its end token is [0-9]+ where .* [0-9]+' \
  train clip --model "$GAZE_MODEL" --tokenizer fewer_words --train-data set.csv --name other

expect_error index_missing_folder 1 'nowhere' index --db a.db nowhere
expect_error index_database_nowhere 1 'no folder for the database: nowhere/a.db' index --db nowhere/a.db empty
expect_error index_pipe_database 2 'pipe.*pipe.db' index --db pipe.db empty
expect_error index_file 2 'good.png' index --db a.db good.png
expect_error index_empty_folder 1 'no pictures found: empty' index --db fresh.db empty
[ -e fresh.db ] && fail index_empty_leaves_nothing "fresh.db was made" || pass index_empty_leaves_nothing
expect_error index_foreign 1 'database of another program' index --db foreign.db empty
cp text.jpg pictures/
expect index_all_bad 1 '"failed": \[\{"path": ".*text.jpg", "error": "not a picture' index --json --db b.db pictures
cp good.png pictures/
expect index_some 0 '"added": 1.*"failed": \[\{' index --json --db b.db pictures
expect index_strict 1 '"unchanged": 1' index --strict --json --db b.db pictures
expect_error query_picture_missing 1 'nowhere.png' search --db b.db ./nowhere.png
run search --json --db b.db --in nowhere dog
judge folder_unknown 0 '"results": \[\]'
grep -q '^gaze: folder is not in the index: nowhere: ' err && pass folder_unknown_said || fail folder_unknown_said "$(cat err)"
run search --db b.db --in pictures --after 1999 dog
grep -q 'folder' err && fail folder_known "$(cat err)" || pass folder_known
cp -r "$GAZE_MODEL" same_model && echo >>same_model/config.json
expect_error model_not_indexed 1 'no photo is indexed with this model: same_model: ' search -m same_model --db b.db dog
expect_error date_wrong 2 'not a date: soon' search --db b.db --after soon dog
expect_error eval_missing_tar 1 'set.tar' eval retrieval --data set.tar
expect_error eval_text_tar 1 'text.db' eval retrieval --data text.db

need_bound_user permissions || return 0
gaze_of_root=$gaze
chown -R 65534 "$work" 2>/dev/null
run_bound() { bound_user "$gaze_of_root" "$@" </dev/null >out 2>err; status=$?; }
mkdir closed && chmod 0 closed
run_bound index --db c.db closed
: >out
judge_error unreadable_folder 1 'closed'
cp good.png shut.png && chmod 0 shut.png
run_bound embed --out x.npy shut.png
judge_error unreadable_picture 1 'shut.png.*[Pp]ermission'
mkdir readonly && cp b.db* readonly/ && chmod a-w readonly readonly/*
run_bound index --db readonly/b.db pictures
judge_error readonly_index 1 'readonly/b.db'
run_bound search --db readonly/b.db dog
judge readonly_search 0 'good.png'
run_bound index --db readonly/new.db pictures
judge_error readonly_folder_new_index 1 'cannot be made: readonly/new.db: check the permissions'
cp b.db shut.db && chmod 0 shut.db
run_bound search --db shut.db dog
judge_error unreadable_index 1 'cannot be read: shut.db: check its permissions'
