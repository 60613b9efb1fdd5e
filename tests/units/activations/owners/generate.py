"""Writes the values and the derivatives of activations over all exponents, as their owners compute them.

    python generate.py keras3    Keras 3 on TensorFlow, in f64: values and derivatives
    python generate.py keras2    Keras 2.15, the same
    python generate.py onnx      ONNX Runtime's operator RNN, in f32: values

Each file OWNER.npz has the array x, and "NAME value" and "NAME slope" for each activation, by the names of Rondo's
activation_from_name. requirements.txt has the versions. Nothing is drawn at random.
"""

import os
import pathlib
import sys

import numpy

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

KINKS = (0.25, 0.5, 1.0, 1.5, 2.5, 3.0, 6.0)


def grid():
    """0, powers of two from 2^-140 to 2^120, other numbers where functions bend, kinks, infinities and NaN."""
    magnitudes = [2.0**k for k in range(-140, 121)]
    magnitudes += [numpy.float32(2.0**k * f) for k in range(-8, 8) for f in (1.21, 1.57, 1.83)]
    magnitudes += list(KINKS)
    magnitudes = sorted({float(m) for m in magnitudes})
    return numpy.array([0.0] + [s * m for m in magnitudes for s in (1, -1)] + [numpy.inf, -numpy.inf, numpy.nan])


KERAS3 = {
    "linear": "linear", "tanh": "tanh", "sigmoid": "sigmoid", "hard_sigmoid_keras3": "hard_sigmoid", "relu": "relu",
    "elu": "elu", "selu": "selu", "celu": "celu", "silu": "silu", "swish": "swish", "hard_silu": "hard_silu",
    "hard_swish": "hard_swish", "gelu": "gelu", "mish": "mish", "softplus": "softplus", "softsign": "softsign",
    "exponential": "exponential", "relu6": "relu6", "leaky_relu": "leaky_relu", "log_sigmoid": "log_sigmoid",
    "hard_tanh": "hard_tanh", "hard_shrink": "hard_shrink", "soft_shrink": "soft_shrink", "tanh_shrink": "tanh_shrink",
    "squareplus": "squareplus", "sparse_plus": "sparse_plus", "sparse_sigmoid": "sparse_sigmoid",
}
KERAS3_WITH = {
    "elu(0.5)": ("elu", {"alpha": 0.5}), "celu(1.5)": ("celu", {"alpha": 1.5}),
    "gelu_tanh": ("gelu", {"approximate": True}), "leaky_relu(0.25)": ("leaky_relu", {"negative_slope": 0.25}),
    "hard_shrink(0.25)": ("hard_shrink", {"threshold": 0.25}), "soft_shrink(1.5)": ("soft_shrink", {"threshold": 1.5}),
    "squareplus(1)": ("squareplus", {"b": 1}),
    "threshold(0.5, -2)": ("threshold", {"threshold": 0.5, "default_value": -2.0}),
    "general_relu(0.125)": ("relu", {"negative_slope": 0.125}),
    "general_relu(0, 6)": ("relu", {"max_value": 6.0}),
    "general_relu(0, 3)": ("relu", {"max_value": 3.0}),
    "general_relu(0.1, 3, 0.5)": ("relu", {"negative_slope": 0.1, "max_value": 3.0, "threshold": 0.5}),
    "general_relu(0, inf, 1)": ("relu", {"threshold": 1.0}),
    "general_relu(0.25, 2.5, -1.5)": ("relu", {"negative_slope": 0.25, "max_value": 2.5, "threshold": -1.5}),
}
KERAS2 = {
    "linear": "linear", "tanh": "tanh", "sigmoid": "sigmoid", "hard_sigmoid": "hard_sigmoid", "relu": "relu",
    "elu": "elu", "selu": "selu", "silu": "swish", "gelu": "gelu", "mish": "mish", "softplus": "softplus",
    "softsign": "softsign", "exponential": "exponential",
}
KERAS2_WITH = {
    "gelu_tanh": ("gelu", {"approximate": True}), "elu(0.5)": ("elu", {"alpha": 0.5}),
    "general_relu(0.1, 3, 0.5)": ("relu", {"alpha": 0.1, "max_value": 3.0, "threshold": 0.5}),
    "general_relu(0, inf, 1)": ("relu", {"threshold": 1.0}),
    "general_relu(0.25, 2.5, -1.5)": ("relu", {"alpha": 0.25, "max_value": 2.5, "threshold": -1.5}),
}
ONNX = {
    "linear": ("Affine", [1.0], [0.0]), "affine(0.5, 2)": ("Affine", [0.5], [2.0]), "relu": ("Relu", [], []),
    "leaky_relu(0.01)": ("LeakyRelu", [], []), "leaky_relu(0.25)": ("LeakyRelu", [0.25], []),
    "thresholded_relu": ("ThresholdedRelu", [1.0], []), "thresholded_relu(2.5)": ("ThresholdedRelu", [2.5], []),
    "scaled_tanh(1.5, 0.25)": ("ScaledTanh", [1.5], [0.25]), "hard_sigmoid": ("HardSigmoid", [], []),
    "hard_sigmoid_onnx(0.25, 0.375)": ("HardSigmoid", [0.25], [0.375]), "elu": ("Elu", [], []),
    "elu(0.5)": ("Elu", [0.5], []), "softsign": ("Softsign", [], []), "softplus": ("Softplus", [], []),
    "tanh": ("Tanh", [], []), "sigmoid": ("Sigmoid", [], []),
}


