"""Calls of layers from files: states, masks, lengths, and arrays of other libraries."""

import json

import numpy
import pytest
from file_fixtures import KERAS, torch_with_numpy

pytest.importorskip("h5py")
import rondo  # noqa: E402
from rondo import _rondo  # noqa: E402
from rondo.keras._files import load  # noqa: E402
from rondo.keras._files_layers import make_layer  # noqa: E402

X = numpy.random.default_rng(1).normal(size=(2, 5, 3)).astype("f")


def layer_of(name, **options):
    """The first layer of a file with other options."""
    source = next(iter(load(KERAS / name).layers.values())).source
    assert source.class_name == "LSTM"
    config = {"name": source.name, "units": source.cells[0].units, "return_sequences": True, **options}
    text = json.dumps({"class_name": "LSTM", "config": config})
    return make_layer(_rondo.read_keras_layer(text, "3.0", "test", source.weights))


def test_a_call_in_two_parts_carries_the_states():
    whole = layer_of("lstm_keras3.keras", return_state=True)
    y, h, c = whole(X)
    first, *states = whole(X[:, :2])
    for second, last_h, last_c in (whole(X[:, 2:], initial_state=states), whole([X[:, 2:], *states])):
        numpy.testing.assert_allclose(numpy.concatenate([first, second], 1), y, rtol=0, atol=1e-6)
        numpy.testing.assert_allclose(last_h, h, rtol=0, atol=1e-6)
        numpy.testing.assert_allclose(last_c, c, rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="inputs: got a list of 3 together with initial_state"):
        whole([X, *states], initial_state=states)


def test_a_stack_groups_its_states_by_cell():
    source = load(KERAS / "stacked_keras3.keras").layers["stack"].source
    cells = [{"class_name": "LSTMCell", "config": {"name": "a", "units": 4}},
             {"class_name": "GRUCell", "config": {"name": "b", "units": 2}}]
    config = {"name": "stack", "return_sequences": True, "return_state": True,
              "cell": {"class_name": "StackedRNNCells", "config": {"cells": cells}}}
    text = json.dumps({"class_name": "RNN", "config": config})
    stack = make_layer(_rondo.read_keras_layer(text, "3.0", "test", source.weights))
    y, lstm, gru = stack(X)
    assert [state.shape for state in lstm] == [(2, 4), (2, 4)] and gru.shape == (2, 2)
    first, *states = stack(X[:, :2])
    second, *_ = stack(X[:, 2:], initial_state=states)
    numpy.testing.assert_allclose(numpy.concatenate([first, second], 1), y, rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="initial_state: got 1 arrays, expected 3"):
        stack(X, initial_state=[gru])


def test_lengths_are_a_mask():
    layer = layer_of("lstm_keras3.keras")
    lengths = numpy.array([2, 5])
    mask = numpy.arange(5) < lengths[:, None]
    numpy.testing.assert_array_equal(layer(X, lengths=lengths), layer(X, mask=mask))
    with pytest.raises(ValueError, match="inputs: got f64"):
        layer(X.astype("float64"))
    with pytest.raises(TypeError, match="inputs"):
        layer("text")


def test_stateful_layer():
    layer = layer_of("lstm_keras3.keras", stateful=True)
    first = layer(X)
    assert abs(layer(X) - first).max() > 1e-4
    layer.reset_states()
    numpy.testing.assert_array_equal(layer(X), first)


def test_results_are_tensors():
    layer = layer_of("lstm_keras3.keras", return_state=True)
    assert all(isinstance(tensor, rondo.Tensor) for tensor in layer(rondo.as_tensor(X)))


def test_results_are_tensors_of_torch():
    torch = torch_with_numpy()
    layer = layer_of("lstm_keras3.keras", return_state=True)
    results = layer(torch.tensor(X))
    assert all(isinstance(result, torch.Tensor) for result in results)
    for result, array in zip(results, layer(X)):
        numpy.testing.assert_array_equal(result.numpy(), array)


def test_results_are_jax_arrays():
    jax = pytest.importorskip("jax")
    layer = layer_of("lstm_keras3.keras")
    result = layer(jax.numpy.asarray(X))
    assert isinstance(result, jax.Array)
    numpy.testing.assert_array_equal(numpy.asarray(result), layer(X))
