#!/usr/bin/env python3
"""Add a teacher's picture vectors to a WebDataset tar.

    add-teacher.py --weights W.tflite --pca PCA.npz --fit-pca TAR...
    add-teacher.py --weights W.tflite --pca PCA.npz IN.tar OUT.tar
    add-teacher.py --weights W.tflite --check TAR

The teacher is MobileNetV2 1.0 (mobilenet_v2_1.0_224_quant.tflite, uint8
weights): its constants are made float again and the network runs in torch.
A picture is squashed to --size pixels square (bicubic); its feature is the
1280 numbers after global average pooling, less the PCA's mean, times the
PCA's 256 directions, scaled to length one.

OUT.tar is IN.tar with KEY.teacher.npy (little-endian float16 [256], npy 1.0)
behind each KEY.json; all other members keep their bytes and order. A sample
that has a teacher member already gets a new one.

--fit-pca learns the PCA from up to --fit-count pictures spread evenly over
each of the tars; --check compares with the tflite interpreter on 20 pictures
at 224 pixels.
"""
import argparse
import collections
import concurrent.futures
import io
import math
import multiprocessing
import os
import sys
import tarfile
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import tars

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
TEACHER = ".teacher.npy"


def interpreter(path):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    net = Interpreter(path, num_threads=2, experimental_op_resolver_type=
                      OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    net.allocate_tensors()
    return net


class Teacher(torch.nn.Module):
    """The tflite file's graph, read op by op, in float."""

    def __init__(self, path):
        super().__init__()
        net = interpreter(path)
        details = {t["index"]: t for t in net.get_tensor_details()}
        self.input = net.get_input_details()[0]["index"]
        self.steps = []
        for op in net._get_ops_details():
            kind, ins, out = op["op_name"], list(op["inputs"]), op["outputs"][0]
            if kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
                weight = self.constant(net, details[ins[1]])
                bias = self.constant(net, details[ins[2]])
                depth = kind == "DEPTHWISE_CONV_2D"
                weight = weight.permute(3, 0, 1, 2) if depth else weight.permute(0, 3, 1, 2)
                high_in = details[ins[0]]["shape"][1]
                high_out = details[out]["shape"][1]
                stride = 2 if high_out * 2 == high_in else 1
                # an activation that is clamped to [0, 6] has this very range
                scale, zero = details[out]["quantization"]
                relu6 = zero == 0 and abs(scale * 255 - 6) < 0.01
                name = f"conv{len(self.steps)}"
                self.register_buffer(name + "_weight", weight.contiguous(
                    memory_format=torch.channels_last))
                self.register_buffer(name + "_bias", bias)
                self.steps.append(("conv", name, ins[0], out, stride,
                                   weight.shape[0] if depth else 1, relu6))
            elif kind == "ADD":
                self.steps.append(("add", ins[0], ins[1], out))
            elif kind == "AVERAGE_POOL_2D":
                self.steps.append(("pool", ins[0], out))
                self.feature = out
            elif kind not in ("RESHAPE", "SOFTMAX", "SQUEEZE", "DELEGATE"):
                raise SystemExit(f"{path}: unknown operation {kind}")
        self.logits = self.steps[-1][3]

    @staticmethod
    def constant(net, detail):
        scale, zero = detail["quantization"]
        data = net.get_tensor(detail["index"]).astype(np.float32)
        return torch.from_numpy((data - np.float32(zero)) * np.float32(scale))

    def forward(self, pixels, logits=False):
        """pixels: uint8 [n, high, wide, 3]; gives [n, 1280], with logits [n, 1001]."""
        x = pixels.permute(0, 3, 1, 2).float().sub_(128).mul_(1 / 128)
        values = {self.input: x.contiguous(memory_format=torch.channels_last)}
        last = {}
        for number, step in enumerate(self.steps):
            for index in (step[2:3] if step[0] == "conv" else step[1:3]):
                last[index] = number
        for number, step in enumerate(self.steps):
            if step[0] == "conv":
                _, name, source, out, stride, groups, relu6 = step
                x = values[source]
                weight = getattr(self, name + "_weight")
                pad = (weight.shape[2] - 1) // 2
                if stride == 2:  # TensorFlow's SAME: what is odd goes right and below
                    sides = []
                    for size in (x.shape[3], x.shape[2]):
                        more = max((math.ceil(size / 2) - 1) * 2 + weight.shape[2] - size, 0)
                        sides += [more // 2, more - more // 2]
                    x = F.pad(x, sides)
                    pad = 0
                x = F.conv2d(x, weight, getattr(self, name + "_bias"), stride, pad, 1, groups)
                if relu6:
                    x = F.hardtanh_(x, 0.0, 6.0)
                values[out] = x
            elif step[0] == "add":
                values[step[3]] = values[step[1]] + values[step[2]]
            else:
                values[step[2]] = values[step[1]].mean((2, 3), keepdim=True)
                if not logits:
                    return values[step[2]].flatten(1)
            for index in [i for i in values if last.get(i) == number]:
                del values[index]
        return values[self.logits].flatten(1)


def split(name):
    """Key and extension: the key ends at the first dot of the last part."""
    folder, _, base = name.rpartition("/")
    stem, dot, extension = base.partition(".")
    return (folder + "/" if folder else "") + stem, dot + extension.lower()


def samples(path):
    """Yields (key, [(member name, bytes)]) for each sample of a tar."""
    key, members = None, []
    with tarfile.open(path) as tar:
        for info in tar:
            if not info.isfile():
                continue
            stem, _ = split(info.name)
            if stem != key and members:
                yield key, members
                members = []
            key = stem
            members.append((info.name, tar.extractfile(info).read()))
    if members:
        yield key, members


def picture(members):
    for name, data in members:
        if split(name)[1] in PICTURES:
            return data
    return None


def pixels(data, size):
    image = Image.open(io.BytesIO(data))
    if image.mode != "RGB":
        image = image.convert("RGB")
    return np.asarray(image.resize((size, size), Image.BICUBIC))


def batches(stream, count):
    batch = []
    for item in stream:
        batch.append(item)
        if len(batch) == count:
            yield batch
            batch = []
    if batch:
        yield batch


def start(weights):
    """A worker process's own teacher, on one thread."""
    global worker
    torch.set_num_threads(1)
    worker = Teacher(weights).eval()


def work(pictures, size, count):
    with torch.inference_mode():
        return torch.cat([worker(torch.from_numpy(np.stack([pixels(p, size) for p in part])))
                          for part in batches(pictures, count)]).numpy()


def features(args, stream):
    """Yields (samples, [n, 1280]) in order; --jobs processes do the work."""
    waiting = collections.deque()
    with concurrent.futures.ProcessPoolExecutor(
            args.jobs, multiprocessing.get_context("spawn"), start, (args.weights,)) as pool:
        for batch in batches(stream, args.batch * 8):
            pictures = [picture(members) for _, members in batch]
            waiting.append((batch, pool.submit(work, pictures, args.size, args.batch)))
            if len(waiting) > 3 * args.jobs:
                batch, result = waiting.popleft()
                yield batch, torch.from_numpy(result.result())
        for batch, result in waiting:
            yield batch, torch.from_numpy(result.result())


def fit(args):
    sizes = []
    for path in args.fit_pca:
        with tarfile.open(path) as tar:
            sizes.append(sum(split(i.name)[1] in PICTURES for i in tar))
    # small tars give all they have, the others share the rest
    wanted, left, room = {}, args.fit_count, len(sizes)
    for index in sorted(range(len(sizes)), key=lambda i: sizes[i]):
        wanted[index] = min(sizes[index], left // room)
        left, room = left - wanted[index], room - 1
    rows = []
    for index, path in enumerate(args.fit_pca):
        count, total = wanted[index], sizes[index]

        def some():
            number = 0
            for key, members in samples(path):
                if picture(members) is None:
                    continue
                if number * count // total != (number + 1) * count // total:
                    yield key, members
                number += 1

        for batch, vectors in features(args, some()):
            rows.append(vectors.double())
        print(f"{path}: {count} of {total} pictures", flush=True)
    rows = torch.cat(rows)
    mean = rows.mean(0)
    rows -= mean
    values, vectors = torch.linalg.eigh(rows.T @ rows / (len(rows) - 1))
    values, vectors = values.flip(0), vectors.flip(1)[:, :args.dims]
    # the sign of a direction is free: make its largest number positive
    top = vectors.abs().argmax(0)
    vectors = vectors * vectors[top, torch.arange(args.dims)].sign()
    np.savez(args.pca, mean=mean.float().numpy(), components=vectors.float().numpy(),
             variance=values[:args.dims].float().numpy(), size=np.int64(args.size),
             count=np.int64(len(rows)))
    kept = float(values[:args.dims].sum() / values.sum())
    print(f"{args.pca}: {len(rows)} vectors, {args.dims} directions keep {kept:.4f} of the variance")


def npy(vector):
    out = io.BytesIO()
    np.lib.format.write_array(out, vector.astype("<f2"), version=(1, 0))
    return out.getvalue()


def convert(args):
    with np.load(args.pca) as file:
        if int(file["size"]) != args.size:
            raise SystemExit(f"{args.pca} was learned at --size {int(file['size'])}")
        mean = torch.from_numpy(file["mean"])
        components = torch.from_numpy(file["components"])
    begin, done, bare = time.time(), 0, 0
    part = args.output + ".part"
    with tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as tar:
        def with_picture():
            nonlocal bare
            for key, members in samples(args.input):
                if picture(members) is None:
                    bare += 1
                    continue
                yield key, members

        for batch, vectors in features(args, with_picture()):
            vectors = F.normalize((vectors - mean) @ components).numpy()
            for (key, members), vector in zip(batch, vectors):
                for name, data in members:
                    if split(name)[1] != TEACHER:
                        tars.add(tar, name, data)
                tars.add(tar, key + TEACHER, npy(vector))
            done += len(batch)
            if done // 5000 != (done - len(batch)) // 5000:
                print(f"{done} pictures, {(time.time() - begin) / done * 1e3:.2f} ms each",
                      file=sys.stderr, flush=True)
    os.replace(part, args.output)
    print(f"{args.output}: {done} samples, {(time.time() - begin) / max(done, 1) * 1e3:.2f} ms each"
          + (f", {bare} without a picture left out" if bare else ""))


def check(args):
    teacher = Teacher(args.weights).eval()
    net = interpreter(args.weights)
    inside, outside = net.get_input_details()[0]["index"], net.get_output_details()[0]["index"]
    same, near, closest = 0, 0, []
    chosen = []
    for key, members in samples(args.check):
        if picture(members) is not None:
            chosen.append((key, members))
        if len(chosen) == 20:
            break
    for key, members in chosen:
        data = pixels(picture(members), 224)[None]
        net.set_tensor(inside, data)
        net.invoke()
        theirs = net.get_tensor(outside)[0].astype(np.float32)
        with torch.inference_mode():
            ours = teacher(torch.from_numpy(data.copy()), logits=True)[0].softmax(0).numpy()
        same += int(theirs.argmax() == ours.argmax())
        near += int(theirs.argmax() in np.argsort(-ours)[:5])
        closest.append(abs(theirs / 256 - ours).max())
        print(f"{key}: tflite {theirs.argmax()} {theirs.max() / 256:.3f}, "
              f"torch {ours.argmax()} {ours.max():.3f}")
    print(f"{len(chosen)} pictures: same first class {same}, tflite's first among torch's "
          f"five {near}, median of the largest difference of a probability "
          f"{np.median(closest):.3f}")


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("input", nargs="?")
    args.add_argument("output", nargs="?")
    args.add_argument("--weights", required=True)
    args.add_argument("--pca", help="the PCA's file (.npz)")
    args.add_argument("--fit-pca", nargs="+", metavar="TAR", help="learn the PCA and write --pca")
    args.add_argument("--fit-count", type=int, default=20000)
    args.add_argument("--dims", type=int, default=256)
    args.add_argument("--check", metavar="TAR")
    args.add_argument("--size", type=int, default=160)
    args.add_argument("--batch", type=int, default=8)
    args.add_argument("--jobs", type=int, default=2)
    args = args.parse_args()
    torch.set_num_threads(args.jobs)
    if args.check:
        check(args)
    if args.fit_pca:
        if not args.pca:
            raise SystemExit("--fit-pca needs --pca")
        fit(args)
    if args.input:
        if not args.output or not args.pca:
            raise SystemExit("IN.tar needs OUT.tar and --pca")
        convert(args)


if __name__ == "__main__":
    main()
