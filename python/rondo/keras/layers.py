"""keras.layers: the recurrent ones, and MGU, a minimal gated unit, which Keras does not have.

A layer makes its weights at its first call, or in build(input_shape), from initializers, as NumPy arrays that cannot be
written to: set_weights() gives them other values. It has `dtype`, float32 by default, also float64, float16 or
bfloat16; floating inputs of another dtype are converted to it, as Keras does, states are not. Results are arrays of
the library of the inputs. Arguments of Keras's training, such as kernel_regularizer, must be None. Activations are
those that rondo.keras.activations has.
"""

from ._bidirectional import Bidirectional
from ._convolution import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
from ._known_cell import GRUCell, LSTMCell, MGUCell, SimpleRNNCell
from ._known_layers import GRU, LSTM, MGU, SimpleRNN
from ._layer import Layer
from ._rnn import RNN
from ._stack import StackedRNNCells

__all__ = ["Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "GRUCell", "LSTM", "LSTMCell", "Layer",
           "MGU",
           "MGUCell", "RNN", "SimpleRNN", "SimpleRNNCell", "StackedRNNCells"]
