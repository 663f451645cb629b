# Classes: lists of templates, the answer "none", the least score, sigmoids; and what texts gave, kept on disk.

make_model || return 0
"$make_file" picture p.png 1
"$make_file" picture q.png 2
same() { [ "$2" = "$3" ] && pass "$1" || fail "$1" "$2, not $3"; }
scores() { grep -oE '"score": [0-9.e-]+' out | cut -d' ' -f2; }

# Templates.
lists=$source_root/fusion/templates
for list in imagenet simple; do
  run classify --json --labels cat,dog --templates $list p.png
  judge templates_$list 0 '"label": "cat"'
  cp out named
  run classify --json --labels cat,dog --templates "$lists/$list.txt" p.png
  same templates_${list}_file "$(cat out)" "$(cat named)"
  run classify --json --labels cat,dog --templates-file "$lists/$list.txt" p.png
  same templates_${list}_old "$(cat out)" "$(cat named)"
done
run classify --json --labels cat,dog p.png
[ "$(cat out)" != "$(cat named)" ] && pass templates_count || fail templates_count "the same scores: $(cat out)"
mkdir list && cp "$lists/simple.txt" list/imagenet
run classify --json --labels cat,dog --templates list/imagenet p.png
same templates_path_is_a_file "$(cat out)" "$(cat named)"
{ cat "$lists/simple.txt" && echo '{} 사진'; } >more.txt
run classify --json --labels cat,dog --templates-file more.txt p.png && cp out wanted
expect templates_together 0 '"label": "cat"' classify --json --labels cat,dog --templates simple --template '{} 사진' p.png
paste <(scores) <(grep -oE '"score": [0-9.e-]+' wanted | cut -d' ' -f2) | awk '{ d = $1 - $2; if (d * d > 1e-10) bad = 1 } END { exit bad }' &&
  pass templates_add_up || fail templates_add_up "$(cat out wanted)"
expect_error templates_unknown 2 'no such templates: imagnet: .*imagenet and simple' classify --labels cat --templates imagnet p.png
echo 'a photo' >bare.txt
expect_error templates_without_place 1 'template without \{\}: bare.txt line 1' classify --labels cat --templates bare.txt p.png
expect_error template_without_place 2 'template without \{\}: "a photo"' classify --labels cat --template 'a photo' p.png
expect_error templates_folder 2 'a folder.*: list: ' classify --labels cat --templates list p.png

# The least score, and none.
expect min_score_all 0 $'\tcat\t' classify --labels cat --min-score 1 p.png q.png
run classify --labels cat,dog,bus --min-score 0.9999 p.png q.png
judge min_score_none 3
[ ! -s out ] && pass min_score_no_header || fail min_score_no_header "$(cat out)"
expect min_score_json 3 '^\[\{"path": "p.png", "results": \[\]\}, \{"path": "q.png", "results": \[\]\}\]$' \
  classify --json --labels cat,dog,bus --min-score 0.9999 p.png q.png
run classify --json --labels cat,dog,bus p.png
least=$(scores | sed -n 2p)
expect min_score_some 0 '"results": \[\{[^}]*\}, \{[^}]*\}\]' classify --json --labels cat,dog,bus --min-score "$least" p.png
echo text >bad.png
expect min_score_failed 1 '"failed"' classify --json --labels cat,dog --min-score 0.9999 bad.png
expect_error min_score_wrong 2 'from 0 to 1' classify --labels cat --min-score 1.5 p.png
expect none_is_an_answer 0 '"label": "nothing"' classify --json --labels cat,dog --none nothing p.png
scores | awk '{ sum += $1 } END { exit !(NR == 3 && sum > 0.9999 && sum < 1.0001) }' && pass none_sums || fail none_sums "$(cat out)"
expect none_alone_is_no_match 3 '"results": \[\{"label": "nothing", [^{]*\}\]' classify --json --labels cat,dog,bus --min-score 0.4 --none nothing p.png
printf 'n0\teven\nn1\todd\n' >labels.tsv
for seed in 1 2 3 4; do
  "$make_file" picture set$seed.png $seed
  printf '{"class": "n%s"}' $((seed % 2)) >set$seed.json
done
tar cf set.tar set[1-4].*
expect reject 0 '"acc1": .*"false_reject": [01]\.[0-9]+, "true_reject": [01]\.' eval classification --json --reject --data set.tar --labels-file labels.tsv
run eval classification --json --data set.tar --labels-file labels.tsv --templates simple
judge eval_templates 0 '"acc1"'
grep -q reject out && fail reject_unasked "$(cat out)" || pass reject_unasked
head -1 labels.tsv >one.tsv
expect_error reject_one_label 2 'single label: one.tsv' eval classification --reject --data set.tar --labels-file one.tsv
expect_error eval_templates_unknown 2 'imagenet and simple' eval classification --templates x --data set.tar --labels-file labels.tsv

# Sigmoids: each label by itself, scale * cosine + bias from the vectors that embed writes.
run train clip -q --tokenizer words --train-data set.csv "${sizes[@]}" --batch-size 4 --epochs 1 --name sigmoid --siglip
sigmoid=$work/logs/sigmoid/model
run classify -m "$sigmoid" --json --labels cat,dog,bus p.png && cp out three
run classify -m "$sigmoid" --json --labels cat p.png
alone=$(scores)
same sigmoid_alone "$(sed -E 's/.*"label": "cat", "score": ([0-9.e-]+).*/\1/' three)" "$alone"
run embed -m "$sigmoid" --json --text "a photo of a cat." p.png
scale=$("$gaze" model info -m "$sigmoid" | sed -n 's/^logit_scale: //p')
cosine=$(grep -oE '"embedding": \[[^]]*' out | sed 's/.*\[//' |
  awk -F', *' 'NR == 1 { for (i = 1; i <= NF; i++) a[i] = $i } NR == 2 { for (i = 1; i <= NF; i++) sum += a[i] * $i } END { print sum }')
# A run of one step leaves the bias near the -10 that SigLIP starts from.
awk -v p="$alone" -v s="$scale" -v c="$cosine" 'BEGIN { bias = log(p / (1 - p)) - s * c; exit !(bias > -10.2 && bias < -9.8) }' &&
  pass sigmoid_formula || fail sigmoid_formula "$alone at $scale * $cosine"
run classify -m "$sigmoid" --json --labels cat,dog --none nothing p.png
scores | sort -g | awk '{ v[NR] = $1 } END { d = v[3] - (1 - v[2]); exit !(NR == 3 && d * d < 1e-10) }' &&
  pass sigmoid_none || fail sigmoid_none "$(cat out)"
expect sigmoid_text 0 $'^0\\.[0-9]{3}\tcat\tp.png$' classify -m "$sigmoid" --labels cat,dog p.png
expect sigmoid_min_score 3 '^\[\{"path": "p.png", "results": \[\]\}\]$' classify -m "$sigmoid" --json --labels cat,dog --min-score 0.5 p.png
