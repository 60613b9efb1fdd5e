"""The libraries that are measured on the CPU, behind three common calls: Rondo, oneDNN, ONNX Runtime. torch_peer.py has PyTorch."""

import ctypes
import logging
import pathlib
import tempfile
import time

import numpy as np

GRADIENTS = ("x", "kernel", "recurrent_kernel", "bias")  # that a training step computes


class Problem:
    """Random weights, inputs and gradients of y of one point, in Keras's layout."""

    def __init__(self, point, seed=1):
        random = np.random.default_rng(seed)
        self.point = point
        self.T, self.B, self.I, self.H = (point[name] for name in "TBIH")
        self.cell = point["cell"]
        self.gates = 3 if self.cell == "gru" else 4
        columns = self.gates * self.H
        draw = lambda *shape: random.uniform(-0.1, 0.1, shape).astype(np.float32)
        # Of gain 1, where errors neither die out nor grow: a standard deviation of one over the root of the rows.
        kernel_of = lambda rows: random.uniform(-(3 / rows) ** 0.5, (3 / rows) ** 0.5, (rows, columns)).astype(np.float32)
        self.kernel, self.recurrent_kernel = kernel_of(self.I), kernel_of(self.H)
        self.bias = draw(2, columns) if self.cell == "gru" else draw(columns)
        self.x = random.uniform(-1, 1, (self.T, self.B, self.I)).astype(np.float32)
        # A stream runs one step per call, and passes the states of the previous call.
        names = [] if self.T > 1 else ["h"] if self.cell == "gru" else ["h", "c"]
        self.states = {name: draw(self.B, self.H) for name in names}
        self.lengths = np.sort(random.integers(1, self.T + 1, self.B).astype(np.int32))[::-1].copy()
        self.lengths[0] = self.T
        self.d_y = random.uniform(-1, 1, (self.T, self.B, self.H)).astype(np.float32)

    def flops(self):
        return 2 * self.T * self.B * self.gates * self.H * (self.I + self.H)

    def gate_blocks(self, matrix, gates):
        """The columns of a matrix, with its blocks of gates in another order."""
        return np.concatenate([np.split(matrix, self.gates, axis=-1)[gate] for gate in gates], axis=-1)


class _CProblem(ctypes.Structure):
    _fields_ = ([(name, ctypes.c_int64) for name in "TBIH"] + [("gru", ctypes.c_int32), ("threads", ctypes.c_int32)] +
                [(name, ctypes.c_void_p) for name in ("kernel", "recurrent_kernel", "bias", "x", "y", "initial_h", "initial_c",
                                                       "final_h", "final_c")] +
                [("variant", ctypes.c_char_p), ("lengths", ctypes.c_void_p)] +
                [(f"d_{name}", ctypes.c_void_p) for name in ("y", *GRADIENTS)])


def c_problem(problem, y, threads, variant="", further=()):
    """A problem as peer.h has it, with the addresses of `further` fields. Its arrays must live for as long as it is used."""
    sizes = {name: getattr(problem, name) for name in "TBIH"}
    arrays = {name: getattr(problem, name).ctypes.data for name in ("kernel", "recurrent_kernel", "bias", "x", "lengths")}
    return _CProblem(**sizes, **arrays, **dict(further), gru=problem.cell == "gru", threads=threads, y=y.ctypes.data,
                     variant=variant.encode())


class SharedObject:
    """A library that is called through peer.h."""

    packs_weights = True

    def __init__(self, path):
        self._library = ctypes.CDLL(path)
        self._library.peer_create.restype = ctypes.c_void_p
        self._library.peer_run.restype = ctypes.c_double
        self._library.peer_run.argtypes = [ctypes.c_void_p, ctypes.c_int64]
        self._library.peer_destroy.argtypes = [ctypes.c_void_p]
        self._library.peer_version.restype = ctypes.c_char_p
        self.name = self._library.peer_version().decode()
        self.has_forward_training = self.name.startswith("oneDNN")

    def precisions(self, cell):
        """oneDNN's; those of Rondo are variants. oneDNN has 8 bits for GRUs that reset before their product alone."""
        return ("f32", "bf16", "int8") if cell == "lstm" else ("f32", "bf16")

    def create(self, problem, threads, variant=""):
        return _SharedObjectRun(self._library, problem, threads, variant)


