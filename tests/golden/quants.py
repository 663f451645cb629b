"""Numbers in GGUF's blocks, by the package gguf and by ggml itself.

data/quants/quants.safetensors:
  TYPE.blocks, TYPE.values   bytes of blocks, and the numbers that gguf's dequantize gets out of them
  x                          numbers of many kinds, in superblocks of 256
  TYPE.made                  the blocks that gguf's quantize makes of x; of the K types, which it does not write, those of
                             ggml's own reference functions, found in the library that ctransformers brings along
"""

import ctypes
import glob
import os

SEED = 43
SMALL = ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"]
# Where the halves (d, minimum) lie in a block.
HALVES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}


def random_blocks(name, random):
    """Any bytes are a block, once its halves are finite: zero, subnormal, the largest, of both signs."""
    import gguf
    import numpy

    numbers, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
    extremes = [0.0, -0.0, 2.0**-24, -(2.0**-24), 2.0**-14 - 2.0**-24, 2.0**-14, 65504.0, -65504.0, 1.0]
    n = 2 * len(extremes) if numbers == 32 else len(extremes) + 4
    blocks = random.integers(0, 256, (n, size), dtype=numpy.uint8)
    for at in HALVES[name]:
        halves = numpy.array([extremes[(i + at) % len(extremes)] for i in range(n)])
        halves[len(extremes) :] = random.normal(0, 0.1, n - len(extremes))
        blocks[:, at : at + 2] = halves.astype(numpy.float16).reshape(n, 1).view(numpy.uint8)
    return blocks


def inputs(random):
    import numpy

    def normal(scale):
        return random.normal(0, scale, 256)

    outliers = normal(0.02)
    outliers[::37] *= 40
    steps = numpy.repeat(random.normal(0, 1, 8), 32)
    mixed = normal(1) * numpy.repeat(2.0 ** numpy.arange(-8, 8), 16)
    sparse = normal(1) * (random.uniform(0, 1, 256) < 0.1)
    rows = [normal(1), normal(0.02), normal(300), normal(1e-6), random.laplace(0, 0.05, 256), outliers, steps, mixed, sparse]
    rows += [random.uniform(0, 1, 256), random.uniform(-1, 0, 256), random.uniform(2, 3, 256), random.standard_t(2, 256)]
    rows += [numpy.zeros(256), numpy.arange(256) - 128.0, numpy.where(numpy.arange(256) % 64 < 32, 0, normal(1))]
    return numpy.stack(rows).astype(numpy.float32) + 0.0  # of two zeros, the lesser is a matter of taste


def made_by_ggml(name, x):
    import ctransformers
    import numpy

    folder = os.path.dirname(ctransformers.__file__)
    library = ctypes.CDLL(glob.glob(os.path.join(folder, "lib", "basic", "*"))[0])
    import gguf

    numbers, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
    out = numpy.zeros(x.size // numbers * size, dtype=numpy.uint8)
    quantise = getattr(library, "quantize_row_%s_reference" % name.replace("Q", "q"))
    quantise.restype = None
    quantise(x.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p), ctypes.c_int(x.size))
    return out


def write(folder):
    import gguf
    import numpy
    from safetensors.numpy import save_file

    random = numpy.random.default_rng(SEED)
    x = inputs(random)
    tensors = {"x": x}
    for name in HALVES:
        kind = gguf.GGMLQuantizationType[name]
        tensors[name + ".blocks"] = blocks = random_blocks(name, random)
        tensors[name + ".values"] = gguf.dequantize(blocks, kind)
        tensors[name + ".made"] = gguf.quantize(x, kind) if name in SMALL else made_by_ggml(name, x)
    folder = os.path.join(folder, "quants")
    os.makedirs(folder, exist_ok=True)
    save_file({name: numpy.ascontiguousarray(value) for name, value in tensors.items()}, os.path.join(folder, "quants.safetensors"))
