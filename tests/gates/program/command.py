"""Calls of the command, and arrays in files, by Python's own library alone."""

import array
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data"
GOLDENS = ROOT / "tests" / "agreement" / "models" / "cases"
MODELS = ROOT / "tests" / "units" / "models" / "cases"
ONNX = ROOT / "tests" / "units" / "formats" / "onnx_files"
CODES = {"F32": "f", "F64": "d", "I32": "i", "I64": "q"}


def read_safetensors(path):
    """{name: (shape, numbers)}"""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] not in CODES:
            continue
        begin, end = entry["data_offsets"]
        numbers = array.array(CODES[entry["dtype"]], data[8 + size + begin:8 + size + end])
        tensors[name] = (tuple(entry["shape"]), list(numbers))
    return tensors


def write_npy(path, shape, numbers, code="<f4"):
    header = f"{{'descr': '{code}', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    data = array.array({"<f4": "f", "<f8": "d", "<i4": "i"}[code], numbers).tobytes()
    pathlib.Path(path).write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)


def read_npy(path):
    """(shape, numbers) of a file with f4."""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<H", data[8:10])[0]
    header = eval(data[10:10 + size])  # a literal that the test's own command wrote
    return header["shape"], list(array.array("f", data[10 + size:]))


def furthest(first, second):
    return max(abs(a - b) for a, b in zip(first, second, strict=True))


class CommandTest(unittest.TestCase):
    PROGRAM = ""
    FOLDER = pathlib.Path()

    def call(self, *arguments, code=0, given=""):
        """The answer of the command, which must exit with `code`."""
        answer = subprocess.run([self.PROGRAM, *map(str, arguments)], input=given, capture_output=True, text=True, timeout=60,
                                check=False, cwd=self.FOLDER)
        self.assertEqual(answer.returncode, code, f"{arguments}: {answer.stdout} {answer.stderr}")
        return answer.stdout if code == 0 else answer.stderr


def main(module):
    CommandTest.PROGRAM, folder = sys.argv[1:3]
    CommandTest.FOLDER = pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    CommandTest.FOLDER.mkdir(parents=True)
    unittest.main(module=module, argv=sys.argv[:1])
