"""The model files that the pages load, taken from the examples and from the goldens of the formats' tests."""

import io
import json
import shutil
import struct
import zipfile

import pages

CO2 = pages.ROOT / "examples" / "co2"
KERAS = pages.ROOT / "tests" / "data" / "keras"
CASES = pages.ROOT / "tests" / "units" / "models" / "cases"
COPIES = {
    "documents.keras": KERAS / "wrapped_recurrent_layers" / "time_distributed.keras",
    "own.keras": KERAS / "wrapped_recurrent_layers" / "subclass.keras",
    "tower.keras": KERAS / "nested_model" / "keras3.keras",
    "seq2seq.json": KERAS / "companion_files" / "seq2seq.json",
    "seq2seq.h5": KERAS / "companion_files" / "seq2seq.h5",
    "forecast.keras": CO2 / "co2_keras3.keras",
    "sentiment.keras": CASES / "k3_sentiment.keras",
    "forecast.safetensors": CO2 / "co2_pytorch_names.safetensors",
}
GOLDENS = {"stack.safetensors": "pytorch_lstm_037"}
DESCRIPTIONS = {"F32": "<f4", "I32": "<i4"}


def golden_file(name):
    """The path of a golden of the formats' tests."""
    return next(pages.ROOT.glob(f"tests/**/goldens/{name}.safetensors"))


def golden(name):
    """The arrays of a golden, each (dtype, shape, bytes), and the description of its case."""
    data = golden_file(name).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    case = json.loads(header.pop("__metadata__")["case"])
    arrays = {}
    for key, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[key] = (entry["dtype"], entry["shape"], data[8 + size + begin : 8 + size + end])
    return arrays, case


def npy(dtype, shape, data):
    """The bytes of one array as numpy.save writes them."""
    text = f"{{'descr': '{DESCRIPTIONS[dtype]}', 'fortran_order': False, 'shape': ({''.join(f'{n},' for n in shape)}), }}"
    header = text.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def npz(arrays):
    """The bytes of arrays as numpy.savez writes them."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, array in arrays.items():
            file.writestr(name + ".npy", npy(*array))
    return archive.getvalue()


def write(folder):
    """Writes all files that the pages load into `folder`."""
    for name, source in COPIES.items():
        shutil.copy(source, folder / name)
    for name, source in GOLDENS.items():
        shutil.copy(golden_file(source), folder / name)
    arrays, case = golden("pytorch_export_lstm")
    (folder / "model.onnx").write_bytes(arrays["model"][2][: case["model_bytes"]])
    arrays, _ = golden("tf1_002_basic_lstm")
    (folder / "variables.npz").write_bytes(npz({key: arrays[key] for key in arrays if "basic_lstm_cell" in key}))
    (folder / "golden.npz").write_bytes(npz({key: arrays[key] for key in ("x", "lengths", "expected/output")}))
