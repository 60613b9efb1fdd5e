"""The golden cases of tests/agreement/golden/cases, whose README.md describes them."""

import json
import pathlib

import numpy

CASES = pathlib.Path(__file__).parents[2] / "tests" / "agreement" / "golden" / "cases"
_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "u1", "BOOL": "?"}


def read_safetensors(path):
    """(arrays by name, metadata) of a safetensors file."""
    content = pathlib.Path(path).read_bytes()
    header_bytes = int.from_bytes(content[:8], "little")
    header = json.loads(content[8:8 + header_bytes])
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, tensor in header.items():
        begin, end = (8 + header_bytes + offset for offset in tensor["data_offsets"])
        arrays[name] = numpy.frombuffer(content[begin:end], _DTYPES[tensor["dtype"]]).reshape(tensor["shape"])
    return arrays, metadata


class GoldenCase:
    """The arrays and the description of one case."""

    def __init__(self, name):
        self.arrays, metadata = read_safetensors(CASES / f"{name}.safetensors")
        self.description = json.loads(metadata["case"])
        self.options = self.description["options"]
        self.tolerance = {"f32": 1e-5, "f64": 1e-10}[self.description["dtype"]]
        self.dtype = {"f32": "float32", "f64": "float64"}[self.description["dtype"]]

    def get(self, name):
        return self.arrays.get(name)

    def leaves(self, name):
        """The arrays name/0, name/1, ..."""
        found = []
        while f"{name}/{len(found)}" in self.arrays:
            found.append(self.arrays[f"{name}/{len(found)}"])
        return found

    def nest(self, name):
        """The array of that name, or else the tuple of its leaves."""
        return self.arrays[name] if name in self.arrays else tuple(self.leaves(name))

    def weights(self, prefix):
        return {name[len(prefix):]: array for name, array in self.arrays.items() if name.startswith(prefix)}

    def check(self, name, leaves):
        """Asserts that flat results agree with the arrays of that name, within the tolerance of the case."""
        expected = [self.arrays[name]] if name in self.arrays else self.leaves(name)
        assert len(leaves) == len(expected), f"{name}: {len(leaves)} arrays instead of {len(expected)}"
        for k, (actual, array) in enumerate(zip(leaves, expected)):
            actual = numpy.asarray(actual)
            assert actual.shape == array.shape, f"{name}[{k}]: {actual.shape} instead of {array.shape}"
            assert actual.dtype == array.dtype, f"{name}[{k}]: {actual.dtype} instead of {array.dtype}"
            if array.size:
                error, largest = numpy.abs(actual - array).max(), numpy.abs(array).max()
                assert error <= self.tolerance * largest, f"{name}[{k}]: off by {error}, where {largest} is the largest"


def case_names(*apis):
    """The names of all cases of one of the apis, sorted."""
    return [path.stem for path in sorted(CASES.glob("*.safetensors")) if _api_of(path) in apis]


def _api_of(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return json.loads(header["__metadata__"]["case"])["api"]
