"""rondo.keras.replace on stand-ins for Keras 3's layers, whose outputs are NumPy formulas."""

import warnings

import keras_stand_ins as keras
import numpy
import pytest
from file_fixtures import torch_with_numpy

from rondo.keras._replace import replace
from rondo.keras._replace_calls import RondoCall

X = numpy.random.default_rng(3).normal(size=(2, 6, 3)).astype("f")
MASK = numpy.array([[0, 1, 1, 0, 1, 0], [1, 1, 1, 1, 1, 1]], bool)
KINDS = [keras.SimpleRNN, keras.LSTM, keras.GRU]


def assert_close(actual, expected, tolerance=2e-6):
    assert type(actual) is type(expected)
    if isinstance(expected, tuple):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected):
            assert_close(one, other, tolerance)
        return
    assert actual.dtype == expected.dtype
    numpy.testing.assert_allclose(numpy.asarray(actual), numpy.asarray(expected), rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"return_sequences": True},
        {"return_state": True},
        {"return_sequences": True, "return_state": True, "go_backwards": True},
        {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
    ],
    ids=lambda options: ",".join(options),
)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_computes_what_the_layer_computed(kind, options):
    layer = kind(4, name="lstm", **options)
    states = [numpy.full((2, 4), 0.25, "f")] * (2 if kind is keras.LSTM else 1)
    expected = layer(X), layer(X, mask=MASK), layer(X, initial_state=states, mask=MASK)
    report = replace(layer)
    assert report.replaced == ["lstm"] and report.left == [] and str(report) == "replaced lstm"
    calls = layer.calls
    assert_close((layer(X), layer(X, mask=MASK), layer(X, initial_state=states, mask=MASK)), expected)
    assert layer.calls == calls


@pytest.mark.parametrize("merge_mode", ["concat", None])
@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"return_sequences": True, "return_state": True}],
                         ids=lambda options: ",".join(options))
def test_bidirectional(options, merge_mode):
    layer = keras.Bidirectional(keras.LSTM(4, **options), keras.LSTM(5, go_backwards=True, **options), merge_mode)
    expected = layer(X)
    assert replace(layer).replaced == ["both"]
    assert_close(layer(X), expected)
    assert layer.calls == 1


def test_layers_of_layers():
    inner = keras.Model("inner", [keras.GRU(4, features=4, name="gru", return_sequences=True), keras.Dense("dense")])
    model = keras.Model("model", [keras.LSTM(4, name="lstm", return_sequences=True), inner])
    model._layers = [*model.layers, inner]  # Keras lists a layer in several places
    expected = model(X)
    assert replace(model).replaced == ["lstm", "inner/gru"]
    assert_close(model(X), expected)
    assert replace(model).replaced == ["lstm", "inner/gru"]  # again
    assert_close(model(X), expected)
    assert str(replace(keras.Model("model", [keras.Dense("dense")]))) == "nothing recurrent"


def test_later_weights_are_used():
    layer, other = keras.LSTM(4), keras.LSTM(4)
    replace(layer)
    before = layer(X)
    for weight, own in zip(other.weights, layer.weights):
        weight.value = weight.value * 0.5
        own.value *= 0.5  # in place
    assert_close(layer(X), other(X))
    assert abs(layer(X) - before).max() > 1e-3 and layer.calls == 0
    layer.weights[2].value = other.weights[2].value = numpy.zeros(16, "f")
    assert_close(layer(X), other(X))


def test_training_is_keras_own():
    layer = keras.LSTM(4, dropout=0.5)
    replace(layer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer(X, training=True)
    assert layer.calls == 1
    layer(X)
    assert layer.calls == 1


def test_what_is_left():
    class Peephole(keras.LSTM):
        pass

    stateful, mixed, unbuilt, watched = (
        keras.LSTM(4, name=name) for name in ("stateful", "mixed", "unbuilt", "watched")
    )
    stateful.stateful, mixed.compute_dtype, unbuilt.built, watched.call = True, "float16", False, lambda x: x
    model = keras.Model(
        "model",
        [
            stateful,
            mixed,
            unbuilt,
            watched,
            Peephole(4, name="peephole"),
            keras.GRU(4, name="softmax", activation="softmax"),
            keras.GRU(4, name="old", reset_after=False),
            keras.LSTM(4, name="good"),
        ],
    )
    report = replace(model)
    assert report.replaced == ["good"]
    reasons = dict(report.left)
    for name, word in {
        "stateful": "it is stateful",
        "mixed": "float16 with weights of float32",
        "unbuilt": "no weights yet",
        "watched": "its call is replaced",
        "peephole": "a subclass, ",
        "softmax": 'activation: got "softmax"',
        "old": "weight bias",
    }.items():
        assert word in reasons.pop(name)
    assert not reasons
    assert not any(isinstance(vars(layer).get("call"), RondoCall) for layer in model.layers[:-1])
    assert "left stateful: it is stateful" in str(report)


def test_foreign_class_of_the_same_name():
    class LSTM(keras.Layer):
        pass

    assert replace(keras.Model("model", [LSTM("mine")])) == ([], [])


def test_torch():
    torch = torch_with_numpy()
    layer = keras.LSTM(4, return_state=True, convert=torch.tensor)
    expected = layer(torch.tensor(X))
    replace(layer)
    assert_close(layer(torch.tensor(X)), expected)
    for weight in layer.weights:
        weight.value.mul_(0.5)  # in place
    changed = keras.LSTM(4, return_state=True, convert=torch.tensor)
    for weight in changed.weights:
        weight.value = weight.value * 0.5
    assert_close(layer(torch.tensor(X)), changed(torch.tensor(X)))
    assert layer.calls == 1
    layer.weights[0].value.requires_grad_()
    with torch.no_grad():
        layer(torch.tensor(X))
    assert layer.calls == 1
    layer.get_weights = lambda: [weight.value.detach().numpy() for weight in layer.weights]
    layer.step = lambda x, states: [torch.zeros(2, 4).numpy()] * 2
    with pytest.warns(
        UserWarning, match="lstm: Keras's own code runs and not Rondo's, because PyTorch records gradients"
    ):
        layer(torch.tensor(X))
    assert layer.calls == 2


def test_jax():
    jax = pytest.importorskip("jax")
    layer = keras.GRU(4, return_sequences=True, convert=jax.numpy.asarray)
    expected = layer(jax.numpy.asarray(X))
    replace(layer)
    result = layer(jax.numpy.asarray(X), mask=jax.numpy.ones((2, 6), bool))
    assert isinstance(result, jax.Array)
    numpy.testing.assert_allclose(result, expected, rtol=0, atol=2e-6)
    layer.weights[1].value = layer.weights[1].value * 0.5
    changed = keras.GRU(4, return_sequences=True)
    changed.weights[1].value = changed.weights[1].value * 0.5
    numpy.testing.assert_allclose(layer(jax.numpy.asarray(X)), changed(X), rtol=0, atol=2e-6)
    assert layer.calls == 1
    type_call, seen = keras.Recurrent.call, []
    keras.Recurrent.call = lambda self, sequences, **_: seen.append(sequences) or sequences
    try:
        replace(layer)
        with pytest.warns(UserWarning, match="gru: Keras's own code runs .* a function is being traced"):
            jax.jit(layer)(jax.numpy.asarray(X))
    finally:
        keras.Recurrent.call = type_call
    assert len(seen) == 1
