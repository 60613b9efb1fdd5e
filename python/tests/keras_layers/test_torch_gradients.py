"""Gradients of PyTorch's tensors through layers and through backend.rnn."""

import numpy
import pytest
import keras_steps as steps

from rondo import _rondo
from rondo._arrays import as_tensor, from_tensor
from rondo.keras import backend, layers

torch = pytest.importorskip("torch")
gradcheck = torch.autograd.gradcheck


def _random(*shape, seed=0):
    return torch.from_numpy(numpy.random.RandomState(seed).randn(*shape) * 0.6).requires_grad_()


MASK = numpy.array([[1, 1, 0, 1], [0, 1, 1, 0], [1, 0, 0, 0]], bool)
RESETS = numpy.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 1]], bool)
LENGTHS = numpy.array([4, 2, 0], "int32")
CALLS = [{}, {"mask": MASK}, {"resets": RESETS}, {"mask": MASK, "resets": RESETS}]


@pytest.mark.parametrize("options", [*CALLS, {"go_backwards": True, "mask": MASK, "resets": RESETS},
                                     {"zero_output_for_mask": True, "mask": MASK}, {"return_all_outputs": False},
                                     {"input_length": LENGTHS, "resets": RESETS}])
def test_backend_rnn_and_what_its_step_closes_over(options):
    x, h, c, W, U, piece = (_random(3, 4, 2), _random(3, 3, seed=1), _random(3, 3, seed=2), _random(2, 12, seed=3),
                            _random(3, 12, seed=4), _random(3, seed=5))

    def run(x, h, c, W, U, piece):
        weights = {"kernel": W, "recurrent_kernel": U, "bias": torch.zeros(12, dtype=torch.float64)}
        given = {"reset_state": [piece, piece * 2]} if "resets" in options else {}
        last, outputs, states = backend.rnn(lambda x, s: steps.lstm(weights, x, s), x, [h, c], **options, **given)
        return (last, outputs, *states)

    assert gradcheck(run, (x, h, c, W, U, piece))


def test_backend_rnn_twice_differentiated():
    W, U = _random(2, 3), _random(3, 3, seed=1)

    def run(x, W):
        weights = {"kernel": W, "recurrent_kernel": U}
        return backend.rnn(lambda x, s: steps.matrix_input(weights, x, s), x, [torch.zeros(2, 3, dtype=torch.float64)])[
            1
        ]

    assert torch.autograd.gradgradcheck(run, (_random(2, 3, 2), W))


def test_only_the_parameters_of_the_step_require_gradients():
    linear = torch.nn.Linear(5, 3)

    def step(x, states):
        h = torch.tanh(linear(torch.cat([x, states[0]], -1)))
        return h, [h]

    last, _, _ = backend.rnn(step, torch.ones(2, 4, 2), [torch.zeros(2, 3)])
    last.sum().backward()
    h = torch.zeros(2, 3)
    again = torch.nn.Linear(5, 3)
    again.load_state_dict(linear.state_dict())
    for _ in range(4):
        h = torch.tanh(again(torch.cat([torch.ones(2, 2), h], -1)))
    h.sum().backward()
    assert torch.allclose(linear.weight.grad, again.weight.grad, atol=1e-6) and linear.weight.grad.abs().max() > 0


def test_backend_rnn_has_the_gradients_of_the_module():
    """The same step with its own pullback, in Rondo's loop."""
    x, h, W = (
        _random(3, 4, 2).detach().numpy(),
        _random(3, 3, seed=1).detach().numpy(),
        _random(2, 3, seed=2).detach().numpy(),
    )

    def step(inputs, states, constants):
        a, s, w = (from_tensor(leaf, "numpy") for leaf in (inputs, states[0], constants[0]))
        y = numpy.tanh(a @ w + s)

        def pullback(d_output, d_states):
            d = (from_tensor(d_output, "numpy") + from_tensor(d_states[0], "numpy")) * (1 - y * y)
            return as_tensor(d @ w.T), [as_tensor(d)], [as_tensor(a.T @ d)]
        return as_tensor(y), [as_tensor(y)], pullback

    options = {"mask": as_tensor(MASK), "resets": as_tensor(RESETS), "go_backwards": True}
    *_, pullback = _rondo.rnn(step, as_tensor(x), [as_tensor(h)], constants=[as_tensor(W)], gradients=True, **options)
    given = numpy.random.RandomState(7).randn(3, 4, 3)
    expected = pullback(d_outputs=as_tensor(given))
    leaves = [torch.from_numpy(array.copy()).requires_grad_() for array in (x, h, W)]
    outputs = backend.rnn(lambda a, s: (y := torch.tanh(a @ leaves[2] + s[0]), [y]), leaves[0], [leaves[1]], mask=MASK,
                          resets=RESETS, go_backwards=True)[1]
    outputs.backward(torch.from_numpy(given))
    names = [expected["inputs"], expected["initial_states"][0], expected["constants"][0]]
    for leaf, gradient in zip(leaves, names):
        assert numpy.abs(leaf.grad.numpy() - from_tensor(gradient, "numpy")).max() < 1e-13


