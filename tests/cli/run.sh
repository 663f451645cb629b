#!/usr/bin/env bash
# Commands as a person types them. run.sh CASES GAZE MAKE_FILE: runs the file CASES beside this one against the program.
# Each case prints "ok NAME", "FAIL NAME: ..." or "SKIP NAME: why".
set -u
here=$(cd "$(dirname "$0")" && pwd)
source_root=$(cd "$here/../.." && pwd)
cases=$1 gaze=$(realpath "$2") make_file=$(realpath "$3")
failures=0

work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work" || exit 1
export HOME=$work/home XDG_DATA_HOME=$work/home/data XDG_CACHE_HOME=$work/home/cache
unset HF_HOME HF_HUB_CACHE HF_ENDPOINT HF_TOKEN HF_TOKEN_PATH HF_HUB_OFFLINE GAZE_MODEL
mkdir -p "$XDG_DATA_HOME" "$XDG_CACHE_HOME"

pass() { echo "ok $1"; }
fail() {
  echo "FAIL $1: $2"
  failures=$((failures + 1))
}
skip() { echo "SKIP $1: $2"; }

# Runs gaze with its input from $input; leaves status, and what it wrote in the files out and err.
input=/dev/null
run() {
  "$gaze" "$@" <"$input" >out 2>err
  status=$?
}

# judge NAME STATUS [PATTERN]: the last run ended so, and its output holds PATTERN (extended regular expression).
judge() {
  if [ "$status" -ne "$2" ]; then
    fail "$1" "exit status $status instead of $2: $(head -c 300 err)"
  elif [ $# -gt 2 ] && ! grep -Eq -- "$3" out; then
    fail "$1" "output without $3: $(head -c 300 out)"
  else
    pass "$1"
  fi
}

# judge_error NAME STATUS PATTERN: it ended so, with nothing on standard output and one line on standard error
# "gaze: what: where: what to do" that holds PATTERN.
judge_error() {
  if [ "$status" -ne "$2" ]; then
    fail "$1" "exit status $status instead of $2: $(head -c 300 err)"
  elif [ -s out ]; then
    fail "$1" "an error, yet standard output holds: $(head -c 300 out)"
  elif [ "$(wc -l <err)" -ne 1 ] || ! grep -Eq '^gaze: [^:]+: .+' err; then
    fail "$1" "not one line of an error: $(head -c 300 err)"
  elif ! grep -Eq -- "$3" err; then
    fail "$1" "error without $3: $(cat err)"
  else
    pass "$1"
  fi
}

# expect NAME STATUS PATTERN ARGUMENT...; expect_error alike.
expect() {
  run "${@:4}"
  judge "$1" "$2" "$3"
}
expect_error() {
  run "${@:4}"
  judge_error "$1" "$2" "$3"
}

# expect_killed NAME WHOLE STEPS COMMAND...: a training run of so many steps, a checkpoint and a line of its log each, that
# is killed a moment after some more of them and gone on with, again and again, writes the model that WHOLE holds.
expect_killed() {
  local name=$1 whole=$2 steps=$3 killed=0 folder=$1_killed
  mkdir "$folder" && : >"$folder/metrics.jsonl"
  RANDOM=7
  while [ "$(wc -l <"$folder/metrics.jsonl")" -lt $((steps - 6)) ]; do
    "$gaze" "${@:4}" --out "$folder" --resume latest >/dev/null 2>err &
    local pid=$! awaited=$(($(wc -l <"$folder/metrics.jsonl") + 1 + RANDOM % 5))
    while kill -0 $pid 2>/dev/null && [ "$(wc -l <"$folder/metrics.jsonl")" -lt $awaited ]; do sleep 0.005; done
    sleep 0.0$((RANDOM % 30))
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ $? -eq 137 ] || break
    killed=$((killed + 1))
  done
  expect "${name}_killed_end" 0 "^$folder\$" "${@:4}" --out "$folder" --resume latest
  [ $killed -ge 3 ] && pass "${name}_killed_often" || fail "${name}_killed_often" "only $killed kills: $(cat err)"
  cmp -s "$whole/model.safetensors" "$folder/model.safetensors" && pass "${name}_killed_same" ||
    fail "${name}_killed_same" "a run that was killed $killed times gives another model"
  [ "$(grep -c '"loss"' "$folder/metrics.jsonl")" -eq "$steps" ] && pass "${name}_killed_log" ||
    fail "${name}_killed_log" "$(wc -l "$folder/metrics.jsonl")"
  [ -z "$(find "$folder" -name '*.tmp*')" ] && pass "${name}_killed_clean" || fail "${name}_killed_clean" "$(find "$folder")"
}

