"""Recurrent networks on CPUs and CUDA GPUs, with the numbers that Keras and TensorFlow document.

    rondo.keras     keras.backend.rnn, and the layers RNN, LSTM, GRU, SimpleRNN, Bidirectional and ConvLSTM of Keras
    rondo.compat    dynamic_rnn and the cells of tf.compat.v1.nn
    rondo.contrib   tf.contrib.keras.backend.rnn of TensorFlow 1.1
    rondo.torch     LSTM, GRU and RNN as modules of PyTorch
    rondo.onnx      recurrent nodes of ONNX models
    rondo.serve     sessions on many machines, with Ray Serve

Arrays of NumPy, PyTorch, JAX and CuPy go in without a copy, and results are arrays of the library that the inputs
are of.
"""

import importlib
from typing import TYPE_CHECKING

try:
    from . import _rondo
except ImportError as error:
    from ._libraries import LIBRARIES, load_libraries

    if not any(name in str(error) for name in LIBRARIES):
        raise
    load_libraries()
    try:
        from . import _rondo
    except ImportError as still:
        raise ImportError("rondo was built with CUDA, whose libraries are not there: "
                          "pip install 'rondo[cuda]'") from still

from ._arrays import as_tensor, from_tensor
from ._networks import keras_network, onnx_network
from ._rondo import (
    CellSpec,
    DeviceError,
    DirectionTensors,
    LayerTensors,
    LoadedNetwork,
    NetworkSession,
    NetworkTensors,
    Plan,
    RecurrenceSpec,
    Safetensors,
    Session,
    SessionGradients,
    SessionTensors,
    Tensor,
    cuda_device_count,
    empty,
    executor_names,
    get_threads,
    load_safetensors,
    parse_safetensors,
    pytorch_network,
    set_threads,
    zeros,
)
from ._state_pool import StatePool, StreamChunk
from ._stream_batcher import StreamAnswer, StreamBatcher, StreamError, StreamMetrics

__all__ = ["CellSpec", "DeviceError", "DirectionTensors", "LayerTensors", "LoadedNetwork", "NetworkSession",
           "NetworkTensors", "Plan", "RecurrenceSpec", "Safetensors", "Session", "SessionGradients", "SessionTensors",
           "StatePool", "StreamAnswer", "StreamBatcher", "StreamChunk", "StreamError", "StreamMetrics", "Tensor",
           "as_tensor", "cuda_device_count", "empty", "executor_names", "from_tensor", "get_threads", "keras_network",
           "load_safetensors", "onnx_network", "parse_safetensors", "pytorch_network", "set_threads", "zeros"]
__version__ = "0.2.0"

_PACKAGES = ("compat", "contrib", "keras", "onnx", "serve", "torch")

if TYPE_CHECKING:
    from . import compat as compat, contrib as contrib, keras as keras, onnx as onnx, serve as serve, torch as torch
else:

    def __getattr__(name):
        """Imports a package of Rondo's at its first use, because rondo.torch imports PyTorch."""
        if name in _PACKAGES:
            return importlib.import_module(f"rondo.{name}")
        raise AttributeError(f"module 'rondo' has no attribute {name!r}")


def __dir__():
    return [*globals(), *_PACKAGES]
