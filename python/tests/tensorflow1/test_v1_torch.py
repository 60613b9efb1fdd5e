"""TensorFlow 1's functions compute no gradients: PyTorch's tensors that require them are refused, but for no_grad()."""

import numpy as np
import pytest

from rondo.compat import v1
from rondo.contrib.keras import backend

torch = pytest.importorskip("torch")
try:
    torch.from_numpy(np.zeros(1, "f"))
except RuntimeError as error:
    pytest.skip(str(error), allow_module_level=True)


class Own(v1.nn.rnn_cell.RNNCell):
    state_size = output_size = 3

    def __init__(self):
        super().__init__()
        self.W = torch.nn.Parameter(torch.full((3, 3), 0.1))

    def call(self, inputs, state):
        h = torch.tanh(inputs @ self.W + state)
        return h, h


def emitting(time, output, state, _):
    x = torch.ones(2, 3)
    return np.full(2, time >= 3), x, torch.zeros(2, 3) if state is None else state, output, None


LSTM, X, FREE = v1.nn.rnn_cell.LSTMCell(3), torch.ones(2, 4, 3), torch.ones(2, 4, 3, requires_grad=True)
STATE = v1.nn.rnn_cell.LSTMStateTuple(torch.zeros(2, 3, requires_grad=True), torch.zeros(2, 3))
PARAMETER = torch.nn.Parameter(torch.ones(3))
CALLS = {
    "inputs": lambda: v1.nn.dynamic_rnn(LSTM, FREE, dtype="float32")[0],
    "initial_state": lambda: v1.nn.dynamic_rnn(LSTM, X, initial_state=STATE)[0],
    "inputs of both": lambda: v1.nn.bidirectional_dynamic_rnn(LSTM, LSTM, FREE, dtype="float32")[0][1],
    "inputs of a cell": lambda: LSTM(FREE[:, 0], (torch.zeros(2, 3), torch.zeros(2, 3)))[0],
    "the cell's output": lambda: v1.nn.dynamic_rnn(Own(), X, dtype="float32")[0],
    "the cell's output in raw_rnn": lambda: v1.nn.raw_rnn(Own(), emitting)[0].stack(),
    "inputs of contrib": lambda: backend.rnn(lambda x, states: (x, states), FREE, [torch.zeros(2, 3)])[1],
    "output": lambda: backend.rnn(lambda x, states: (x * PARAMETER, states), X, [torch.zeros(2, 3)])[1],
}


@pytest.mark.parametrize("name", CALLS)
def test_gradients_are_refused(name):
    argument = name.partition(" of ")[0].partition(" in ")[0]
    with pytest.raises(ValueError, match=f"^{argument}: got a torch.Tensor that requires a gradient.*no_grad"):
        CALLS[name]()
    with torch.no_grad():
        result = CALLS[name]()
    assert isinstance(result, torch.Tensor) and not result.requires_grad and bool(result.isfinite().all())
