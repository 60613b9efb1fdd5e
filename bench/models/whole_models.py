#!/usr/bin/env python3
"""Measures whole models of Keras in Rondo beside TensorFlow and ONNX Runtime on one thread: one process runs them alternately.

    whole_models.py --peer FILE --json FILE [--table FILE] [--filter REGEX] [--rounds 7]

The peer is the shared object rondo_model_peer. TensorFlow runs the model as `tf.function` compiles it, and once more with
XLA; ONNX Runtime runs what tf2onnx makes of it. A turn lasts about 25 ms, or one run. The file has medians over rounds, and
medians of the ratios within a round. The outputs of all are compared before any is timed. The last part of the file is how
long a file of 50 MB takes to load, beside reading its bytes. `OMP_NUM_THREADS` must be 1. --table writes the results as Markdown.
"""

import argparse
import ctypes
import json
import os
import pathlib
import re
import statistics
import sys
import tempfile
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cpu"))

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf2onnx  # noqa: E402

from machine import processor  # noqa: E402
from models import cases, large  # noqa: E402
from peers import PythonRun  # noqa: E402
from turns import measure, ratios_of, spread  # noqa: E402

TOLERANCE = 1e-4
THREADS = 1
LOADS = 7


class _Input(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("shape", ctypes.POINTER(ctypes.c_int64)), ("rank", ctypes.c_int32),
                ("is_integer", ctypes.c_int32)]


class _Problem(ctypes.Structure):
    _fields_ = [("file", ctypes.c_char_p), ("inputs", ctypes.POINTER(_Input)), ("input_count", ctypes.c_int32),
                ("is_stream", ctypes.c_int32), ("threads", ctypes.c_int32), ("y", ctypes.c_void_p), ("y_count", ctypes.c_int64)]


class Rondo:
    name = "Rondo"

    def __init__(self, path):
        self._library = ctypes.CDLL(str(path))
        self._library.model_peer_create.restype = ctypes.c_void_p
        self._library.model_peer_run.restype = ctypes.c_double
        self._library.model_peer_run.argtypes = [ctypes.c_void_p, ctypes.c_int64]
        self._library.model_peer_destroy.argtypes = [ctypes.c_void_p]
        self._library.model_peer_load.restype = ctypes.c_double

    def create(self, case, folder, y):
        file = folder / "model.keras"
        case.model.save(file)
        arrays = [x[:, 0] if case.is_stream else x for x in case.inputs]
        arrays = [np.ascontiguousarray(x) for x in arrays]
        shapes = [(ctypes.c_int64 * x.ndim)(*x.shape) for x in arrays]
        inputs = (_Input * len(arrays))(*[_Input(x.ctypes.data, shape, x.ndim, x.dtype == np.int32)
                                          for x, shape in zip(arrays, shapes)])
        run = _RondoRun(self._library, y)
        run.peer = self._library.model_peer_create(ctypes.byref(
            _Problem(str(file).encode(), inputs, len(arrays), case.is_stream, THREADS, run.y.ctypes.data, run.y.size)))
        if not run.peer:
            sys.exit(f"{case.name}: Rondo refused")
        return run

    def load(self, file):
        return self._library.model_peer_load(str(file).encode())


class _RondoRun:
    def __init__(self, library, y):
        self._library, self.y = library, np.full_like(y, np.nan)

    def run(self, runs):
        seconds = self._library.model_peer_run(self.peer, runs)
        if seconds < 0:
            sys.exit("Rondo failed")
        return seconds

    def close(self):
        self._library.model_peer_destroy(self.peer)


def tensorflow_run(case, compiled_by_xla):
    case.model.reset_states()
    function = tf.function(lambda *inputs: case.model(list(inputs) if len(inputs) > 1 else inputs[0], training=False),
                           jit_compile=compiled_by_xla)
    inputs = [tf.constant(x) for x in case.inputs]

    def call():
        run.y = function(*inputs).numpy()

    run = PythonRun(call)
    return run


