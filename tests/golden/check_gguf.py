"""check_gguf.py FILE: that the package gguf reads what tests/unit/test_gguf.c wrote. 77: there is no such package."""

import sys

try:
    import gguf
    import numpy
except ImportError:
    sys.exit(77)


def check(path):
    reader = gguf.GGUFReader(path)
    wanted = {"general.architecture": "test", "test.u32": 4000000000, "test.i16": -5, "test.f32": 0.25, "test.yes": True}
    wanted.update({"test.words": ["a\0b", ""], "test.scores": [0.5, -numpy.inf]})
    for key, value in wanted.items():
        got = reader.get_field(key).contents()
        assert got == value, f"{key}: {got}"
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    exact = tensors["F32"].data
    for name, tensor in tensors.items():
        if name in ("turned", "none"):
            continue
        assert tensor.tensor_type.name == name and list(tensor.shape) == [256, 8], name
        values = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(8, 256)
        assert abs(values - exact).max() < (0.15 if name.startswith("Q") else 0.005), name
        if name in ("Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "F16"):
            assert (gguf.quantize(exact, tensor.tensor_type).view(numpy.uint8) == tensor.data.view(numpy.uint8)).all(), name


if __name__ == "__main__":
    check(sys.argv[1])