# expect_full_disk NAME WHOLE COMMAND...: where there is no room for a second checkpoint, the first one and the model stay
# as they were, and with room the run goes on to the model that WHOLE holds.
expect_full_disk() {
  local name=$1 whole=$2 folder=$1_full sum
  run "${@:3}" --out "$folder" --stop-after 1
  sum=$(cat "$folder"/model.safetensors "$folder"/checkpoints/* | cksum)
  (trap '' XFSZ && ulimit -f $(($(stat -c %s "$folder"/checkpoints/step-00000001.safetensors) / 2048)) &&
    "$gaze" "${@:3}" --out "$folder" --resume latest) >out 2>err
  [ $? -eq 1 ] && grep -q "^gaze: cannot write: $folder/checkpoints/.*File too large" err && pass "${name}_full_said" ||
    fail "${name}_full_said" "$(cat err)"
  [ "$sum" = "$(cat "$folder"/model.safetensors "$folder"/checkpoints/* | cksum)" ] && pass "${name}_full_whole" ||
    fail "${name}_full_whole" "$(find "$folder")"
  run "${@:3}" --out "$folder" --resume latest
  cmp -s "$whole/model.safetensors" "$folder/model.safetensors" && pass "${name}_full_same" ||
    fail "${name}_full_same" "$(cat err)"
}

# expect_diverged NAME COMMAND...: a rate at which weights overflow ends a run in words; the model is that of the newest
# checkpoint, which it names and from which the run goes on.
expect_diverged() {
  local name=$1 folder=$1_diverged last
  run "${@:2}" --out "$folder" --steps 2
  run "${@:2}" --out "$folder" --steps 300 --resume latest --lr-scheduler const --wd 1 --lr 1000
  judge_error "${name}_diverged" 1 "training diverged: .*--lr; the last good checkpoint: $folder/checkpoints/step-"
  last=$(grep -o 'step-[0-9]*.safetensors' err)
  [ "$last" = "$(ls "$folder/checkpoints" | tail -1)" ] && pass "${name}_diverged_newest" ||
    fail "${name}_diverged_newest" "$last of $(ls "$folder/checkpoints")"
  run "${@:2}" --out "$folder" --steps $((10#$(tr -dc 0-9 <<<"$last") + 1)) --resume latest --lr 1e-9
  [ $status -eq 0 ] && ! grep -q -i 'nan\|inf' "$folder/metrics.jsonl" && pass "${name}_diverged_goes_on" ||
    fail "${name}_diverged_goes_on" "$(cat err; tail -2 "$folder/metrics.jsonl")"
}

# Makes a model of a few thousand numbers, trained for one step, and makes it the default one.
sizes=(--image-size 32 --patch-size 16 --width 32 --layers 1 --heads 2 --text-width 32 --text-layers 1 --text-heads 2
  --context 16 --dim 16)
make_model() {
  printf 'a red square\na blue square\n빨간 네모\n' >texts
  printf 'filepath\ttitle\n' >set.csv
  for seed in 1 2 3 4; do
    "$make_file" picture p$seed.png $seed
    printf 'p%s.png\tpicture number %s\n' $seed $seed >>set.csv
  done
  "$gaze" train tokenizer --vocab-size 540 --min-frequency 1 --out words texts >/dev/null &&
    "$gaze" train clip -q --tokenizer words --train-data set.csv "${sizes[@]}" --batch-size 4 --epochs 1 --name small \
      >/dev/null
  export GAZE_MODEL=$work/logs/small/model
  [ -f "$GAZE_MODEL/config.json" ] && return 0
  fail make_model "no model was trained"
  return 1
}

# Runs a command as somebody whom permissions bind, for root is not bound; false where that cannot be.
bound_user() {
  if [ "$(id -u)" -ne 0 ]; then
    "$@"
  else
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
  fi
}
need_bound_user() {
  bound_user "$gaze" --version >/dev/null 2>&1 && return 0
  skip "$1" "permissions do not bind root, and another user cannot run the program"
  return 1
}

. "$here/$cases.sh"
[ "$failures" -eq 0 ]
