"""rondo.keras.replace on models of Keras 3 itself, with the backend that KERAS_BACKEND names. Keras computes what is
expected."""

import importlib.util
import os
import warnings

import numpy
import pytest

import rondo

_MODULES = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if importlib.util.find_spec("keras") is None:
    pytest.skip("Keras is not installed", allow_module_level=True)
if "KERAS_BACKEND" not in os.environ:
    found = [name for name, module in _MODULES.items() if importlib.util.find_spec(module)]
    if not found:
        pytest.skip("Keras has no backend", allow_module_level=True)
    os.environ["KERAS_BACKEND"] = found[0]
keras = pytest.importorskip("keras", minversion="3.0")
layers = keras.layers
BACKEND = keras.backend.backend()
X = numpy.random.default_rng(5).normal(size=(2, 7, 3)).astype("f")
TOLERANCE = 1e-6


@pytest.fixture(autouse=True)
def no_gradients():
    if BACKEND != "torch":
        yield
        return
    import torch

    with torch.no_grad():
        yield


def arrays(results):
    return [
        keras.ops.convert_to_numpy(array) for array in (results if isinstance(results, (list, tuple)) else [results])
    ]


def called(model, *args, **kwargs):
    """The results of a call, in which Keras's own code may not run."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*Keras's own code")
        return arrays(model(*args, **kwargs))


def assert_same(actual, expected):
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected):
        assert one.dtype == other.dtype and one.shape == other.shape
        numpy.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE)


def counted(monkeypatch, model):
    """Counts the calls of Keras's own code of the recurrent layers in a model."""
    counts = []
    for layer in model._flatten_layers():
        if hasattr(type(layer), "call") and type(layer).__name__ in (
            "LSTM",
            "GRU",
            "SimpleRNN",
            "RNN",
            "Bidirectional",
        ):
            own = type(layer).call

            def call(self, *args, own=own, **kwargs):
                counts.append(type(self).__name__)
                return own(self, *args, **kwargs)

            monkeypatch.setattr(type(layer), "call", call)
    return counts


def model_of(layer, shape=(7, 3)):
    inputs = keras.Input(shape)
    return keras.Model(inputs, layer(inputs))


LAYERS = {
    "lstm": lambda: layers.LSTM(4),
    "lstm with dropout": lambda: layers.LSTM(4, dropout=0.3, recurrent_dropout=0.2),
    "lstm without bias": lambda: layers.LSTM(4, use_bias=False, return_sequences=True),
    "lstm with states": lambda: layers.LSTM(4, return_state=True, return_sequences=True),
    "unrolled": lambda: layers.LSTM(4, unroll=True),
    "gru": lambda: layers.GRU(4, return_sequences=True),
    "gru reset before": lambda: layers.GRU(4, reset_after=False, return_state=True),
    "gru of other activations": lambda: layers.GRU(4, activation="relu", recurrent_activation="hard_sigmoid"),
    "simple rnn backwards": lambda: layers.SimpleRNN(4, go_backwards=True, return_sequences=True),
    "rnn": lambda: layers.RNN(layers.LSTMCell(4), return_state=True),
    "stack": lambda: layers.RNN([layers.GRUCell(4), layers.LSTMCell(5)], return_sequences=True),
    "bidirectional": lambda: layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
    "bidirectional sum": lambda: layers.Bidirectional(layers.GRU(4), merge_mode="sum"),
    "bidirectional apart": lambda: layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode=None),
    "two kinds": lambda: layers.Bidirectional(layers.LSTM(4), backward_layer=layers.GRU(4, go_backwards=True)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, monkeypatch):
    model = model_of(LAYERS[name]())
    expected = arrays(model(X))
    report = rondo.keras.replace(model)
    assert report.replaced == [model.layers[1].name] and not report.left
    counts = counted(monkeypatch, model)
    assert_same(called(model, X), expected)
    assert not counts
    for weight in model.weights:
        weight.assign(keras.ops.convert_to_numpy(weight) * 0.5)
    changed = called(model, X)
    model.layers[1].__dict__.pop("call")
    assert_same(changed, arrays(model(X)))
    assert abs(changed[0] - expected[0]).max() > 1e-4


@pytest.mark.parametrize("name", ["lstm", "gru", "lstm with states", "stack", "bidirectional", "bidirectional apart"])
def test_masks(name):
    layer = LAYERS[name]()
    mask = numpy.array([[0, 1, 1, 0, 1, 0, 1], [1, 1, 1, 1, 0, 0, 0]], bool)
    given = keras.ops.convert_to_tensor(X), keras.ops.convert_to_tensor(mask)
    expected = arrays(layer(given[0], mask=given[1]))
    assert rondo.keras.replace(layer).replaced
    assert_same(called(layer, given[0], mask=given[1]), expected)


