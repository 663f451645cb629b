#!/usr/bin/env bash
# Prints the figures of gaze-mini-vqa's card: samples/measure-mini.sh RUNS [DATA]. Each command, then what it found: the
# model that ships with gaze (or MODEL), the same without looking, and the blind twin of RUNS, where train-mini.sh left
# it. Questions that have to be made first go into RUNS, too. THREADS and GAZE (the program) may be set.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
runs=${1:?where the runs are, or shall go} data=$(realpath "${2:-$here/../../shared/data}")
gaze=$(realpath "${GAZE:-$here/../build/cli/gaze}") draw=$(realpath "${DRAW:-$here/../build/samples/draw-scenes}")
seeing=$(realpath "${MODEL:-$here/models/gaze-mini-vqa}") blind=$(realpath -m "$runs/answering-blind")
export PYTHONUTF8=1
mkdir -p "$runs"
cd "$runs"

# show COMMAND...: prints it, with the names of files and models alone, and runs it.
show() {
  printf '\n$ gaze'
  for word in "$@"; do printf ' %s' "$(basename -- "$word")"; done
  printf '\n'
  "$gaze" "$@" -q --threads "${THREADS:-$(nproc)}"
}

# ask MODEL WORD...: all questions, with whatever else is said.
ask() {
  show eval vqa -m "$1" --data "$data/easyvqa-test.tar" --known "$data/easyvqa-train.tar" "${@:2}"
  show eval vqa -m "$1" --data "$data/daquar-eval.tar" --known "$data/daquar-train.tar" "${@:2}"
  show eval vqa -m "$1" --data presence-dev.tar "${@:2}"
  show eval vqa -m "$1" --data drawn-0.tar "${@:2}"
  show eval vqa -m "$1" --data drawn-1.tar "${@:2}"
  show eval captioning -m "$1" --data "$data/flickr8k-dev.tar" "${@:2}"
}

# Questions of presence about photos, and others, in English and in Korean, about drawings of a seed of their own.
if [ ! -e presence-dev.tar ]; then
  python3 "$here/train/ask-presence.py" "$data/flickr8k-dev.tar" part.tar > /dev/null && mv part.tar presence-dev.tar
fi
[ -e drawn ] || { rm -rf part && "$draw" --seed 101 --count 2000 --size 128 --out part && mv part drawn; }
for korean in 0 1; do
  if [ ! -e drawn-$korean.tar ]; then
    "$gaze" make-instructions -q --seed 101 --korean $korean --kinds conversation --out part.json drawn > /dev/null
    python3 "$here/train/write-records.py" short part.tar drawn part.json > /dev/null && mv part.tar drawn-$korean.tar
  fi
done

ask "$seeing"
ask "$seeing" --shuffle-images
ask "$seeing" --no-image
if [ -e "$blind/model.safetensors" ]; then ask "$blind" --no-image; fi
