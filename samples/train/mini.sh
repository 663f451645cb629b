#!/usr/bin/env bash
# Trains gaze-mini: samples/train/mini.sh DATA RUNS [EPOCHS [COOLDOWN]]. DATA holds the tars that README.md beside this file tells
# how to make; RUNS gets checkpoints and the model. Interrupted, it goes on where it stopped. An epoch is 25,600
# samples. A run in pieces: first EPOCHS 1000 and COOLDOWN 0 for as long as there is time, then, on a copy of RUNS/mini,
# EPOCHS a little beyond the last checkpoint and COOLDOWN the difference.
set -eu
data=$1 runs=$2 epochs=${3:-60} cooldown=${4:-12}
here=$(dirname "$0")
captions=${CAPTIONS:-../shared/data/captions-text.txt}

[ -f "$runs/tokenizer/tokenizer.json" ] || gaze train tokenizer --vocab-size 6000 --min-frequency 3 --out "$runs/tokenizer" \
  "$data"/{flickr8k-train,coco128-train,cocomini-train,drawings-train}.tar "$captions" \
  "$here"/tinyimagenet-classes.tsv "$here"/tinyimagenet-classes.ko.tsv "$here"/templates.ko.txt

gaze train clip --logs "$runs" --name "${NAME:-mini}" --resume latest --seed 1 --tokenizer "$runs/tokenizer" \
  --train-data "$data/tinyimagenet-full.tar::$data/flickr8k-train.tar::$data/drawings-train.tar::$data/coco128-train.tar::$data/cocomini-train.tar::$data/daquar-train.tar" \
  --train-data-upsampling-factors 1::12::2.4::10::12::2 --train-num-samples 25600 \
  --class-labels "$here/tinyimagenet-classes.tsv::$here/tinyimagenet-classes.ko.tsv" \
  --class-templates "$here/templates.txt::$here/templates.ko.txt" --class-weights 0.75::0.25 \
  --teacher-vectors --teacher-weight 4 --batch-size 256 --lr 1e-3 --wd 0.1 --warmup 200 --grad-clip-norm 1 \
  --lr-scheduler const-cooldown --epochs "$epochs" --epochs-cooldown "$cooldown" --force-patch-dropout 0.5 \
  --crop-scale 0.5 --flip 0.5 --color-jitter 0.2 --grayscale 0.05 --save-dtype f16 --save-frequency 0.5 \
  --val-frequency 0 --log-every-n-steps 20
