"""ONNX Runtime stream by stream: each stream has its states, and each step of a stream is a run of B 1 and T 1."""

import threading
import time

import numpy as np

from peers import PythonRun, onnx_model


class _Stream:
    """Two bindings, which read the states that the other one writes."""

    def __init__(self, library, session, x, y, H):
        states = {name: [np.zeros((1, 1, H), np.float32) for _ in range(2)] for name in "hc"}
        self._kept = states, y
        self.bindings = []
        for reads in range(2):
            binding = session.io_binding()
            binding.bind_ortvalue_input("x", library.OrtValue.ortvalue_from_numpy(x))
            binding.bind_output("y", "cpu", 0, np.float32, (1, 1, 1, H), y.ctypes.data)
            for name, arrays in states.items():
                binding.bind_input(f"initial_{name}", "cpu", 0, np.float32, (1, 1, H), arrays[reads].ctypes.data)
                binding.bind_output(f"final_{name}", "cpu", 0, np.float32, (1, 1, H), arrays[1 - reads].ctypes.data)
            self.bindings.append(binding)


class _Sweep:
    """Steps some streams once, one after the other."""

    def __init__(self, library, problem, first, last, y, threads):
        options = library.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        one = type(problem)({**problem.point, "B": 1})
        for name in ("kernel", "recurrent_kernel", "bias"):
            setattr(one, name, getattr(problem, name))
        self._session = library.InferenceSession(onnx_model(one).SerializeToString(), options,
                                                 providers=["CPUExecutionProvider"])
        self._streams = [_Stream(library, self._session, problem.x[:, row:row + 1].copy(), y[row], problem.H)
                         for row in range(first, last)]
        self._turn = 0

    def step(self):
        run, turn = self._session.run_with_iobinding, self._turn
        for stream in self._streams:
            run(stream.bindings[turn])
        self._turn = 1 - turn


def onnx_streams(problem, threads, callers):
    """A run that steps all streams once: `callers` threads of Python share the streams, each with a session of its own."""
    import onnxruntime
    B = problem.B
    y = np.full((B, problem.H), np.nan, np.float32)
    bounds = [B * caller // callers for caller in range(callers + 1)]
    sweeps = [_Sweep(onnxruntime, problem, first, last, y, threads // callers)
              for first, last in zip(bounds, bounds[1:])]
    run = PythonRun(sweeps[0].step) if callers == 1 else _InThreads(sweeps)
    run.y = y[None]
    return run


class _InThreads:
    """Every sweep in a thread of its own, which goes through all runs without waiting for the others."""

    def __init__(self, sweeps):
        self._sweeps = sweeps

    def run(self, runs):
        def repeat(sweep):
            for _ in range(runs):
                sweep.step()

        threads = [threading.Thread(target=repeat, args=(sweep,)) for sweep in self._sweeps]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - start

    def close(self):
        pass
