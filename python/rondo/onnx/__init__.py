"""Recurrent nodes of ONNX models, by name, ready to run.

>>> model = rondo.onnx.load("forecast.onnx")
>>> print(model.describe())
>>> Y, Y_h, Y_c = model.nodes["lstm"](X)
"""

from ._model import Model, Node, load

__all__ = ["Model", "Node", "load"]
