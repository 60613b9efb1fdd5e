"""rondo.onnx.load."""

import threading

from .. import _rondo
from .._arrays import as_tensor, from_tensor, library_of
from ..formats._reading import checked_path, import_extra, refusal


def load(path):
    """Reads the recurrent nodes of a model: a path, or an onnx.ModelProto. The package onnx, of rondo[onnx], reads
    protobuf.

    Returns a Model. Raises ValueError naming the file, the node, what was found and what was expected: for a file that
    cannot be read or is no ONNX model; an attribute of another type or value than the operator has; an activation that
    Rondo does not have; a weight of another dtype than float16, bfloat16, float32 and float64, with fewer or more data
    than its shape says, outside of the model file, or of a shape that does not fit the node.
    """
    onnx = import_extra("onnx", "onnx")
    if isinstance(path, onnx.ModelProto):
        name, message = "onnx.ModelProto", path
    else:
        name = checked_path(path)
        message = _parsed(onnx, name)
    if not message.HasField("graph"):
        raise refusal(name, "a message without a graph", "an ONNX model")
    return Model(name, _rondo.read_onnx(message, name))


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
    """Nodes by their names, in the order of the graph."""

    def __init__(self, file, nodes):
        super().__init__(nodes)
        self._file = file

    def __missing__(self, name):
        raise KeyError(f"{self._file}: node: got {name!r}, expected one of {', '.join(repr(known) for known in self)}")


class Model:
    """The RNN, GRU and LSTM nodes of a model's graph; those in the bodies of If, Loop, Scan and functions are not
    listed.

    `nodes` has them by name: the node's own, or that of its first output that has one. Nodes that share a name have "#"
    and their number behind it.
    """

    def __init__(self, file, read):
        self.file = file
        self.producer, self.ir_version, self.opset = read["producer"], read["ir_version"], read["opset"]
        sources = read["nodes"]
        names = [source.name for source in sources]
        self.nodes = Nodes(file, ((source.name if names.count(source.name) == 1 else f"{source.name}#{k}", Node(source))
                                  for k, source in enumerate(sources)))

    def __repr__(self):
        return f"<rondo.onnx.Model {self.file}: {', '.join(self.nodes)}>"

    def describe(self):
        """A text of the file and its nodes, one a line."""
        producer = f" of {self.producer}" if self.producer else ""
        lines = [f"{self.file}{producer}, IR version {self.ir_version}, opset {self.opset}"]
        return "\n".join(lines + [f"  {name}: {node.describe()}" for name, node in self.nodes.items()])


class Node:
    """A node that can be called as the operator: Y, Y_h = node(X), of an LSTM Y, Y_h, Y_c = node(X).

    It uses the weights of the model, and the model's constant lengths and initial states in calls that give none.
    Lengths and states that the rest of the model computes must be given to each call. Calls from several threads run
    one after another.
    """

    def __init__(self, source):
        self.source = source  # the _rondo.OnnxNode
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
        except ValueError as error:  # weights that the rest of the model computes
            return f"{text}; cannot run: {error}"
        return f"{text}, of {cells[0].units} units; {self.explain(1, 1).splitlines()[0]}"

    def explain(self, T, B, has_lengths=False):
        """How inputs of this size run on the CPU, or why the node runs step by step."""
        with self._lock:
            return self._runner("cpu").explain(T, B, has_lengths)

    def _runner(self, device):
        if device not in self._runners:
            self._runners[device] = _rondo.OnnxRunner(self.source, device)
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