def test_what_dead_rows_read_reaches_no_gradient():
    values = numpy.random.RandomState(0).randn(3, 4, 2)
    values[~MASK] = numpy.nan
    W, U = _random(2, 3), _random(3, 3, seed=1)
    weights = {"kernel": W, "recurrent_kernel": U}
    x = torch.from_numpy(values).requires_grad_()
    _, outputs, _ = backend.rnn(lambda x, s: steps.matrix_input(weights, x, s), x, [torch.zeros(3, 3, dtype=x.dtype)],
                                mask=MASK)
    outputs.sum().backward()
    assert torch.isfinite(W.grad).all() and torch.isfinite(U.grad).all()
    assert (x.grad.numpy()[~MASK] == 0).all() and (x.grad.numpy()[MASK] != 0).all()


_LAYERS = {
    "lstm": lambda **given: layers.LSTM(3, **given),
    "gru": lambda **given: layers.GRU(3, **given),
    "simple_rnn": lambda **given: layers.SimpleRNN(3, **given),
    "stack": lambda **given: layers.RNN(
        [layers.LSTMCell(3, dtype="float64"), layers.GRUCell(2, dtype="float64")], **given
    ),
    "own": lambda **given: layers.RNN(steps.MinimalRNNCell(3, dtype="float64"), **given),
    "mixed": lambda **given: layers.RNN(
        [layers.LSTMCell(3, dtype="float64"), steps.MinimalRNNCell(2, dtype="float64")], **given
    ),
    "both": lambda **given: layers.Bidirectional(layers.GRU(3, **given)),
    "both_of_own": lambda **given: layers.Bidirectional(
        layers.RNN(steps.MinimalRNNCell(3, dtype="float64"), **given), "mul"
    ),
}


@pytest.mark.parametrize("kind", _LAYERS)
@pytest.mark.parametrize("call", CALLS)
def test_layers(kind, call):
    layer = _LAYERS[kind](return_sequences=True, return_state=True, dtype="float64")
    _, *states = layer(numpy.zeros((3, 4, 2)))
    flat = [_random(*leaf.shape, seed=k) for k, leaf in enumerate(backend._nest.flatten(states))]

    def run(x, *flat):
        given = backend._nest.pack(states, flat)
        pieces = {"reset_state": backend._nest.pack(states, [2 * leaf for leaf in flat])} if "resets" in call else {}
        return tuple(backend._nest.flatten(layer(x, initial_state=given, **call, **pieces)))

    assert gradcheck(run, (_random(3, 4, 2, seed=9), *flat))


def test_gradients_of_a_conv_lstm_and_of_an_output_without_states():
    layer = layers.ConvLSTM1D(2, 2, dtype="float64", recurrent_activation="sigmoid")
    assert gradcheck(layer, (_random(1, 3, 4, 2),))
    assert gradcheck(layers.LSTM(2, dtype="float64"), (_random(1, 3, 4),))


def test_a_changed_input_is_found():
    layer = layers.GRU(2)
    x = torch.ones(1, 2, 3).requires_grad_()
    scaled = x * 1
    y = layer(scaled)
    with torch.no_grad():
        scaled += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_no_gradients_where_none_are_recorded():
    x = torch.ones(1, 2, 3, requires_grad=True)
    with torch.no_grad():
        assert not layers.GRU(2)(x).requires_grad
