"""Cases of PyTorch's RNN, GRU and LSTM: packed sequences, both directions, layers, projections; and exports to ONNX."""

import io
import itertools
import warnings

import numpy as np
import onnx
import torch

from golden_file import packed_bytes, write

CLASSES = {"simple_rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


def make_module(kind, number, sizes):
    options = {
        "num_layers": 1 + number % 2,
        "bidirectional": number % 4 in (1, 2),
        "bias": number % 5 != 4,
        "batch_first": number % 3 == 2,
        "dtype": torch.float64 if number % 4 == 3 else torch.float32,
    }
    if kind == "simple_rnn":
        options["nonlinearity"] = "relu" if number % 3 == 1 else "tanh"
    if kind == "lstm" and number % 3 == 0:
        options["proj_size"] = 1 + number % max(1, sizes["H"] - 1)
    return CLASSES[kind](sizes["I"], sizes["H"], **options), options


def run(module, options, x, lengths, initial):
    if lengths is None:
        return module(x, initial)
    batch_first = options["batch_first"]
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=batch_first, enforce_sorted=False)
    output, states = module(packed, initial)
    T = x.shape[1 if batch_first else 0]
    return torch.nn.utils.rnn.pad_packed_sequence(output, batch_first=batch_first, total_length=T)[0], states


def states_of(kind, states):
    return dict(zip(("h_n", "c_n"), states)) if kind == "lstm" else {"h_n": states}


def initial_states(kind, module, options, B, H, dtype):
    rows = options["num_layers"] * (2 if options["bidirectional"] else 1)
    h = torch.randn(rows, B, options.get("proj_size") or H, dtype=dtype)
    return (h, torch.randn(rows, B, H, dtype=dtype)) if kind == "lstm" else h


def with_states(kind, tensors, initial, states):
    """`tensors`, and the states of a module. `initial`, which may be None, and `states` are as it takes and returns them."""
    tensors = tensors | {f"expected/{key}": value for key, value in states_of(kind, states).items()}
    if initial is not None:
        tensors |= {f"initial/{key}": value for key, value in states_of(kind, initial).items()}
    return tensors


def write_case(directory, name, module, options, tensors):
    """Writes a golden of a module."""
    tensors = tensors | {f"module.{key}": value for key, value in module.state_dict().items()}
    arrays = {key: np.asarray(value.detach()) for key, value in tensors.items()}
    write(directory, name, {"origin": "pytorch", "torch": torch.__version__, **options}, arrays)


def export(module, x):
    """The bytes of a model, and the name of its recurrent node. Other nodes of the model compute the initial states."""
    data = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x,), data, dynamo=False, opset_version=17)
    nodes = onnx.load_from_string(data.getvalue()).graph.node
    return data.getvalue(), next(node.name for node in nodes if node.op_type in ("RNN", "GRU", "LSTM"))


def generate_exported(directory, seed):
    for kind, bidirectional in itertools.product(CLASSES, (False, True)):
        torch.manual_seed(seed)
        T, B, I, H, D = 5, 2, 3, 4, 1 + bidirectional
        module = CLASSES[kind](I, H, bidirectional=bidirectional).eval()
        x = torch.randn(T, B, I)
        with torch.no_grad():
            output, states = module(x)
        model, node = export(module, x)
        names = {"h_n": ("initial_h", "expected/Y_h"), "c_n": ("initial_c", "expected/Y_c")}
        tensors = {"X": x, "expected/Y": output.reshape(T, B, D, H).swapaxes(1, 2)}
        for name, value in states_of(kind, states).items():
            initial, final = names[name]
            tensors |= {initial: torch.zeros_like(value), final: value}
        arrays = {name: np.asarray(value) for name, value in tensors.items()} | {"model": packed_bytes(model)}
        description = {"origin": "onnx", "node": node, "model_bytes": len(model), "torch": torch.__version__}
        name = f"pytorch_export_{kind}" + ("_bidirectional" if bidirectional else "")
        write(directory, name, description, arrays)


def generate(directory, seed):
    generate_exported(directory, seed)
    numbers = itertools.count()
    for kind in CLASSES:
        for _ in range(18 if kind == "lstm" else 12):
            number = next(numbers)
            torch.manual_seed(seed + number)
            sizes = {"T": 1 + number % 6, "B": 1 + number % 4, "I": 1 + number % 5, "H": 2 + number % 5}
            T, B, I, H = sizes.values()
            module, options = make_module(kind, number, sizes)
            dtype = options.pop("dtype")
            x = torch.randn(*((B, T, I) if options["batch_first"] else (T, B, I)), dtype=dtype)
            lengths = torch.randint(1, T + 1, (B,)) if number % 2 == 0 else None
            initial = initial_states(kind, module, options, B, H, dtype) if number % 3 else None
            with torch.no_grad():
                output, states = run(module, options, x, lengths, initial)
            tensors = {"x": x, "expected/output": output}
            if lengths is not None:
                tensors["lengths"] = lengths.to(torch.int32)
            name = f"pytorch_{kind}_{number:03d}"
            tensors = with_states(kind, tensors, initial, states)
            write_case(directory, name, module, {"kind": kind, **options}, tensors)
