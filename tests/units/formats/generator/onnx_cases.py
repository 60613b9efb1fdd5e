"""RNN, GRU and LSTM nodes as ONNX Runtime runs them.

Each case holds a whole model file, whose weights are initializers or Constant nodes. ONNX Runtime has only float32 and
no layout 1: a case of layout 1 is run with layout 0 and transposed, as the operator's page defines layout 1.

onnx_reference.py computes every case a second time. Where ONNX Runtime differs from the operator's page in one of the two
points that onnx_reference.py lists, the page wins: the case has the reference's numbers, and says so in
`origin_of_numbers`.
"""

import itertools

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import onnx_reference
from golden_file import packed_bytes, write

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
DIRECTIONS = ("forward", "reverse", "bidirectional")
SIXTH = np.float32(1) / np.float32(6)
TOLERANCE = 5e-6  # ONNX Runtime computes in float32

# Functions of one direction, with their alphas and betas. None: the defaults, which a model does not name.
DEFAULTS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}
FUNCTIONS = {
    "RNN": [
        (None, [], []),
        (["Relu"], [], []),
        (["Sigmoid"], [], []),
        (["HardSigmoid"], [0.2], [0.5]),
        (["Affine"], [1.0], [0.0]),
        (["HardSigmoid"], [SIXTH], [0.5]),
    ],
    "GRU": [
        (None, [], []),
        (["HardSigmoid", "Tanh"], [0.2], [0.5]),
        (["Sigmoid", "Relu"], [], []),
        (["Sigmoid", "Affine"], [1.0], [0.0]),
        (["hardsigmoid", "HARDSIGMOID"], [SIXTH, 0.2], [0.5, 0.5]),
    ],
    "LSTM": [
        (None, [], []),
        (["HardSigmoid", "Tanh", "Tanh"], [0.2], [0.5]),
        (["Sigmoid", "Relu", "Tanh"], [], []),
        (["HardSigmoid", "Affine", "Affine"], [SIXTH, 1.0, 1.0], [0.5, 0.0, 0.0]),
        (["Tanh", "Sigmoid", "Relu"], [], []),
    ],
}


class Case:
    def __init__(self, number, op, direction, random):
        self.op, self.direction, self.random = op, direction, random
        self.T, self.B, self.I, self.H = (int(size) for size in random.integers(1, [7, 5, 6, 8]))
        self.D = 2 if direction == "bidirectional" else 1
        self.batch_major = self.coin(0.25)
        self.as_constants = self.coin(0.25)
        self.has_bias = self.coin(0.8)
        self.has_lengths = self.coin(0.6)
        self.has_initial = self.coin(0.6)
        self.clip = [0.4, 1.5][number % 2] if self.coin(0.35) else None
        self.linear_before_reset = self.coin(0.5)
        self.peepholes = op == "LSTM" and self.coin(0.4)
        self.input_forget = op == "LSTM" and self.coin(0.25)
        # Each direction has other functions. If one direction names its functions, the other names its defaults.
        found = [FUNCTIONS[op][(number + d) % len(FUNCTIONS[op])] for d in range(self.D)]
        named = any(names for names, _, _ in found)
        self.functions = [(names or (DEFAULTS[op] if named else None), *rest) for names, *rest in found]

    def coin(self, probability):
        return bool(self.random.random() < probability)

    def attributes(self):
        found = {"hidden_size": self.H}
        if self.direction != "forward":
            found["direction"] = self.direction
        if self.functions[0][0]:
            found["activations"] = [name for names, _, _ in self.functions for name in names]
            alphas = [float(alpha) for _, alphas, _ in self.functions for alpha in alphas]
            if alphas:
                found["activation_alpha"] = alphas
                found["activation_beta"] = [float(beta) for _, _, betas in self.functions for beta in betas]
        if self.clip:
            found["clip"] = self.clip
        if self.op == "GRU" and self.linear_before_reset:
            found["linear_before_reset"] = 1
        if self.input_forget:
            found["input_forget"] = 1
        return found

    def draw(self, *shape):
        return self.random.uniform(-1, 1, shape).astype(np.float32)

    def weights(self):
        G, H = GATES[self.op], self.H
        found = {"W": self.draw(self.D, G * H, self.I), "R": self.draw(self.D, G * H, H)}
        if self.has_bias:
            found["B"] = self.draw(self.D, 2 * G * H)
        if self.peepholes:
            found["P"] = self.draw(self.D, 3 * H)
        return found

    def inputs(self):
        found = {"X": self.draw(self.T, self.B, self.I)}
        if self.has_lengths:
            lengths = self.random.integers(0, self.T + 1, self.B)
            lengths[0] = self.T
            found["sequence_lens"] = self.random.permutation(lengths).astype(np.int32)
        if self.has_initial:
            found["initial_h"] = self.draw(self.D, self.B, self.H)
            if self.op == "LSTM":
                found["initial_c"] = self.draw(self.D, self.B, self.H)
        return found

    def functions_of(self, names, alphas, betas):
        parameters = iter(zip(alphas, betas))
        takes = lambda name: next(parameters) if name.lower() in ("hardsigmoid", "affine") else ()
        return [onnx_reference.function(name, *takes(name)) for name in names or DEFAULTS[self.op]]

    def reference_node(self, as_onnxruntime):
        functions = [self.functions_of(*direction) for direction in self.functions]
        return onnx_reference.Node(self.op, self.direction, self.H, functions, self.clip,
                                   bool(self.linear_before_reset), self.input_forget, as_onnxruntime)

    def model(self, weights, inputs, attributes):
        names = ["X", "W", "R", "B", "sequence_lens", "initial_h"] + (["initial_c", "P"] if self.op == "LSTM" else [])
        used = [name if name in weights or name in inputs else "" for name in names]
        while used[-1] == "":
            used.pop()
        outputs = {"Y": 4, "Y_h": 3} | ({"Y_c": 3} if self.op == "LSTM" else {})
        nodes = [helper.make_node(self.op, used, list(outputs), name="the node", **attributes)]
        constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
        if self.as_constants:
            nodes = [helper.make_node("Constant", [], [c.name], value=c) for c in constants] + nodes
            constants = []
        kinds = {np.dtype("f4"): TensorProto.FLOAT, np.dtype("i4"): TensorProto.INT32}
        graph = helper.make_graph(
            nodes,
            "graph",
            [helper.make_tensor_value_info(name, kinds[value.dtype], value.shape) for name, value in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank) for name, rank in outputs.items()],
            constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], producer_name="rondo goldens")
        model.ir_version = 8
        return model

    def transposed(self, name, value):
        """Converts a tensor from layout 0 to layout 1."""
        if name in ("X", "initial_h", "initial_c", "Y_h", "Y_c"):
            return value.swapaxes(0, 1)
        return value.transpose(2, 0, 1, 3) if name == "Y" else value


