# Bash completion of gaze. A test compares the options here with the program's own.

_gaze_pictures='--max-megapixels --allow-truncated --no-orientation --fast-decode'
_gaze_answering='--system -n --max-tokens --temperature --top-k --top-p --min-p --repetition-penalty --seed --stop --think --look-up --slide --template --cache --projector --context --cache-type'
_gaze_measuring='-n --max-tokens --no-image --shuffle-images --seed --limit --out --resume --max-bad --strict --system --stop --template --cache --projector --context --cache-type'
_gaze_common='-m --model --threads --cpu --precision --json -q --quiet -v --verbose -h --help --version'

# The options of a command as one line.
_gaze_options() {
  case $1 in
  index) echo "--db --exclude --forget --strict $_gaze_pictures" ;;
  search)
    echo "-t --top --min-score --in --after --before --camera -f --filepath-only --db --no-cache $_gaze_pictures"
    ;;
  ask)
    echo "-i --image --search --search-model -t --top --min-score --in --after --before --camera --db --no-cache $_gaze_answering"
    ;;
  chat) echo "-i --image --load $_gaze_answering" ;;
  compare) echo "-i --image $_gaze_answering" ;;
  classify)
    echo "-l --labels --labels-file --template --templates --templates-file --none --min-score -t --top --files-from \
--no-cache --strict $_gaze_pictures"
    ;;
  embed) echo "--text --text-file --files-from -o --out --strict $_gaze_pictures" ;;
  tokenize) echo "--no-special" ;;
  "eval classification") echo "--data --labels-file --template --templates --templates-file --reject --no-cache --strict" ;;
  "eval retrieval") echo "--data --strict" ;;
  "eval vqa") echo "--data --images --prompt --short --known $_gaze_measuring" ;;
  "eval captioning") echo "--data --images --prompt $_gaze_measuring" ;;
  "train tokenizer") echo "--kind --vocab-size --min-frequency --documents -o --out" ;;
  "train clip")
    echo "--train-data --train-data-upsampling-factors --train-data-groups --train-num-samples --val-data --zeroshot-data \
--dataset-type --csv-img-key --csv-caption-key --csv-separator --class-labels --class-templates \
--class-weights --tokenizer --image-size --patch-size --width --layers --heads --text-width \
--text-layers --text-heads --context --dim --batch-size --accum-freq --epochs --lr --opt --beta1 --beta2 \
--eps --wd --warmup --lr-scheduler --epochs-cooldown --grad-clip-norm --grad-checkpointing --siglip \
--lock-image --lock-image-unlocked-groups --lock-text --force-patch-dropout --teacher-vectors \
--teacher-weight --teacher-texts --teacher-texts-weight --distill-model --crop-scale --color-jitter --grayscale --flip --seed --workers \
--logs --name --resume --save-frequency --val-frequency --zeroshot-frequency --log-every-n-steps --stop-after --save-dtype"
    ;;
  "train lm")
    echo "--train-data --val-data --documents --max-bad --tokenizer --config --layers --dim --heads --kv-heads \
--mlp-dim --untied --context --batch-size --accum-freq --steps --epochs --lr --opt --beta1 --beta2 --eps \
--wd --warmup --lr-scheduler --cooldown --grad-clip-norm --grad-checkpointing --seed --lora-rank --lora-alpha \
--lora-targets --lora-dropout -o --out --resume --save-every --val-every --log-every-n-steps --stop-after --save-dtype --prompt --sample-tokens \
--sample-temperature"
    ;;
  "train llava")
    echo "--stage --train-data --val-data --image-data --image-folder --max-bad --vision --vision-layer --vision-select \
--language --lora-rank --lora-alpha --lora-targets --lora-dropout --template --blind --context --batch-size --accum-freq \
--steps --epochs --lr --projector-lr \
--vision-blocks --vision-lr --lock-language --opt --beta1 --beta2 --eps --wd --warmup --lr-scheduler --cooldown --grad-clip-norm \
--grad-checkpointing --seed -o --out --resume --save-every --val-every --log-every-n-steps --stop-after --save-dtype"
    ;;
  make-instructions)
    echo "-o --out --kinds --turns --korean --seed --max-samples --max-bad --image-folder --endpoint --endpoint-model --rate \
--tries --timeout --retry-pause --temperature --max-tokens --retry-rejected"
    ;;
  "model average") echo "--shares -o --out" ;;
  "model merge-lora") echo "--adapter -o --out" ;;
  "model pull") echo "--revision --file" ;;
  "model quantize") echo "--to" ;;
  "model verify") echo "--reference" ;;
  "db info") echo "--db" ;;
  "db check") echo "--db" ;;
  "db compact") echo "--db" ;;
  "db export") echo "-o --out --vectors --db" ;;
  esac
  echo "$_gaze_common"
}

# Sets `command` to what is being typed after: "", "eval", "eval retrieval".
_gaze_find_command() {
  local word
  command=
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $command:$word in
    *:-*) ;;
    :index | :search | :ask | :chat | :compare | :classify | :embed | :tokenize | :eval | :train | :make-instructions | :model | :db) command=$word ;;
    eval:classification | eval:retrieval | eval:vqa | eval:captioning | train:tokenizer | train:clip | train:lm | train:llava | model:average | model:list | model:info | model:merge-lora | model:pull | model:quantize | model:verify | db:info | db:check | db:compact | db:export) command="$command $word" ;;
    esac
  done
}

_gaze_offer() { # words
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

_gaze() {
  local word=${COMP_WORDS[COMP_CWORD]}
  case ${COMP_WORDS[COMP_CWORD - 1]} in
  --cpu) _gaze_offer 'c avx2 avx512 vnni bf16 neon' ;;
  --precision) _gaze_offer 'f32 bf16 int8' ;;
  --cache-type) _gaze_offer 'f16 bf16 int8 f32' ;;
  --dataset-type) _gaze_offer 'webdataset csv auto' ;;
  --lr-scheduler) _gaze_offer 'cosine const const-cooldown' ;;
  --documents) _gaze_offer 'paragraphs lines files' ;;
  --kind) _gaze_offer 'clip lm' ;;
  --save-dtype) _gaze_offer 'f32 f16 bf16' ;;
  --kinds) _gaze_offer 'conversation detail reasoning' ;;
  --to) _gaze_offer 'int8 bf16 q8_0 q4_k q4_k_m f16 f32' ;;
  --resume) _gaze_offer latest ;;
  -m | --model | --search-model | --reference | --in | --logs | --tokenizer | --distill-model | --image-folder | --adapter)
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -d -- "$word")
    ;;
  *) _gaze_word ;;
  esac
}

_gaze_word() { # a word that is no option's value
  local command
  _gaze_find_command
  case $command:$word in
  *:-*) _gaze_offer "$(_gaze_options "$command")" ;;
  :*) _gaze_offer 'index search ask chat compare classify embed tokenize eval train make-instructions model db help' ;;
  eval:*) _gaze_offer 'classification retrieval vqa captioning' ;;
  train:*) _gaze_offer 'tokenizer clip lm llava' ;;
  model:*) _gaze_offer 'average list info merge-lora pull quantize verify' ;;
  db:*) _gaze_offer 'info check compact export' ;;
  esac
}

complete -o default -F _gaze gaze
