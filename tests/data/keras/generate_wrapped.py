"""Writes models with recurrent layers inside other layers and models, and what each layer computes. For Keras 2 and 3.

`wrapped/<name>_keras<N>.safetensors` has, for a layer of a path of names such as "tower/lstm":
`in/<path>` and `out/<path>`, input and output of a call of the layer; `mask/<path>`, where the call has one;
`weight/<path>/<k>`, its get_weights().
"""

import importlib.metadata
import os
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", KERAS_BACKEND="tensorflow")

import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wrapped")
MAJOR = int(importlib.metadata.version("keras")[0])
layers = keras.layers
register = (keras.saving if MAJOR == 3 else keras.utils).register_keras_serializable


@register(package="mine")
class OwnCell(layers.Layer):
    """h' = tanh(x W) + 0.5 h."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = self.output_size = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")
        self.built = True

    def call(self, x, states):
        h = tf.tanh(tf.matmul(x, self.kernel)) + 0.5 * states[0]
        return h, [h]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@register(package="mine")
class OwnLSTM(layers.LSTM):
    pass


@register(package="mine")
class OwnGRUCell(layers.GRUCell):
    pass


def masks(shape, rng):
    mask = rng.random(shape) < 0.7
    mask[..., 0] = True
    return mask


def bidirectionals(rng):
    x = keras.Input((5, 3))
    outputs = []
    for mode in ("concat", "sum", "mul", "ave"):
        layer = layers.Bidirectional(layers.GRU(2, return_sequences=True), merge_mode=mode, name=mode)
        outputs.append(layer(x))
    outputs.append(layers.Bidirectional(layers.LSTM(2, use_bias=False), backward_layer=layers.LSTM(2, go_backwards=True),
                                        name="unequal")(x))
    cells = [layers.LSTMCell(3), layers.GRUCell(2)]
    outputs.append(layers.Bidirectional(layers.RNN(cells, return_sequences=True), name="stack")(x))
    model = keras.Model(x, outputs)
    value = rng.normal(size=(2, 5, 3)).astype(np.float32)
    mask = masks((2, 5), rng)
    return model, {name: (value, mask) for name in ("concat", "sum", "mul", "ave", "unequal", "stack")}


def distributed(rng):
    x = keras.Input((3, 5, 4))
    wrapped = [layers.GRU(3, return_sequences=True, go_backwards=True, name="gru"),
               layers.Bidirectional(layers.LSTM(2, name="lstm"), name="both"),
               layers.RNN([layers.SimpleRNNCell(3), layers.LSTMCell(2)], name="rnn"),
               layers.Dense(2, activation="relu", name="dense")]
    names = ("gru_steps", "both_steps", "rnn_steps", "dense_steps")
    model = keras.Model(x, [layers.TimeDistributed(one, name=name)(x) for one, name in zip(wrapped, names)])
    value = rng.normal(size=(2, 3, 5, 4)).astype(np.float32)
    return model, {name: (value, masks((2, 3, 5), rng) if name == "both_steps" else None) for name in names[:3]}


def convolutional(rng):
    one, two, three = keras.Input((3, 6, 2)), keras.Input((3, 5, 4, 2)), keras.Input((2, 3, 4, 3, 1))
    outputs = [
        layers.ConvLSTM1D(2, 3, padding="same", strides=2, return_sequences=True, name="one")(one),
        layers.ConvLSTM2D(3, (2, 3), go_backwards=True, use_bias=False, activation="relu", name="two")(two),
        layers.ConvLSTM2D(2, 2, dilation_rate=2, padding="same", recurrent_activation="sigmoid", dropout=0.5,
                          name="dropped")(two),
        layers.ConvLSTM3D(2, 2, padding="same", name="three")(three),
        layers.Bidirectional(layers.ConvLSTM1D(2, 3, padding="same", return_sequences=True, name="conv"), name="both")(one)]
    model = keras.Model([one, two, three], outputs)
    values = {"one": one, "two": two, "dropped": two, "three": three, "both": one}
    return model, {name: (rng.normal(size=(2, *x.shape[1:])).astype(np.float32), None) for name, x in values.items()}


def nested(rng):
    """A model in a model in a model, with weights that are not trained, a frozen layer, and one name at two places."""
    inner_x = keras.Input((None, 3))
    inner = keras.Model(inner_x, layers.LSTM(3, return_sequences=True, name="rnn")(layers.BatchNormalization(
        name="norm")(inner_x)), name="inner")
    tower = keras.Sequential([inner, layers.GRU(2, name="gru", trainable=False, return_sequences=True),
                              layers.BatchNormalization(name="outer_norm"), layers.SimpleRNN(2, name="simple")], name="tower")
    x = keras.Input((None, 3))
    steps = keras.Input((4, 5, 3))
    y = layers.Concatenate()([tower(x), layers.LSTM(2, name="lstm")(x)])
    model = keras.Model([x, steps], [layers.Dense(1, name="head")(y), layers.TimeDistributed(
        keras.Sequential([layers.LSTM(2, name="word_rnn"), layers.Dense(2, name="word_dense")], name="words"),
        name="word_steps")(steps)])
    value, last = (rng.normal(size=(2, 5, 3)).astype(np.float32) for _ in range(2))
    middle = rng.normal(size=(2, 5, 2)).astype(np.float32)
    return model, {"tower/inner/rnn": (value, None), "tower/gru": (value, None), "tower/simple": (middle, None),
                   "lstm": (last, None), "word_steps/words/word_rnn": (value, None)}


def shared(rng):
    """The same layer in an inner model and around it, which `.keras` files hold once."""
    both = layers.LSTM(3, return_sequences=True, name="both")
    inner_x, x = keras.Input((5, 3)), keras.Input((5, 3))
    inner = keras.Model(inner_x, both(inner_x), name="inner")
    model = keras.Model(x, layers.LSTM(3, name="other")(both(inner(x))))
    value = rng.normal(size=(2, 5, 3)).astype(np.float32)
    return model, {"inner/both": (value, None), "other": (value, None)}


def own(rng):
    x = keras.Input((5, 3))
    model = keras.Model(x, [layers.RNN(OwnCell(3), return_sequences=True, name="cell")(x), OwnLSTM(2, name="lstm")(x),
                            layers.RNN([OwnGRUCell(2), layers.LSTMCell(2)], name="stack")(x),
                            layers.Bidirectional(OwnLSTM(2), name="both")(x),
                            layers.LSTM(2, activation=lambda v: v, name="unknown")(x)])
    value = rng.normal(size=(2, 5, 3)).astype(np.float32)
    return model, {name: (value, None) for name in ("cell", "lstm", "stack", "both")}


def found(model, path):
    layer = model
    for name in path.split("/"):
        layer = layer.layer if isinstance(layer, layers.TimeDistributed) else layer.get_layer(name)
    return layer


def write(name, build):
    seed = sum(map(ord, name))
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model, calls = build(rng)
    for variable in model.weights:  # zeros and ones hide a mistake
        value = rng.normal(size=variable.shape) * 0.5
        variable.assign(np.abs(value) + 0.1 if "variance" in variable.name else value)
    tensors = {}
    for path, (value, mask) in calls.items():
        layer = found(model, path)
        keywords = {} if mask is None else {"mask": tf.constant(mask)}
        tensors["in/" + path] = value
        tensors["out/" + path] = np.asarray(layer(tf.constant(value), **keywords))
        if mask is not None:
            tensors["mask/" + path] = mask
        for k, weight in enumerate(layer.get_weights()):
            tensors[f"weight/{path}/{k}"] = np.asarray(weight, np.float32)
    start = os.path.join(HERE, f"{name}_keras{MAJOR}")
    save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()}, start + ".safetensors")
    model.save(start + ".keras")
    if name == "own":
        return
    model.save(start + ".h5")
    if name != "nested":
        return
    with open(start + ".json", "w") as file:
        file.write(model.to_json())
    model.save_weights(start + ".weights.h5")
    if MAJOR == 3:
        model.save_weights(start + ".weights.json", max_shard_size=3e-7)  # 320 bytes


if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    for build in (bidirectionals, distributed, convolutional, nested, shared, own):
        if len(sys.argv) < 2 or build.__name__ in sys.argv[1:]:
            write(build.__name__, build)
