"""Recurrent nodes of ONNX models, by name, ready to run.

>>> model = rondo.onnx.load("forecast.onnx")
>>> print(model.describe())
>>> Y, Y_h, Y_c = model.nodes["lstm"](X)

Whole models run in ONNX Runtime, whose recurrent nodes Rondo takes:

>>> options = rondo.onnx.register().session_options()
>>> session = onnxruntime.InferenceSession("forecast.onnx", options)
"""

from ._model import Model, Node, load
from ._runtime import Provider, register

__all__ = ["Model", "Node", "Provider", "load", "register"]