class _SharedObjectRun:
    def __init__(self, library, problem, threads, variant):
        self._library, self._problem = library, problem
        self.y = np.full((problem.T, problem.B, problem.H), np.nan, np.float32)
        arrays = {}
        training = variant.startswith("train")  # from initial states of zeros
        states = {} if training else problem.states
        self._final_states = {name: np.empty_like(state) for name, state in states.items()}
        arrays |= {f"initial_{name}": state.ctypes.data for name, state in states.items()}
        arrays |= {f"final_{name}": state.ctypes.data for name, state in self._final_states.items()}
        self.gradients = {name: np.full_like(getattr(problem, name), np.nan) for name in GRADIENTS if training}
        if training:
            arrays["d_y"] = problem.d_y.ctypes.data
            arrays |= {f"d_{name}": gradient.ctypes.data for name, gradient in self.gradients.items()}
        self._peer = library.peer_create(ctypes.byref(c_problem(problem, self.y, threads, variant, arrays)))
        if not self._peer:
            raise RuntimeError("the library refused")

    def run(self, runs):
        return self._library.peer_run(self._peer, runs)

    def close(self):
        self._library.peer_destroy(self._peer)


class PythonRun:
    """A library that is called from Python. The measured time includes the calls."""

    def __init__(self, call):
        self._call = call

    def run(self, runs):
        call = self._call
        start = time.perf_counter()
        for _ in range(runs):
            call()
        return time.perf_counter() - start

    def close(self):
        pass


class OnnxRuntime:
    has_forward_training = False

    def __init__(self):
        import onnxruntime
        self._library = onnxruntime
        self.name = f"ONNX Runtime {onnxruntime.__version__}"

    def precisions(self, cell):
        return ("f32", "int8") if cell == "lstm" else ("f32",)

    def create(self, problem, threads, variant=""):
        assert variant in ("", "int8"), variant
        options = self._library.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        model = quantized(onnx_model(problem)) if variant == "int8" else onnx_model(problem)
        session = self._library.InferenceSession(model.SerializeToString(), options,
                                                 providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        y = np.empty((problem.T, 1, problem.B, problem.H), np.float32)
        binding.bind_ortvalue_input("x", self._library.OrtValue.ortvalue_from_numpy(problem.x))
        binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)
        finals = {name: np.empty((1, *state.shape), np.float32) for name, state in problem.states.items()}
        for name, state in problem.states.items():
            binding.bind_ortvalue_input(f"initial_{name}", self._library.OrtValue.ortvalue_from_numpy(state[None]))
            binding.bind_output(f"final_{name}", "cpu", 0, np.float32, finals[name].shape, finals[name].ctypes.data)
        run = PythonRun(lambda: session.run_with_iobinding(binding))
        run.y = y[:, 0]
        run.final_states = finals  # the binding refers to these arrays
        return run


def quantized(model):
    """The model with ONNX Runtime's own DynamicQuantizeLSTM, whose weights have 8 bits and a scale for each column."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    logging.getLogger().setLevel(logging.ERROR)  # it warns each time that models may need preparation; one node needs none
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "quantized.onnx")
        quantize_dynamic(model, path, op_types_to_quantize=["LSTM"], per_channel=True, weight_type=QuantType.QInt8)
        result = onnx.load(path)
    assert "DynamicQuantizeLSTM" in [node.op_type for node in result.graph.node], "the model was not quantised"
    return result


def onnx_model(problem):
    """A model of one LSTM or GRU node. ONNX's order of gates is i o f g, and z r h."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    gates = [0, 1, 2] if problem.cell == "gru" else [0, 3, 1, 2]
    block = lambda matrix: problem.gate_blocks(matrix, gates)
    bias = problem.bias if problem.cell == "gru" else np.stack([problem.bias, np.zeros_like(problem.bias)])
    weights = {"W": block(problem.kernel).T[None], "R": block(problem.recurrent_kernel).T[None],
               "b": block(bias).reshape(1, -1)}
    attributes = {"hidden_size": problem.H}
    if problem.cell == "gru":
        attributes["linear_before_reset"] = 1
    initial, final = ([f"{when}_{name}" for name in problem.states] for when in ("initial", "final"))
    node = helper.make_node(problem.cell.upper(), ["x", "W", "R", "b", *([""] + initial if initial else [])],
                            ["y", *final], **attributes)
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    states = lambda names: [value(name, (1, problem.B, problem.H)) for name in names]
    graph = helper.make_graph([node], "point", [value("x", problem.x.shape), *states(initial)],
                              [value("y", (problem.T, 1, problem.B, problem.H)), *states(final)],
                              [numpy_helper.from_array(np.ascontiguousarray(w), name) for name, w in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
