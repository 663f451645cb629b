# Wrong usage, and help. No case needs a model.

expect_error no_command 2 'no command'
expect_error unknown_command 2 'did you mean gaze search' serch
expect_error unknown_command_far 2 'see gaze --help' frobnicate
expect_error unknown_subcommand 2 'did you mean gaze db info' db inof
expect_error no_subcommand 2 'gaze eval --help' eval
expect_error unknown_option 2 'did you mean --labels\?' classify --lables cat picture.png
expect_error unknown_option_far 2 'see gaze search --help' search --frobnicate dog
expect_error unknown_letter 2 'unknown option: -x' search -x dog
expect_error unknown_option_before 2 'unknown option: --frobnicate' --frobnicate search dog
expect_error value_missing 2 'value missing: --top' search dog --top
expect_error value_not_a_number 2 'not a whole number.*--top many' search --top many dog
expect_error value_with_rest 2 '--top 3x' search --top 3x dog
expect_error value_too_small 2 '--top 0' search --top=0 dog
expect_error value_huge 2 '--top 99999999999999999999' search --top 99999999999999999999 dog
expect_error value_out_of_range 2 'from -1 to 1' search --min-score 1.5 dog
expect_error value_not_finite 2 '--min-score nan' search --min-score nan dog
expect_error value_of_a_switch 2 'takes no value' search --json=yes dog
expect_error value_not_a_choice 2 'choose one of f32\|bf16\|int8' search --precision f64 dog
expect_error level_not_a_choice 2 '--cpu mmx' search --cpu mmx dog
expect_error classify_no_pictures 2 'no pictures' classify --labels cat,dog
expect_error classify_no_labels 2 '--labels' classify picture.png
expect_error classify_empty_labels 2 'no labels' classify --labels ' , ' picture.png
expect_error embed_nothing 2 'nothing to embed' embed
expect_error tokenize_nothing 2 'one text' tokenize
expect_error tokenize_two 2 'one text is needed, not 2' tokenize a b
expect_error index_no_folder 2 'no folder' index
expect_error search_no_query 2 'no query' search
expect_error eval_no_data 2 '--data' eval retrieval
expect_error eval_no_labels 2 '--labels-file' eval classification --data set.tar
expect_error eval_unexpected_word 2 'unexpected word: set.tar' eval retrieval set.tar
expect_error db_unexpected_word 2 'unexpected word: photos.db' db info photos.db
expect_error train_no_data 2 '--train-data' train clip
expect_error train_groups 2 'give 1 above 0' train clip --train-data a.tar --train-data-groups 0
expect_error train_factors 2 'give 2 above 0' train clip --train-data a.tar::b.tar --train-data-upsampling-factors 1
expect_error train_teacher 2 '--teacher-vectors' train clip --train-data a.tar --teacher-weight 2
expect_error train_unlocked 2 'nothing is locked: --lock-image-unlocked-groups 2' train clip --train-data a.tar --lock-image-unlocked-groups 2
expect_error train_tokenizer_no_files 2 'no texts' train tokenizer --out folder
expect_error train_tokenizer_no_folder 2 '--out' train tokenizer captions.txt

expect version 0 '^gaze [0-9]+\.[0-9]+\.[0-9]+$' --version
expect version_of_command 0 '^gaze [0-9]' search --version
expect help_overview 0 'gaze search' --help
expect help_word 0 'usage: gaze COMMAND' help
expect_error help_unknown 2 'did you mean gaze search' help saerch
run --help
sed -n '/^commands/,/^$/s/^  \([a-z]*\) .*/\1/p' out >commands
run help --list
sed 's/ -[^ ]*$//' out | sort -u >>commands
while read -r command; do
  # shellcheck disable=SC2086 # a command of two words
  expect "help_${command// /_}" 0 "^usage: gaze $command" $command --help
  grep -q '^examples' out || fail "help_${command// /_}_examples" "no examples"
done <commands
[ "$(wc -l <commands)" -ge 20 ] && pass help_of_all || fail help_of_all "only $(wc -l <commands) commands"

if [ -c /dev/full ]; then
  "$gaze" --help >/dev/full 2>err
  status=$?
  : >out
  judge_error output_full 1 'standard output'
fi
