"""Asking in new processes: the first token about a photo and, with --cache, of the next question about it; what a short
prompt takes beyond weights, keys and values; and guessing (--look-up) on an answer that repeats itself. JSON lines.

    [RUNS=3] [TOKENS=64] python tests/bench/bench_ask.py GAZE MODEL PICTURE [OPTION]...

GAZE: the program. PICTURE: - for a model that does not see. OPTION: what gaze ask needs besides, as --template vicuna-v1. Milliseconds are from exec to exit with
an answer of one token, the least of RUNS; resident memory is the process's peak, mapped files included. random_assistant.py
makes models. Nothing is kept: caches go into a folder that is removed.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

RUNS, TOKENS = int(os.environ.get("RUNS", "3")), int(os.environ.get("TOKENS", "64"))
QUESTIONS = ["What is on the table?", "Is there a dog?"]
SHORT = "Say a word of it."
REPEATING = "Say this again: the red cat sees the blue bus, the blue bus sees the red cat, the red cat sees the blue bus."


def ask(command, *options):
    """What gaze says of an answer, with wall_ms, cpu_ms of all threads and peak_mb."""
    start = time.perf_counter()
    process = subprocess.Popen([*command, "--json", *options], stdout=subprocess.PIPE)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(process.returncode)
    return {**json.loads(said), "wall_ms": 1e3 * wall, "cpu_ms": 1e3 * (usage.ru_utime + usage.ru_stime), "peak_mb": usage.ru_maxrss * 1024e-6}


def least(key, command, *options):
    return min((ask(command, *options) for _ in range(RUNS)), key=lambda answer: answer[key])


def tell(what, **figures):
    print(json.dumps({"bench": "ask", "what": what, **{name: round(value, 2) if isinstance(value, float) else value for name, value in figures.items()}}),
          flush=True)


def figures(answer):
    return {"ms": answer["wall_ms"], "cpu_ms": answer["cpu_ms"], "prompt_tokens": answer["prompt_tokens"], "cached_tokens": answer["cached_tokens"],
            "peak_mb": answer["peak_mb"]}


def bench_short(command):
    answer = least("wall_ms", command, "--template", "plain", "-n", "1", SHORT)
    weights, rows = 1e-6 * answer["weight_bytes"], 1e-6 * answer["cache_bytes"]
    tell("short prompt", **figures(answer), weight_mb=weights, cache_mb=rows, beyond_mb=answer["peak_mb"] - weights - rows)


def bench_picture(command, picture):
    look = ("-n", "1", "--image", picture)
    first = least("wall_ms", command, *look, QUESTIONS[0])
    tell("first question", **figures(first))
    tell("first question, kept", **figures(ask(command, *look, "--cache", QUESTIONS[0])))
    second = least("wall_ms", command, *look, "--cache", QUESTIONS[1])
    tell("second question", **figures(second), sooner=first["wall_ms"] / second["wall_ms"])


def writing(answer):
    return answer["seconds"] - answer["first_token_seconds"]


def bench_look_up(command, question):
    plain, guessed = [], []
    for _ in range(RUNS): # in turn: what else the machine does meets both
        plain.append(ask(command, "-n", str(TOKENS), question))
        guessed.append(ask(command, "-n", str(TOKENS), "--look-up", question))
    best, answer = min(map(writing, plain)), guessed[0]
    cpu = [min(one["cpu_ms"] for one in answers) for answers in (plain, guessed)]
    tell("look-up", tokens=answer["completion_tokens"], guessed=answer["guessed_tokens"], accepted=answer["accepted_tokens"],
         tokens_per_step=answer["completion_tokens"] / (answer["completion_tokens"] - answer["accepted_tokens"]),
         sooner=best / min(map(writing, guessed)), cpu_ms=cpu[1], cpu_ms_without=cpu[0], same=all(one["answer"] == answer["answer"] for one in plain + guessed))


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    gaze, model, picture, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        command = [gaze, "ask", "-m", model, *options]
        bench_short(command)
        if picture != "-":
            bench_picture(command, picture)
        for question in (REPEATING, SHORT):
            bench_look_up(command, question)


main()
