# gaze model verify on the fixtures' references, and on what is no reference of theirs.

data=$source_root/tests/golden/data
quick=$data/clip/quick families=$data/families
for model in "$quick" "$families"/siglip "$families"/siglip2 "$families"/siglip-timm "$families"/chinese "$families"/chinese-words "$families"/open "$families"/open-both "$families"/xlmr; do
  name=$(basename "$model")
  run model verify "$model"
  judge "passes_$name" 0 '^vision.block00..01 +same +max [0-9.e-]+ +relative [0-9.e-]+ +cosine 1.0000000$'
  [ "$(tail -n 1 out)" = PASS ] && pass "last_line_$name" || fail "last_line_$name" "$(tail -n 1 out)"
  expect "bf16_$name" 0 '^PASS$' model verify --precision bf16 "$model"
  expect "int8_$name" 0 '^PASS$' model verify --precision int8 "$model"
done
expect no_tokenizer 0 '^token ids +skipped +no tokenizer in the folder$' model verify "$families/siglip"
expect token_ids_siglip2 0 '^token ids +same +7 texts$' model verify "$families/siglip2"
expect token_ids_chinese 0 '^token ids +same +7 texts$' model verify "$families/chinese-words"
expect token_ids 0 '^token ids +same +7 texts$' model verify "$quick"
expect each_tap 0 '^vision.block01.norm2 +same' model verify -v "$quick"
expect shown 0 '^vision.block00..01 +shown' model verify --precision bf16 "$quick"
expect as_json 0 '^\{.*"result": "PASS"\}$' model verify --json "$quick"
expect by_option 0 '^PASS$' model verify -m "$quick"

cp -r "$quick" faulty
sed -i 's/"hidden_act": "quick_gelu"/"hidden_act": "gelu"/' faulty/config.json
expect fault 1 '^FAIL: vision.block00$' model verify faulty
expect fault_hint 1 '^look at: .*hidden_act' model verify faulty
expect fault_lines 1 '^vision.block00 +same' model verify faulty
expect fault_json 1 '"first": "vision.block00"' model verify --json faulty

expect_error no_reference 1 'no reference: .*nowhere: .*samples/verify/make_reference.py' model verify --reference nowhere "$quick"
mv faulty/gaze-reference kept
expect_error none_in_the_folder 1 'no reference: faulty/gaze-reference: .*make_reference.py faulty' model verify faulty
expect_error other_sizes 1 'reference of another model: .*siglip' model verify --reference "$families/siglip/gaze-reference" "$quick"
expect_error other_texts 1 'reference of another model: ' model verify --reference "$quick/gaze-reference" "$families/open"
expect_error no_model 1 'nowhere' model verify nowhere
expect_error two_models 2 'unexpected word: two' model verify "$quick" two

damage() { # NAME PATTERN COMMAND: of a copy of the reference
  rm -rf damaged && cp -r kept damaged
  (cd damaged && eval "$3")
  expect_error "$1" 1 "$2" model verify --reference damaged "$quick"
}
damage cut_tensors 'damaged/reference.safetensors' 'head -c 5000 reference.safetensors >cut && mv cut reference.safetensors'
damage no_tensors 'damaged/reference.safetensors' 'rm reference.safetensors'
damage no_cases 'damaged/cases.json' 'rm cases.json'
damage bad_cases 'damaged/cases.json' 'echo "{" >cases.json'
damage other_format 'damaged reference: .*format 1' "sed -i 's/\"format\": 1/\"format\": 2/' cases.json"
damage no_picture 'damaged/picture2.png' 'rm picture2.png'
damage climbing 'damaged reference' "sed -i 's,picture0.png,../picture0.png,' cases.json"
damage renamed_tensor 'damaged reference: .*resized0' "sed -i 's/\"resized0\"/\"resizes0\"/' reference.safetensors"
damage unknown_tap 'reference of another model: .*steps' "sed -i 's/\"vision.block01\"/\"vision.block77\"/' reference.safetensors"