def onnx_run(case):
    """A stream passes its states from call to call."""
    model = case.with_states or case.model
    signature = [tf.TensorSpec(x.shape, x.dtype, name=x.name.split(":")[0]) for x in model.inputs]
    onnx_model, _ = tf2onnx.convert.from_keras(model, input_signature=signature, opset=17)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(onnx_model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    feed = dict(zip(names, case.inputs))
    if case.is_stream:
        feed[names[1]] = np.zeros((case.inputs[0].shape[0], session.get_inputs()[1].shape[1]), np.float32)

    def call():
        results = session.run(None, feed)
        run.y = results[0]
        if case.is_stream:
            feed[names[1]] = results[1]

    run = PythonRun(call)
    return run


def contest(case, rondo, rounds):
    with tempfile.TemporaryDirectory() as folder:
        expected = tensorflow_run(case, False)
        expected.run(1)
        first = expected.y
        runs = {"Rondo": rondo.create(case, pathlib.Path(folder), first),
                f"ONNX Runtime {onnxruntime.__version__}": onnx_run(case)}
        for name, run in runs.items():
            run.run(1)
            difference = float(np.abs(run.y.reshape(first.shape) - first).max())
            if not difference <= TOLERANCE * float(np.abs(first).max()):
                sys.exit(f"{case.name}: {name} is {difference} apart, where the largest is {np.abs(first).max()}")
        runs[f"TensorFlow {tf.__version__}"] = expected
        runs[f"TensorFlow {tf.__version__} XLA"] = tensorflow_run(case, True)
        seconds = measure(runs, rounds)
        runs["Rondo"].close()
    others = [name for name in runs if name != "Rondo"]
    return {"name": case.name, "stream": case.is_stream,
            "seconds": {name: spread(values) for name, values in seconds.items()},
            "ratios": ratios_of(seconds, "Rondo", {name: name for name in others}),
            "best": min(others, key=lambda name: spread(seconds[name])["median"])}


def loading(rondo):
    """How long a large file takes to load, and to read."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "large.keras"
        large().save(file)
        load, read = [], []
        for _ in range(LOADS + 1):
            load.append(rondo.load(file))
            begin = time.perf_counter()
            file.read_bytes()
            read.append(time.perf_counter() - begin)
        return {"bytes": file.stat().st_size, "load": spread(load[1:]), "read": spread(read[1:])}


def microseconds(summary):
    low, median, high = (summary[field] * 1e6 for field in ("p10", "median", "p90"))
    return f"{median:.1f} ({low:.1f} to {high:.1f})"


def table_of(record):
    """One row a model; times are microseconds of a call, the median and the range of 80 % of the rounds."""
    names = list(record["cases"][0]["seconds"])
    lines = ["| model | " + " | ".join(names) + " | best peer by Rondo |", "|---" * (len(names) + 2) + "|"]
    for case in record["cases"]:
        best = case["ratios"][case["best"]]
        lines.append(f"| {case['name']} | " + " | ".join(microseconds(case["seconds"][name]) for name in names) +
                     f" | **{best['median']:.2f}** ({best['p10']:.2f} to {best['p90']:.2f}) |")
    calls = [case["ratios"][case["best"]]["median"] for case in record["cases"]]
    loading = record["loading"]
    return "\n".join(lines) + (
        f"\n\n{record['processor']}, one thread. The geometric mean of the last column is {statistics.geometric_mean(calls):.2f}, the "
        f"least {min(calls):.2f}. A file of {loading['bytes'] / 1e6:.0f} MB loads in {loading['load']['median'] * 1e3:.0f} ms; its "
        f"bytes are read out of the system's cache in {loading['read']['median'] * 1e3:.0f} ms.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path, required=True)
    parser.add_argument("--table", type=pathlib.Path)
    parser.add_argument("--filter", default="")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--commit", default="")
    arguments = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != str(THREADS):
        sys.exit(f"set OMP_NUM_THREADS={THREADS}")
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    rondo = Rondo(arguments.peer.resolve())
    results = []
    for case in cases():
        if not re.search(arguments.filter, case.name):
            continue
        results.append(contest(case, rondo, arguments.rounds))
        best = results[-1]["best"]
        print(f"{case.name}: {results[-1]['seconds']['Rondo']['median'] * 1e6:.1f} us, "
              f"{results[-1]['ratios'][best]['median']:.2f} of {best}", flush=True)
    record = {"format": "rondo_whole_models 1", "processor": processor(), "threads": THREADS, "rounds": arguments.rounds,
              "commit": arguments.commit, "date": time.strftime("%Y-%m-%dT%H:%M:%S"), "cases": results,
              "loading": loading(rondo)}
    arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    if arguments.table:
        arguments.table.write_text(table_of(record))
    print(f"loading: {record['loading']['load']['median']:.3f} s, reading {record['loading']['read']['median']:.3f} s")


if __name__ == "__main__":
    main()