def run(model, inputs):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, inputs)))


def largest_difference(found, expected):
    """The largest difference, relative to the largest number of each tensor."""
    return max(np.abs(found[name] - value).max() / max(np.abs(value).max(), 1e-30) for name, value in expected.items())


def expected_of(case, model, weights, inputs):
    """The results of a case, and their origin."""
    from_onnxruntime = run(model, inputs)
    as_onnxruntime = onnx_reference.run(case.reference_node(True), weights, inputs)
    if largest_difference(from_onnxruntime, as_onnxruntime) > TOLERANCE:
        raise RuntimeError(f"ONNX Runtime differs from the reference: {case.attributes()}")
    documented = onnx_reference.run(case.reference_node(False), weights, inputs)
    if largest_difference(documented, as_onnxruntime) == 0:
        return from_onnxruntime, "onnxruntime"
    return {name: value.astype(np.float32) for name, value in documented.items()}, "documented"


def generate(directory, seed):
    numbers = itertools.count()
    for op, direction in itertools.product(GATES, DIRECTIONS):
        for _ in range(18 if op == "LSTM" else 12):
            number = next(numbers)
            case = Case(number, op, direction, np.random.default_rng([seed, number]))
            weights, inputs, attributes = case.weights(), case.inputs(), case.attributes()
            model = case.model(weights, inputs, attributes)
            onnx.checker.check_model(model)
            expected, source = expected_of(case, model, weights, inputs)
            if case.batch_major:
                inputs = {name: case.transposed(name, value) for name, value in inputs.items()}
                expected = {name: case.transposed(name, value) for name, value in expected.items()}
                model = case.model(weights, inputs, {**attributes, "layout": 1})
            data = model.SerializeToString(deterministic=True)
            tensors = {"model": packed_bytes(data), **inputs}
            tensors |= {f"expected/{name}": value for name, value in expected.items()}
            description = {
                "origin": "onnx",
                "node": "the node",
                "model_bytes": len(data),
                "origin_of_numbers": source,
                "onnxruntime": onnxruntime.__version__,
                "attributes": {key: str(value) for key, value in attributes.items()},
                "layout": int(case.batch_major),
            }
            write(directory, f"onnx_{op.lower()}_{number:03d}_{direction}", description, tensors)
