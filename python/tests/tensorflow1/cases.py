"""Reads the golden cases of TensorFlow 1's functions: tests/agreement/golden/README.md describes the files."""

import json
import pathlib
import struct

import numpy as np

FOLDER = pathlib.Path(__file__).parents[3] / "tests/agreement/golden/cases"
DTYPES = {"F16": "f2", "F32": "f4", "F64": "f8", "I32": "i4", "I64": "i8", "BOOL": "?"}
TOLERANCE = {"f32": 1e-5, "f64": 1e-10}


class Case:
    """One file: its description, and its tensors as NumPy arrays."""

    def __init__(self, path):
        data = path.read_bytes()
        size, = struct.unpack("<Q", data[:8])
        header = json.loads(data[8:8 + size])
        self.about = json.loads(header.pop("__metadata__")["case"])
        self.options = self.about["options"]
        self.arrays = {}
        for name, entry in header.items():
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            self.arrays[name] = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"]).copy()

    @property
    def dtype(self):
        return {"f32": "float32", "f64": "float64"}[self.about["dtype"]]

    def list(self, name):
        """name/0, name/1, ..."""
        found = []
        while f"{name}/{len(found)}" in self.arrays:
            found.append(self.arrays[f"{name}/{len(found)}"])
        return found

    def tree(self, name):
        """The tensor `name`, or the tuple of name/0, name/1, ..."""
        return self.arrays[name] if name in self.arrays else tuple(self.list(name))

    def weights(self, prefix):
        """The tensors below `prefix`, by their names there."""
        return {name[len(prefix):]: array for name, array in self.arrays.items() if name.startswith(prefix)}

    def check(self, name, actual):
        """Compares the leaves of `actual` with the expected tensors `name`."""
        expected = self.tree(name)
        expected = list(expected) if isinstance(expected, tuple) else [expected]
        assert len(actual) == len(expected), name
        for array, wanted in zip(actual, expected):
            array = np.asarray(array)
            assert array.shape == wanted.shape and array.dtype == wanted.dtype, name
            if wanted.size:
                distance = np.abs(array.astype(float) - wanted).max()
                assert distance <= TOLERANCE[self.about["dtype"]] * np.abs(wanted).max(), name


def names(api):
    """Names of all cases of `api`, sorted."""
    found = []
    for path in sorted(FOLDER.glob("*.safetensors")):
        if path.name.startswith(("v1", "contrib")):
            with path.open("rb") as file:
                size, = struct.unpack("<Q", file.read(8))
                about = json.loads(json.loads(file.read(size))["__metadata__"]["case"])
            if about["api"] == api:
                found.append(path.stem)
    return found


def load(name):
    return Case(FOLDER / f"{name}.safetensors")
