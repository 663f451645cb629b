"""Samples of WebDataset tars: KEY.jpg with KEY.json."""
import io
import json
import os
import tarfile

ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


def read(path):
    """[(name of the picture, its bytes, its JSON)] of every sample that has both."""
    samples = {}
    with tarfile.open(path) as tar:
        for member in tar:
            key, ending = os.path.splitext(member.name)
            if ending in ENDINGS:
                samples.setdefault(key, {}).update(name=member.name, picture=tar.extractfile(member).read())
            elif ending == ".json":
                samples.setdefault(key, {})["about"] = json.load(tar.extractfile(member))
    return [(s["name"], s["picture"], s["about"]) for s in samples.values() if len(s) == 3]


def create(path):
    return tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)


def add(tar, name, data):
    """Nothing but name and bytes, so that the same samples give the same tar."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o644
    tar.addfile(info, io.BytesIO(data))


def add_sample(tar, name, picture, about):
    add(tar, name, picture)
    text = json.dumps(about, separators=(",", ":"), ensure_ascii=False)
    add(tar, os.path.splitext(name)[0] + ".json", text.encode())
