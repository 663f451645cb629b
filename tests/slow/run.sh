#!/bin/sh
# The slow suite: run.sh CASE GAZE. $GAZE_SLOW=1 runs it, in the Python that $GAZE_PYTHON names (python3), which needs
# torch and transformers. What cannot run says SKIP and why.
case=$1 gaze=$2
python=${GAZE_PYTHON:-python3}
skip() {
  echo "SKIP: $*"
  exit 77
}

[ "${GAZE_SLOW:-0}" = 1 ] || skip "it takes minutes and gigabytes: GAZE_SLOW=1 tests/run runs it"
"$python" -c 'import torch, transformers, safetensors, numpy, PIL' 2>/dev/null ||
  skip "$python has not all of torch, transformers, safetensors, numpy, Pillow: GAZE_PYTHON names another"
exec "$python" "$(dirname "$0")/slow.py" "$case" "$gaze"
