#!/usr/bin/env python3
"""Pack the official Tiny-ImageNet train split into a WebDataset tar.

    pack-tinyimagenet.py GIT_DIR tinyimagenet-classes.json OUT.tar

GIT_DIR is a (bare) clone of seshuad/IMagenet. Only
tiny-imagenet-200/train/WNID/images/*.JPEG is read, never val or test.
Each sample is KEY.jpg (the file's bytes as they are) and KEY.json
({"class": WNID, "name": first English name}). The order is shuffled with a
fixed seed, and the tar's headers carry no time or owner, so that the same
commit gives the same tar.
"""
import argparse
import json
import random
import re
import subprocess
import tarfile
import threading

import tars

PICTURE = re.compile(
    r"^(\d+) blob ([0-9a-f]{40})\ttiny-imagenet-200/train/(n\d{8})/images/(\3_\d+)\.JPEG$")


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("git_dir")
    args.add_argument("classes", help="JSON object: WordNet id to names")
    args.add_argument("out")
    args.add_argument("--seed", type=int, default=2024)
    args = args.parse_args()

    with open(args.classes, encoding="utf-8") as file:
        names = {wnid: text.split(",")[0].strip() for wnid, text in json.load(file).items()}
    git = ["git", "--git-dir", args.git_dir]
    listing = subprocess.run(git + ["ls-tree", "-r", "HEAD", "tiny-imagenet-200/train"],
                             check=True, capture_output=True, text=True).stdout
    samples = []
    for line in listing.splitlines():
        match = PICTURE.match(line)
        if match:
            samples.append((match[4], match[3], match[2]))
    samples.sort()
    random.Random(args.seed).shuffle(samples)

    cat = subprocess.Popen(git + ["cat-file", "--batch"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)

    def ask():
        for _, _, blob in samples:
            cat.stdin.write(blob.encode() + b"\n")
        cat.stdin.close()

    threading.Thread(target=ask, daemon=True).start()
    counts = {}
    with tarfile.open(args.out, "w", format=tarfile.USTAR_FORMAT) as tar:
        for key, wnid, blob in samples:
            head = cat.stdout.readline().split()
            if len(head) != 3 or head[0].decode() != blob or head[1] != b"blob":
                raise SystemExit(f"git did not give {blob}: {head}")
            data = cat.stdout.read(int(head[2]))
            cat.stdout.read(1)
            if data[:2] != b"\xff\xd8":
                raise SystemExit(f"{key} is no JPEG")
            text = json.dumps({"class": wnid, "name": names[wnid]}, separators=(",", ":"),
                              ensure_ascii=False)
            tars.add(tar, key + ".jpg", data)
            tars.add(tar, key + ".json", text.encode())
            counts[wnid] = counts.get(wnid, 0) + 1
    if cat.wait():
        raise SystemExit("git cat-file failed")
    print(f"{len(samples)} pictures, {len(counts)} classes, "
          f"{min(counts.values())} to {max(counts.values())} a class: {args.out}")


if __name__ == "__main__":
    main()
