"""The names of tf.keras for recurrent networks, as in TensorFlow 2.9 to 2.15, for arrays of NumPy, PyTorch, JAX and
CuPy.

    from rondo import keras
    from rondo.keras import backend, layers

    lstm = layers.LSTM(32, return_sequences=True)
    y = lstm(x)  # x: an array (B, T, I); y: (B, T, 32), of the same library

`backend.rnn` runs any step function over time; `layers` has RNN, LSTM, GRU, SimpleRNN, their cells, StackedRNNCells,
Bidirectional, ConvLSTM1D to 3D and Layer, the base class of cells of your own; `initializers`, `activations` and
`utils` what they need. docs/semantics.md says where TensorFlow's code differs from its pages; Rondo does what the
pages say.

Calls compute at once. `Input` returns a placeholder, a shape and a dtype: a layer called on it makes its weights, and
returns placeholders of the shapes of its results. All that only a symbolic graph could do raises an error that says so:

    Model, Sequential, models     a function of your own calls the layers one after the other; load_model(path) runs a
                                  model from a file
    a placeholder's elements      numpy.asarray(placeholder), and arithmetic with it
    Layer.call of a placeholder   a layer of your own needs compute_output_shape(input_shape) to be called on one

Rondo has no training of Keras's kind: regularizers and constraints must be None. Where PyTorch's tensors require
gradients, layers and backend.rnn give them to inputs, states and all that a step of your own closes over; the weights
of Rondo's cells are constants. rondo.torch has modules that can be trained.
"""

from .._tensor_shape import TensorShape
from . import activations, backend, initializers, layers, utils
from ._files import load
from ._models import load_model
from ._replace import replace
from ._shapes import Input, KerasTensor

__all__ = ["Input", "KerasTensor", "TensorShape", "activations", "backend", "initializers", "layers", "load",
           "load_model", "replace", "utils"]

_SYMBOLIC = ("Model", "Sequential", "models", "Functional")


def __getattr__(name):
    if name in _SYMBOLIC:
        raise AttributeError(f"rondo.keras.{name}: Rondo has no symbolic graphs. A function that calls the layers one "
                             "after the other is a model; rondo.keras.layers has the recurrent ones")
    raise AttributeError(f"module 'rondo.keras' has no attribute {name!r}")
