"""keras.layers: the recurrent ones."""

from ._known_cell import GRUCell, LSTMCell, SimpleRNNCell
from ._known_layers import GRU, LSTM, SimpleRNN
from ._layer import Layer
from ._rnn import RNN
from ._stack import StackedRNNCells

__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell", "Layer", "RNN", "SimpleRNN", "SimpleRNNCell", "StackedRNNCells"]
