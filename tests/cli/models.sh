# Several models in one database.

make_model || return 0
first=$GAZE_MODEL
"$gaze" train clip -q --tokenizer words --train-data set.csv "${sizes[@]}" --batch-size 4 --epochs 1 --seed 9 \
  --dim 24 --name second >/dev/null
second=$work/logs/second/model
mkdir photos
for seed in 1 2 3 4; do "$make_file" picture photos/p$seed.png $seed; done

expect first 0 '"added": 4' index --json --db two.db photos
expect_error second_unknown 1 'no photo is indexed with this model: .*second' search --db two.db -m "$second" cat
expect second 0 '"failed": \[\]' index --json --db two.db -m "$second" photos
for model in "$first" "$second"; do
  run search --db two.db -m "$model" -f cat
  [ "$(wc -l <out)" -eq 4 ] && pass "search_$(basename "$(dirname "$model")")" || fail search_both "$(cat out err)"
done
expect photos_once 0 '"photos": 4' db info --json --db two.db
run db export --json --db two.db
[ "$(wc -l <out)" -eq 8 ] && pass export_all || fail export_all "$(cat out)"

# A photo changes while only one of the models looks.
"$make_file" picture photos/p4.png 44
expect changed 0 '"updated": 1' index --json --db two.db photos
run search --db two.db -m "$second" -f cat
grep -q p4.png out && fail old_vector "a vector of what the photo was: $(cat out)" || pass old_vector
expect caught_up 0 '"failed": \[\]' index --json --db two.db -m "$second" photos
run search --db two.db -m "$second" -f cat
grep -q p4.png out && pass new_vector || fail new_vector "$(cat out)"
expect check 0 '^ok$' db check --db two.db

expect_error vectors_of_two 1 '-m' db export --db two.db --vectors all.npy --out all.csv
for model in "$first" "$second"; do
  name=$(basename "$(dirname "$model")")
  run db export --db two.db -m "$model" --vectors v.npy --out rows.csv
  judge "export_$name" 0
  paths=()
  while IFS=, read -r path _; do [ "$path" = path ] || paths+=("$path"); done <rows.csv
  run embed -m "$model" --out e.npy "${paths[@]}"
  [ ${#paths[@]} -eq 4 ] && cmp -s v.npy e.npy && pass "vectors_$name" || fail "vectors_$name" "$(cat rows.csv err)"
done