def of_keras(functions, x):
    """The value and the derivative of each function."""
    import tensorflow

    arrays = {}
    for name, function in functions.items():
        variable = tensorflow.constant(x)
        with tensorflow.GradientTape() as tape:
            tape.watch(variable)
            value = tensorflow.convert_to_tensor(function(variable))
        arrays[f"{name} value"] = value.numpy()
        arrays[f"{name} slope"] = tape.gradient(value, variable).numpy()
    return arrays


def keras3(x):
    import keras

    functions = {name: keras.activations.get(key) for name, key in KERAS3.items()}
    for name, (key, settings) in KERAS3_WITH.items():
        functions[name] = lambda v, key=key, settings=settings: getattr(keras.activations, key)(v, **settings)
    return of_keras(functions, x)


def keras2(x):
    import tensorflow

    activations = tensorflow.keras.activations
    functions = {name: getattr(activations, key) for name, key in KERAS2.items()}
    for name, (key, settings) in KERAS2_WITH.items():
        functions[name] = lambda v, key=key, settings=settings: getattr(activations, key)(v, **settings)
    return of_keras(functions, x)


def onnx(x):
    """A simple RNN of one unit without a recurrence: h' = f(x)."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper

    arrays = {}
    for name, (function, alphas, betas) in ONNX.items():
        attributes = {"activations": [function]}
        if alphas:
            attributes["activation_alpha"] = alphas
        if betas:
            attributes["activation_beta"] = betas
        node = helper.make_node("RNN", ["X", "W", "R"], ["Y"], hidden_size=1, **attributes)
        constants = [helper.make_tensor("W", TensorProto.FLOAT, (1, 1, 1), [1.0]),
                     helper.make_tensor("R", TensorProto.FLOAT, (1, 1, 1), [0.0])]
        graph = helper.make_graph([node], "rnn", [helper.make_tensor_value_info("X", TensorProto.FLOAT, (1, None, 1))],
                                  [helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)], constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        rows = x.astype("float32").reshape(1, -1, 1)
        arrays[f"{name} value"] = session.run(None, {"X": rows})[0].reshape(-1).astype("float64")
    return arrays


def main():
    owner = sys.argv[1]
    x = grid()
    with numpy.errstate(all="ignore"):
        arrays = {"keras3": keras3, "keras2": keras2, "onnx": onnx}[owner](x)
    numpy.savez_compressed(pathlib.Path(__file__).parent / f"{owner}.npz", x=x, **arrays)


if __name__ == "__main__":
    main()
