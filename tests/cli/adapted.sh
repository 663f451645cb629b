# LoRA from the command line: an adapter is learned beside a model of a few kilobytes, answers by itself, and joined with
# its model answers the same.
models=$source_root/tests/golden/data/assistants
cp "$models"/pictures/*.png .
cat >talk.json <<'JSON'
[{"id":"1","image":"wide.png","conversations":[{"from":"human","value":"<image>\nWhat is in the picture?"},{"from":"gpt","value":"a red cat"}]},
{"id":"2","image":"high.png","conversations":[{"from":"human","value":"<image>\nWhat is in the picture?"},{"from":"gpt","value":"two small birds"}]}]
JSON
tune=(train llava --stage 2 -m "$models/llava" --train-data talk.json --lr 5e-3 --warmup 5 --batch-size 2 --threads 1 -q)
expect_error lora_new_model 2 '--lora-rank.*-m' train llava --stage 2 --vision a --language b --lora-rank 2 --train-data talk.json --out x
expect_error lora_target 2 'no such target of LoRA: fc1.*q_proj' "${tune[@]}" --lora-rank 2 --lora-targets fc1 --out x
expect lora_train 0 '^tuned$' "${tune[@]}" --lora-rank 4 --lora-alpha 16 --lora-dropout 0.05 --lora-targets q_proj,v_proj,down_proj \
  --steps 150 --out tuned
[ -s tuned/adapter_config.json ] && [ -s tuned/adapter_model.safetensors ] && [ ! -e tuned/model.safetensors ] &&
  pass lora_folder || fail lora_folder "$(ls tuned)"
grep -q '"target_modules": ".*language_model.*(q_proj|v_proj|down_proj)"' tuned/adapter_config.json && pass lora_config ||
  fail lora_config "$(cat tuned/adapter_config.json)"

question="What is in the picture?"
answer() { # of the model $1 into the file $2
  : >"$2"
  for picture in wide.png high.png; do
    run ask -q --max-tokens 8 -m "$1" --image $picture "$question"
    cat out >>"$2"
  done
}
expect lora_ask 0 'a red cat' ask -q --max-tokens 8 -m tuned --image wide.png "$question"
expect lora_info 0 'adapter: tuned' model info -m tuned
expect lora_merge_json 0 '^\{"model": "merged"\}$' model merge-lora --json --adapter tuned --out merged
expect lora_merge_named 0 '^named$' model merge-lora -m "$models/llava" --adapter tuned --out named
cmp -s merged/model.safetensors named/model.safetensors && pass lora_merge_same || fail lora_merge_same "another model"
answer tuned beside
answer merged joined
cmp -s beside joined && pass lora_answers || fail lora_answers "$(cat beside joined)"
answer "$models/llava" before
cmp -s before joined && fail lora_learned "it answers as before" || pass lora_learned
# Blocks of the image encoder that learn as a whole go with it.
expect lora_blocks 0 '^blocks$' "${tune[@]}" --lora-rank 1 --vision-blocks 1 --vision-lr 5e-3 --steps 40 --out blocks
grep -q '"vision_tower.encoder.layers.1"' blocks/adapter_config.json && pass lora_blocks_named ||
  fail lora_blocks_named "$(cat blocks/adapter_config.json)"
expect lora_blocks_merge 0 '^seeing$' model merge-lora --adapter blocks --out seeing
answer blocks beside_blocks
answer seeing joined_blocks
cmp -s beside_blocks joined_blocks && pass lora_blocks_answers || fail lora_blocks_answers "$(cat beside_blocks joined_blocks)"
expect lora_gguf 0 '^tuned.gguf$' model quantize -q --to f32 tuned tuned.gguf
answer tuned.gguf packed
cmp -s packed joined && pass lora_gguf_answers || fail lora_gguf_answers "$(cat packed joined)"

expect_error lora_merge_words 2 '--adapter' model merge-lora --out none
expect_error lora_merge_there 2 'there already' model merge-lora --adapter tuned --out merged
expect_error lora_merge_no_adapter 1 'adapter_config.json' model merge-lora --adapter merged --out none
expect_error lora_merge_other 1 'adapter of another model.*lora_A' model merge-lora -m "$models/smolvlm" --adapter tuned --out none
expect_error lora_whole 1 'an adapter, not a whole model: tuned: .*merge-lora' classify -m tuned --labels a,b wide.png
sed -i 's|"base_model_name_or_path": ".*"|"base_model_name_or_path": "gone/away"|' tuned/adapter_config.json
expect_error lora_base_gone 1 'gone/away.*merge-lora -m' ask -m tuned "$question"
[ ! -e none ] && pass lora_nothing_written || fail lora_nothing_written "$(ls none)"