def test_a_mask_from_an_embedding():
    words = numpy.random.default_rng(1).integers(0, 4, size=(3, 6)).astype("int32")
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Embedding(11, 3, mask_zero=True),
            layers.LSTM(4, return_sequences=True),
            layers.Bidirectional(layers.GRU(3)),
        ]
    )
    expected = arrays(model(words))
    assert len(rondo.keras.replace(model).replaced) == 2
    assert_same(called(model, words), expected)


def test_initial_states():
    layer = layers.LSTM(4, return_sequences=True)
    states = [keras.ops.full((2, 4), 0.25), keras.ops.full((2, 4), -0.5)]
    expected = arrays(layer(X, initial_state=states))
    rondo.keras.replace(layer)
    assert_same(called(layer, keras.ops.convert_to_tensor(X), initial_state=states), expected)


def test_an_encoder_whose_states_begin_a_decoder():
    source, target = keras.Input((7, 3)), keras.Input((5, 2))
    _, h, c = layers.LSTM(4, return_state=True, name="encoder")(source)
    decoded = layers.LSTM(4, return_sequences=True, name="decoder")(target, initial_state=[h, c])
    model = keras.Model([source, target], decoded)
    given = [X, numpy.ones((2, 5, 2), "f")]
    expected = arrays(model(given))
    assert rondo.keras.replace(model).replaced == ["encoder", "decoder"]
    assert_same(called(model, given), expected)


def test_models_in_models_and_wrappers():
    inner = keras.Sequential([keras.Input((7, 3)), layers.LSTM(4, return_sequences=True, name="lstm")], name="inner")
    model = keras.Sequential([keras.Input((7, 3)), inner, layers.GRU(2, name="gru"), layers.Dense(2)])
    expected = arrays(model(X))
    assert rondo.keras.replace(model).replaced == ["inner/lstm", "gru"]
    assert_same(called(model, X), expected)
    assert rondo.keras.replace(model).replaced == ["inner/lstm", "gru"]  # again
    assert_same(called(model, X), expected)


def test_a_subclassed_model():
    class Tagger(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="encoder")
            self.head = layers.Dense(3)

        def call(self, x):
            return self.head(self.encoder(x))

    model = Tagger()
    assert "no weights yet" in rondo.keras.replace(model).left[0].reason
    expected = arrays(model(X))
    assert rondo.keras.replace(model).replaced == ["encoder"]
    assert_same(called(model, X), expected)


def test_what_is_left():
    class Mine(layers.LSTM):
        pass

    stack = [
        layers.ConvLSTM1D(3, 3, name="images"),
        layers.Reshape((-1, 3)),
        Mine(4, return_sequences=True, name="mine"),
        layers.GRU(4, activation=lambda x: x, return_sequences=True, name="lambda"),
        layers.LSTM(4, stateful=True, name="stateful"),
    ]
    model = keras.Sequential([keras.Input(batch_shape=(2, 5, 7, 2)), *stack])
    expected = arrays(model(numpy.ones((2, 5, 7, 2), "f")))
    model.layers[-1].reset_states()
    report = rondo.keras.replace(model)
    assert not report.replaced
    reasons = {left.name: left.reason for left in report.left}
    for name, words in {"images": "Rondo replaces no ConvLSTM1D", "mine": "it is a subclass", "lambda": "activation",
                        "stateful": "it is stateful"}.items():
        assert words in reasons.pop(name)
    assert not reasons
    assert_same(arrays(model(numpy.ones((2, 5, 7, 2), "f"))), expected)


def test_training_saving_and_predicting(tmp_path):
    model = model_of(layers.LSTM(4, dropout=0.2))
    rondo.keras.replace(model)
    before = called(model, X)
    model.compile(optimizer="sgd", loss="mse", run_eagerly=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if BACKEND == "torch":
            import torch

            with torch.enable_grad():
                model.fit(X, numpy.ones((2, 4), "f"), epochs=2, verbose=0)
        else:
            model.fit(X, numpy.ones((2, 4), "f"), epochs=2, verbose=0)
    after = called(model, X)
    assert abs(after[0] - before[0]).max() > 1e-5
    assert_same([model.predict(X, verbose=0)], after)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert "call" not in vars(loaded.layers[1])
    assert_same(arrays(loaded(X)), after)
