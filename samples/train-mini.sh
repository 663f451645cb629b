#!/usr/bin/env bash
# Trains gaze-mini-vqa: samples/train-mini.sh RUNS [DATA]. From the CLIP that ships with gaze and the tars in DATA
# (../shared/data) to a model that answers questions about photos: drawings, conversations, a vocabulary, a language
# model, the projector, both together, rooms, and the same once more without pictures. RUNS gets all of it, the model is
# RUNS/gaze-mini-vqa. Interrupted, it goes on where it stopped. THREADS and GAZE (the program) may be set. Needs Python
# 3.9 for the conversations.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
runs=${1:?where the runs go} data=$(realpath "${2:-$here/../../shared/data}")
gaze=$(realpath "${GAZE:-$here/../build/cli/gaze}") draw=$(realpath "${DRAW:-$here/../build/samples/draw-scenes}")
export GAZE_MODEL=${GAZE_MODEL:-$here/models/gaze-mini} PYTHONUTF8=1
threads=(--threads "${THREADS:-$(nproc)}")
train=$here/train
mkdir -p "$runs"
cd "$runs"

# make FILE COMMAND...: unless FILE is there, the command writes it; {} in the command stands for its name on the way.
make() {
  local out=$1 part
  part=$(dirname "$out")/part-$(basename "$out")
  shift
  [ -e "$out" ] || { rm -rf "$part" && "${@//\{\}/$part}" >&2 && mv "$part" "$out"; }
}

# Data: drawings with captions and boxes, and what can be asked about every picture.
make drawings "$draw" --seed 1 --count 4000 --size 128 --out {}
make sides "$draw" --seed 2 --count 1500 --size 128 --layout sides --out {}
make aside "$draw" --seed 3 --count 1000 --size 128 --layout aside --out {}
talk=("$gaze" make-instructions -q --out {})
make photos.json "${talk[@]}" --seed 1 --korean 0.3 "$data/flickr8k-train.tar"
make objects.json "${talk[@]}" --seed 2 --korean 0.15 "$data"/{coco128,cocomini}-train.tar

# apart NAME PICTURES: in NAME.tar what four conversations ask about each picture, half of it in Korean, each question
# for itself: as turns they would give each other's answers away, and nobody would have to look.
apart() {
  for seed in 3 4 5 6; do
    make "$1-$seed.json" "${talk[@]}" --seed $seed --korean 0.5 --kinds conversation "$2"
  done
  make "$1.tar" python3 "$train/write-records.py" apart {} "$2" "$1"-{3,4,5,6}.json
}
apart photos "$data/flickr8k-train.tar"
for drawn in drawings sides aside; do apart $drawn $drawn; done
make captions.tar python3 "$train/write-records.py" captions {} "$data"/{flickr8k,cocomini}-train.tar
make names.json python3 "$train/write-records.py" names {} "$data/tinyimagenet-train.tar" "$train/tinyimagenet-classes.ko.tsv"
make presence.tar python3 "$train/ask-presence.py" --most 300 "$data/flickr8k-train.tar" {}
make texts.txt python3 "$train/write-records.py" texts {} photos.json objects.json {photos,drawings,sides,aside}-3.json \
  names.json presence.tar "$data"/{easyvqa,daquar}-train.tar

# Rooms, of which there are few: of their questions words are left out, lest the answers be learned by heart.
make rooms.tar python3 "$train/ask-rooms.py" --copies 4 --presence 4 "$data/daquar-train.tar" {}

# learn FOLDER COMMAND...: unless that run is over, it goes on. (Its model is there with the first checkpoint.)
learn() {
  [ -e "$1.done" ] || { "${@:2}" "${threads[@]}" --resume latest --precision bf16 --opt muon --out "$1" && touch "$1.done"; }
}

# Language.
make words "$gaze" train tokenizer --kind lm --vocab-size 5000 --min-frequency 3 --out {} \
  "$data"/{captions-text.txt,flickr8k-train.tar} texts.txt
learn lm "$gaze" train lm --tokenizer words \
  --documents lines --train-data "$data/captions-text.txt::$data/flickr8k-train.tar::texts.txt" \
  --val-data "$data/flickr8k-dev.tar" --layers 6 --dim 256 --heads 4 --mlp-dim 704 --context 512 --batch-size 16 \
  --lr 2e-3 --warmup 50 --steps 400 --val-every 200 --save-every 100 --prompt "A man" --prompt "Two dogs"

# Sight: the projector alone from captions; then it, the language model and the encoder's last blocks from conversations
# of every kind; then from short answers most of all. And the same without pictures: what can be known without looking.
see=("$gaze" train llava --beta2 0.95 --warmup 50 --save-every 100)
learn aligned "${see[@]}" --stage 1 --vision "$GAZE_MODEL" --language lm --batch-size 64 --projector-lr 2e-3 --steps 150 \
  --train-data "$data/flickr8k-train.tar"

# times N FILE: the file so many times, as --train-data takes them.
times() { for ((i = 0; i < $1; i++)); do printf '%s::' "$2"; done; }
apart=photos.tar::drawings.tar::sides.tar::aside.tar
conversations=captions.tar::photos.json::$(times 2 objects.json)names.json::presence.tar::$apart
conversations+=::$(times 2 "$data/easyvqa-train.tar")$(times 3 "$data/daquar-train.tar")
answers=$(times 2 captions.tar)$(times 2 objects.json)names.json::$(times 2 presence.tar)$apart
answers+=::$(times 3 "$data/easyvqa-train.tar")$(times 3 "$data/daquar-train.tar")
tune=("${see[@]}" --stage 2 --lr 1e-3 --projector-lr 1e-3 --wd 0.1 --context 512)
last_blocks=(--vision-blocks 2 --vision-lr 3e-4)
pictures=("${last_blocks[@]}"
  --image-data "$data/flickr8k-train.tar::$data/coco128-train.tar::$data/cocomini-train.tar::$data/tinyimagenet-train.tar")
for eyes in seeing blind; do
  [ $eyes = seeing ] && eyes_of=("${pictures[@]}") || eyes_of=(--blind)
  learn $eyes "${tune[@]}" "${eyes_of[@]}" -m aligned --batch-size 64 --lr-scheduler const --steps 800 \
    --train-data "${conversations%::}"
  learn answering-$eyes "${tune[@]}" "${eyes_of[@]}" -m $eyes --batch-size 32 --epochs 1 --save-dtype f16 \
    --train-data "${answers%::}"
  # At last what is in rooms, by its looks: the language model, which would know the answers by heart, stays as it is. The
  # mean with the model before keeps what that one knew. Of the twin nothing looks, and nothing is left that could learn.
  if [ $eyes = seeing ]; then
    learn looking "${see[@]}" --stage 2 -m answering-seeing --lock-language --projector-lr 2e-3 --wd 0.1 "${last_blocks[@]}" \
      --context 512 --batch-size 32 --epochs 1 --warmup 20 --save-dtype f16 --train-data rooms.tar
    make gaze-mini-vqa "$gaze" model average --out {} --shares 1::3 answering-seeing looking
  fi
done
