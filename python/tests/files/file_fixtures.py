"""The sample files under tests/, and the numbers that stand beside them."""

import json
import pathlib
import struct

import numpy
import pytest

ROOT = pathlib.Path(__file__).parents[3]
KERAS = ROOT / "tests" / "data" / "keras"
GOLDENS = ROOT / "tests" / "units" / "formats" / "goldens"
_DTYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8", "BOOL": "|b1", "F16": "<f2"}


def read_safetensors(path):
    """(arrays by name, metadata)."""
    data = pathlib.Path(path).read_bytes()
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        arrays[name] = numpy.frombuffer(data[begin:end], _DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays, metadata


def torch_with_numpy():
    """PyTorch; skips the test where it is missing, or was built for another NumPy."""
    torch = pytest.importorskip("torch")
    try:
        torch.from_numpy(numpy.zeros(1, "f"))
    except RuntimeError as error:
        pytest.skip(str(error))
    return torch
