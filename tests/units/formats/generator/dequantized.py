"""Writes what ONNX Runtime's LSTM in floats computes with the weights of a DynamicQuantizeLSTM.

    python dequantized.py

DynamicQuantizeLSTM also rounds X and h to 8 bits in each step, so that its own answers, expected.safetensors, say little
of how the weights were read. These do: expected_floats.safetensors. requirements.txt has the versions.
"""

import pathlib

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

FOLDER = pathlib.Path(__file__).parent.parent / "onnx_files" / "dynamic_quantize_lstm"


def dequantized(arrays, name):
    """(D, I, 4 H) of integers as (D, 4 H, I) of floats."""
    steps = arrays[f"{name}_quantized"].astype("float32") - arrays[f"{name}_zero_point"].astype("float32").reshape(-1, 1, 1)
    return numpy.ascontiguousarray((steps * arrays[f"{name}_scale"].reshape(-1, 1, 1)).swapaxes(1, 2))


def main():
    model = onnx.load(FOLDER / "model.onnx")
    arrays = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    weights = {"W": dequantized(arrays, "W"), "R": dequantized(arrays, "R"), "B": arrays["B"]}
    names = ["Y", "Y_h", "Y_c"]
    node = helper.make_node("LSTM", ["X", "W", "R", "B"], names, hidden_size=weights["R"].shape[2])
    graph = helper.make_graph([node], "floats", [helper.make_tensor_value_info("X", TensorProto.FLOAT, (None, None, None))],
                              [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names],
                              [numpy_helper.from_array(array, name) for name, array in weights.items()])
    floats = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    session = onnxruntime.InferenceSession(floats.SerializeToString(), providers=["CPUExecutionProvider"])
    x = load_file(FOLDER / "expected.safetensors")["X"]
    save_file({"X": x, **dict(zip(names, session.run(names, {"X": x})))}, FOLDER / "expected_floats.safetensors")


if __name__ == "__main__":
    main()
