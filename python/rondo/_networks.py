"""Networks of recurrent layers from files, in one form for all files."""

from . import _rondo
from ._rondo import LoadedNetwork, NetworkSession


def keras_network(layers) -> LoadedNetwork:
    """The network of recurrent layers of a Keras file: those of rondo.keras.load(path).layers that follow each other,
    from the input up. Raises ValueError for a layer that a network cannot have, naming it."""
    return _rondo.keras_network([layer.source for layer in layers])


def onnx_network(nodes) -> LoadedNetwork:
    """The network of recurrent nodes of an ONNX file: those of rondo.onnx.load(path).nodes that follow each other, from
    the input up. Raises ValueError for a node that a network cannot have, naming it."""
    return _rondo.onnx_network([node.source for node in nodes])


__all__ = ["LoadedNetwork", "NetworkSession", "keras_network", "onnx_network"]
