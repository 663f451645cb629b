#!/usr/bin/env bash
# Trains gaze-mini: samples/train/mini.sh DATA RUNS [EPOCHS [COOLDOWN]]. DATA holds the tars that README.md beside this file tells
# how to make; RUNS gets checkpoints and the model. Interrupted, it goes on where it stopped. An epoch is 25,600
# samples. A run in pieces: first EPOCHS 1000 and COOLDOWN 0 for as long as there is time, then, on a copy of RUNS/mini,
# EPOCHS a little beyond the last checkpoint and COOLDOWN the difference. FROM=FOLDER begins with that model and its
# vocabulary instead of random weights; DROPOUT=0 shows whole pictures, as the last piece should; SEED and WARMUP are of the run.
# SOURCES="FILE FACTOR GROUP ..." draws from these tars alone: sides are learned from drawings of one thing aside, then of
# two, before everything together, or never (README.md).
set -eu
data=$1 runs=$2 epochs=${3:-60} cooldown=${4:-12}
here=$(dirname "$0")
captions=${CAPTIONS:-../shared/data/captions-text.txt}

if [ -n "${FROM:-}" ]; then
  start=(-m "$FROM")
else
  start=(--tokenizer "$runs/tokenizer")
  [ -f "$runs/tokenizer/tokenizer.json" ] || gaze train tokenizer --vocab-size 6000 --min-frequency 3 --out "$runs/tokenizer" \
    "$data"/{flickr8k-train,coco128-train,cocomini-train,drawings-train}.tar "$captions" \
    "$here"/tinyimagenet-classes.tsv "$here"/tinyimagenet-classes.ko.tsv "$here"/templates.ko.txt
fi

# File, how often each of its samples is drawn, and how many neighbours together: drawings come as twins.
read -ra sources <<<"${SOURCES:-tinyimagenet-full 1 1 flickr8k-train 11 1 drawings-train 0.8 2 sides-train 1 2 \
  aside-train 0.8 2 coco128-train 10 1 cocomini-train 12 1 daquar-train 2 1}"
files='' factors='' groups=''
for ((i = 0; i < ${#sources[@]}; i += 3)); do
  files+=::$data/${sources[i]}.tar factors+=::${sources[i + 1]} groups+=::${sources[i + 2]}
done

gaze train clip --logs "$runs" --name "${NAME:-mini}" --resume latest --seed "${SEED:-2}" "${start[@]}" \
  --train-data "${files#::}" --train-data-upsampling-factors "${factors#::}" --train-data-groups "${groups#::}" \
  --train-num-samples 25600 \
  --class-labels "$here/tinyimagenet-classes.tsv::$here/tinyimagenet-classes.ko.tsv" \
  --class-templates "$here/templates.txt::$here/templates.ko.txt" --class-weights 0.75::0.25 \
  --teacher-vectors --teacher-weight 4 --teacher-texts "$data/texts.npy" --teacher-texts-weight 2 --batch-size 256 --opt muon --lr 1e-3 --wd 0.1 --warmup "${WARMUP:-100}" --grad-clip-norm 1 \
  --lr-scheduler const-cooldown --epochs "$epochs" --epochs-cooldown "$cooldown" \
  --force-patch-dropout "${DROPOUT:-0.5}" --crop-scale 0.5 --flip 0.5 --color-jitter 0.2 --grayscale 0.05 \
  --precision bf16 --save-dtype f16 --save-frequency 2 --val-frequency 0 --log-every-n-steps 10
