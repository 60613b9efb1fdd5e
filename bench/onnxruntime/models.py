"""The models of the contest: three that exporters wrote, five larger ones, and single steps."""

import dataclasses
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FILES = pathlib.Path(__file__).resolve().parents[2] / "tests/units/formats/onnx_files/whole_models"
GATES = {"LSTM": 4, "GRU": 3}


@dataclasses.dataclass
class Case:
    name: str
    model: onnx.ModelProto
    inputs: dict
    kind: str
    """exported, larger or step"""


class Builder:
    """A graph that grows node by node, with random weights."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.initializers, self.inputs, self.outputs, self.given = [], [], [], [], {}

    def constant(self, shape=None, scale=0.05, array=None):
        array = (self.random.standard_normal(shape) * scale).astype(np.float32) if array is None else np.array(array)
        name = f"constant_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def input(self, name, array):
        kind = TensorProto.INT64 if array.dtype == np.int64 else TensorProto.FLOAT
        self.inputs.append(helper.make_tensor_value_info(name, kind, array.shape))
        self.given[name] = array
        return name

    def signal(self, name, *shape):
        return self.input(name, self.random.standard_normal(shape).astype(np.float32))

    def node(self, op_type, *inputs, outputs=1, **attributes):
        names = [f"{op_type}_{len(self.nodes)}_{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(op_type, list(inputs), names, name=names[0], **attributes))
        return names[0] if outputs == 1 else names

    def recurrent(self, op_type, x, I, H, D=1, states=()):
        """Y, Y_h and, of an LSTM, Y_c."""
        rows = GATES[op_type] * H
        weights = [self.constant((D, rows, I)), self.constant((D, rows, H)), self.constant((D, 2 * rows))]
        direction = "bidirectional" if D == 2 else "forward"
        return self.node(op_type, x, *weights, "", *states, outputs=3 if op_type == "LSTM" else 2, hidden_size=H,
                         direction=direction)

    def features(self, y, width):
        """Y (T, D, B, H) as (T, B, D H)."""
        turned = self.node("Transpose", y, perm=[0, 2, 1, 3])
        return self.node("Reshape", turned, self.constant(array=np.array([0, 0, width])))

    def case(self, name, kind, *outputs):
        infos = [helper.make_tensor_value_info(one, TensorProto.FLOAT, None) for one in outputs]
        graph = helper.make_graph(self.nodes, "g", self.inputs, infos, self.initializers)
        return Case(name, helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), self.given, kind)


def exported():
    """Models that PyTorch's two exporters and tf2onnx wrote, as they are."""
    random = np.random.default_rng(1)
    for name in ("tagger_legacy", "tagger_dyn", "tf_plain"):
        model = onnx.load(FILES / f"{name}.onnx")
        given = {}
        for one in model.graph.input:
            kind = one.type.tensor_type
            shape = [axis.dim_value or size for axis, size in zip(kind.shape.dim, (2, 9, 3))]
            given[one.name] = (random.standard_normal(shape).astype(np.float32) if kind.elem_type == TensorProto.FLOAT
                               else random.integers(1, 4, shape).astype(helper.tensor_dtype_to_np_dtype(kind.elem_type)))
        shapes = " and ".join(str(array.shape) for array in given.values())
        yield Case(f"{name}.onnx, {shapes}", model, given, "exported")


def tagger(B, T=50, H=256, words=5000):
    made = Builder(2)
    ids = made.input("ids", made.random.integers(0, words, (T, B)))
    x = made.node("Gather", made.constant((words, 128)), ids)
    y = made.recurrent("LSTM", x, 128, H, D=2)[0]
    tags = made.node("MatMul", made.features(y, 2 * H), made.constant((2 * H, 20)))
    return made.case(f"tagger: Embedding, bidirectional LSTM {H}, Dense; T {T} B {B}", "larger", tags)


def acoustic(B, T=100, H=512):
    made = Builder(3)
    x = made.signal("x", B, 80, T)
    x = made.node("Relu", made.node("Conv", x, made.constant((256, 80, 3)), pads=[1, 1]))
    x = made.node("Transpose", x, perm=[2, 0, 1])
    y = made.recurrent("GRU", x, 256, H)[0]
    scores = made.node("MatMul", made.features(y, H), made.constant((H, 48)))
    return made.case(f"acoustic: Conv1D 256, GRU {H}, Dense; T {T} B {B}", "larger", made.node("Softmax", scores))


def language(B, H=512, words=2000):
    made = Builder(4)
    ids = made.input("ids", made.random.integers(0, words, (1, B)))
    x = made.node("Gather", made.constant((words, H)), ids)
    outputs = []
    for layer in range(2):
        states = [made.signal(f"{letter}{layer}", 1, B, H) for letter in "hc"]
        y, h, c = made.recurrent("LSTM", x, H, H, states=states)
        x = made.features(y, H)
        outputs += [h, c]
    return made.case(f"language: Embedding, 2 x LSTM {H}, Dense {words}; T 1 B {B}", "larger",
                     made.node("MatMul", x, made.constant((H, words))), *outputs)


def classifier(B, T=100, H=128):
    made = Builder(5)
    y, h, c = made.recurrent("LSTM", made.signal("x", T, B, 40), 40, H)
    del y, c
    return made.case(f"classifier: LSTM {H}, Dense; T {T} B {B}", "larger",
                     made.node("Sigmoid", made.node("MatMul", h, made.constant((H, 10)))))


def encoder_decoder(B, T=20, H=384):
    made = Builder(6)
    h = made.recurrent("GRU", made.signal("source", T, B, 64), 64, H)[1]
    y = made.recurrent("GRU", made.signal("target", T, B, 64), 64, H, states=[h])[0]
    return made.case(f"encoder and decoder: GRU {H} each, Dense; T {T} and {T}, B {B}", "larger",
                     made.node("MatMul", made.features(y, H), made.constant((H, 64))))


def step(op_type, H):
    made = Builder(7)
    states = [made.signal(letter, 1, 1, H) for letter in ("hc" if op_type == "LSTM" else "h")]
    outputs = made.recurrent(op_type, made.signal("x", 1, 1, H), H, H, states=states)
    return made.case(f"{op_type} {H} alone; T 1 B 1", "step", *outputs)


def cases():
    yield from exported()
    for make, B in ((tagger, 1), (acoustic, 1), (language, 1), (classifier, 16), (encoder_decoder, 4)):
        yield make(B)
    for op_type in ("LSTM", "GRU"):
        for H in (16, 64, 128, 256, 512):
            yield step(op_type, H)
