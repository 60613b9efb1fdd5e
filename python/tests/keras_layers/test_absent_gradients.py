"""None in place of a gradient stands for zeros: of all, of one state, or of one output."""

import keras_steps as steps
import numpy
import pytest

from rondo import _nest, as_tensor
from rondo.keras import layers

X = numpy.random.RandomState(0).randn(3, 5, 2).astype("float32")
LAYERS = {
    "lstm": lambda: layers.LSTM(3, return_state=True),
    "stack": lambda: layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_state=True, return_sequences=True),
    "bidirectional": lambda: layers.Bidirectional(
        layers.LSTM(3, return_state=True, return_sequences=True), merge_mode=None
    ),
}


def numbers(nest, seed=1):
    random = numpy.random.RandomState(seed)
    return _nest.map_leaves(lambda leaf: random.randn(*leaf.shape).astype("float32"), nest)


def assert_same(gradients, expected):
    for name in expected:
        for one, other in zip(_nest.flatten(gradients[name]), _nest.flatten(expected[name])):
            assert (numpy.asarray(one) == numpy.asarray(other)).all()


@pytest.mark.parametrize("name", LAYERS)
def test_of_a_layer(name):
    output, states, pullback = steps.built(LAYERS[name]()).call_with_pullback(X)
    d_output, d_states = numbers(output), numbers(states, 2)
    flat, zeros = _nest.flatten(d_states), _nest.map_leaves(numpy.zeros_like, states)
    for absent in range(len(flat)):
        given = [None if k == absent else leaf for k, leaf in enumerate(flat)]
        full = [_nest.flatten(zeros)[k] if leaf is None else leaf for k, leaf in enumerate(given)]
        assert_same(pullback(d_output, _nest.pack(states, given)), pullback(d_output, _nest.pack(states, full)))
    assert_same(
        pullback(None, _nest.pack(states, [None] * len(flat))), pullback(_nest.map_leaves(numpy.zeros_like, output))
    )
    if name == "bidirectional":
        assert_same(pullback((None, d_output[1])), pullback((numpy.zeros_like(d_output[0]), d_output[1])))
    with pytest.raises(ValueError, match="d_states: got 1 gradients, expected"):
        pullback(d_output, [None])


def test_of_the_module():
    layer = steps.built(LAYERS["stack"]())
    output, states, pullback = layer.planned.layer(as_tensor(X), gradients=True)
    h, c = states[0]
    d_output, d_h = as_tensor(numbers(numpy.asarray(output))), as_tensor(numbers(numpy.asarray(h)))
    zeros = [as_tensor(numpy.zeros(leaf.shape, "f")) for leaf in (c, states[1])]
    expected = pullback(d_output, [(d_h, zeros[0]), zeros[1]])
    assert_same(pullback(d_output, [(d_h, None), None]), expected)
    assert_same(pullback(d_output, [None, None]), pullback(d_output))
    with pytest.raises(ValueError, match="d_states: got 1 states"):
        pullback(d_output, [None])
    with pytest.raises(ValueError, match=r"d_states\[1\]"):
        pullback(d_output, [None, d_h])
