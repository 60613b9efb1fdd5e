"""rondo.onnx.load."""

import os
import threading

from .. import _rondo
from .._arrays import as_tensor, from_tensor, library_of
from ..formats._reading import checked_path, import_extra, refusal


def load(path, *, math: str = "strict") -> "Model":
    """Reads the recurrent nodes of a model: a path, or an onnx.ModelProto. The package onnx, of rondo[onnx], reads
    protobuf.

    Weights may be in other files of the model's folder, or below it: a path that is absolute or has "..", and a
    symbolic link that leaves the folder, are errors of what reads such a tensor. An onnx.ModelProto has no folder:
    onnx.load puts such data into it.

    math: how nodes multiply numbers of float32, as that of rondo.Plan: "int8" for weights in 8 bits, as those of a
    DynamicQuantizeLSTM are.

    Returns a Model. Raises ValueError for a file that cannot be read or is no ONNX model. What is wrong with a node is
    raised when the node is called or asked for its weights, and stands in model.describe().
    """
    onnx = import_extra("onnx", "onnx")
    if isinstance(path, onnx.ModelProto):
        name, message, file = "onnx.ModelProto", path, None
    else:
        name = checked_path(path)
        message, file = _parsed(onnx, name), os.path.abspath(name)
    if not message.HasField("graph"):
        raise refusal(name, "a message without a graph", "an ONNX model")
    return Model(_rondo.read_onnx(message, name, file), math)


def _parsed(onnx, name):
    try:
        with open(name, "rb") as file:
            data = file.read()
    except OSError as error:
        raise refusal(name, "a file that cannot be opened", "a readable file") from error
    message = onnx.ModelProto()
    try:
        message.ParseFromString(data)  # not onnx.load, which opens the files that a model names
    except Exception as error:  # protobuf's DecodeError has another home in each of its implementations
        raise refusal(name, "bytes that are no such protobuf message", "an ONNX model") from error
    return message


class Nodes(dict):
    """Nodes by their names, in the order of the graph. The end of a path is enough where one node alone has it."""

    def __init__(self, file, nodes):
        super().__init__(nodes)
        self._file = file

    def __missing__(self, name):
        ends = [known for known in self if known.endswith(f"/{name}")]
        if len(ends) == 1:
            return self[ends[0]]
        raise KeyError(f"{self._file}: node: got {name!r}, expected one of {', '.join(repr(known) for known in self)}")


class Model:
    """The recurrent nodes of a model, and its constants.

    `nodes` has the nodes by name: the node's own, or that of its first output that has one; before it stands the path
    of a node in the body of If, Loop or Scan, "loop/body/lstm", or in a function. Nodes that share a name have "#" and
    their number behind it. `tensors` has the types and shapes of the initializers by name, and tensor(name) reads one.
    """

    def __init__(self, source, math="strict"):
        self.source = source  # the _rondo.OnnxModel
        self.file, self.producer = source.file, source.producer
        self.ir_version, self.opset = source.ir_version, source.opset
        sources = source.nodes
        names = [node.name for node in sources]
        keys = (node.name if names.count(node.name) == 1 else f"{node.name}#{k}" for k, node in enumerate(sources))
        self.nodes = Nodes(self.file, ((key, Node(node, math)) for key, node in zip(keys, sources)))

    def __repr__(self):
        return f"<rondo.onnx.Model {self.file}: {', '.join(self.nodes)}>"

    def __call__(self, *inputs, **options):
        """The model's only recurrent node, called: Y, Y_h = model(X). Raises ValueError for another number of nodes."""
        if len(self.nodes) != 1:
            names = ", ".join(repr(name) for name in self.nodes)
            raise refusal(f"{self.file}: node", names or "none", "a model of one recurrent node, or model.nodes[name]")
        return next(iter(self.nodes.values()))(*inputs, **options)

    @property
    def tensors(self):
        """The type and shape of each initializer by its name, such as "FLOAT(3, 4)"."""
        return self.source.tensors

    def tensor(self, name):
        """An initializer, the value of a Constant, or what follows from them, as an array of NumPy."""
        return from_tensor(self.source.tensor(name), "numpy").copy()

    def describe(self):
        """A text of the file and its nodes, one a line, with what runs them, and the number of nodes of other kinds."""
        producer = f" of {self.producer}" if self.producer else ""
        lines = [f"{self.file}{producer}, IR version {self.ir_version}, opset {self.opset}"]
        lines += [f"  {name}: {node.describe()}" for name, node in self.nodes.items()]
        others = [f"{count} {name}" for name, count in self.source.other_operators.items()]
        return "\n".join(lines + [f"  other nodes: {', '.join(others) or 'none'}"])


class Node:
    """A node that can be called as the operator: Y, Y_h = node(X), of an LSTM Y, Y_h, Y_c = node(X).

    It uses the weights of the model, and the model's constant lengths and initial states in calls that give none.
    Lengths and states that the rest of the model computes must be given to each call. Calls from several threads run
    one after another.
    """

    def __init__(self, source, math="strict"):
        self.source = source  # the _rondo.OnnxNode
        self.math = math
        self.name, self.kind, self.direction = source.name, source.kind, source.direction
        self._runners = {}  # by device
        self._lock = threading.Lock()

    def __repr__(self):
        return f"<rondo.onnx.Node {self.name}: {self.describe()}>"

    @property
    def inputs(self):
        """The names of X, W, R, B, sequence_lens, initial_h, initial_c and P in the graph; "" for one left out."""
        return self.source.inputs

    @property
    def outputs(self):
        """The names of Y, Y_h and Y_c in the graph."""
        return self.source.outputs

    def get_weights(self):
        """W, R, B and P in ONNX's layout, as arrays of NumPy; None for one that the node does not have."""
        weights = self.source.weights.items()
        return {name: None if weight is None else from_tensor(weight, "numpy") for name, weight in weights}

    def describe(self):
        layout = ", layout 1" if self.source.layout else ""
        text = f"{self.kind}, {self.direction}{layout}"
        try:
            cells = self.source.cells
        except ValueError as error:  # weights that the rest of the model computes, or a node that Rondo lacks
            return f"{text}; cannot run: {error}"
        return f"{text}, of {cells[0].units} units; {self.explain(1, 1).splitlines()[0]}"

    def explain(self, T, B, has_lengths=False):
        """How inputs of this size run on the CPU, or why the node runs step by step."""
        with self._lock:
            return self._runner("cpu").explain(T, B, has_lengths)

    def _runner(self, device):
        if device not in self._runners:
            self._runners[device] = _rondo.OnnxRunner(self.source, device, math=self.math)
        return self._runners[device]

    def __call__(self, X, *, sequence_lens=None, initial_h=None, initial_c=None):
        """Y (T, D, B, H), Y_h (D, B, H) and, of an LSTM, Y_c (D, B, H), in the library of X.

        X is (T, B, I), of the dtype of the weights; with the attribute layout 1, B stands before T and before D.
        `sequence_lens`: int32 (B,), from 0 to T. D is the number of directions.
        """
        library = library_of(X)
        x = as_tensor(X, "X")
        names = {"sequence_lens": "lengths", "initial_h": "initial_h", "initial_c": "initial_c"}
        values = {"sequence_lens": sequence_lens, "initial_h": initial_h, "initial_c": initial_c}
        given = {names[name]: as_tensor(value, name) for name, value in values.items() if value is not None}
        with self._lock:
            results = self._runner(x.device).run(x, **given)
        return tuple(from_tensor(result, library) for result in results if result is not None)
