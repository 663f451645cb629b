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
