"""Writes files of trained models, which hold more than weights. Run it with Keras 2 and with Keras 3."""

import importlib.metadata
import os

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", KERAS_BACKEND="jax")

import keras
import numpy as np
from safetensors.numpy import save_file

from models import FEATURES, HERE

MAJOR = int(importlib.metadata.version("keras")[0])
B, T = 2, 4
layers = keras.layers


class Block(layers.Layer):
    """A custom layer with weights and an inner layer."""

    def __init__(self):
        super().__init__()
        self.inner = layers.GRU(2, return_sequences=True)
        self.drop = layers.Dropout(0.1)

    def build(self, shape):
        self.scale = self.add_weight(shape=(2,), initializer="random_normal", name="scale")
        self.inner.build(shape)
        self.built = True

    def call(self, x):
        return self.drop(self.inner(x)) * self.scale


class Subclassed(keras.Model):
    """A model with layers in a list, in a dictionary and in a layer, before and after `layers` in the alphabet, and a weight."""

    def __init__(self):
        super().__init__()
        self.blocks = [layers.LSTM(3, return_sequences=True), layers.LSTM(3, return_sequences=True)]
        self.table = {"project": layers.Dense(2)}
        self.one = Block()
        self.last = layers.LSTM(2, dropout=0.2)
        self.bias = self.add_weight(shape=(1,), initializer="random_normal", name="bias")

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.last(self.one(self.table["project"](x))) + self.bias


def functional():
    x = keras.Input((T, FEATURES))
    return keras.Model(x, layers.Dense(1)(layers.LSTM(2, dropout=0.5, name="encoder")(x)))


def trained(model, outputs, rng):
    x = rng.normal(size=(B, T, FEATURES)).astype(np.float32)
    model(x)
    model.set_weights([rng.normal(size=value.shape).astype(np.float32) for value in model.get_weights()])
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(x, np.ones((B, outputs), np.float32), verbose=0)
    return model


def write_weights(model, name):
    save_file({f"weight/{k}": value for k, value in enumerate(model.get_weights())}, HERE / f"{name}.safetensors")


def main():
    rng = np.random.default_rng(0)
    name = f"trained_subclassed_keras{MAJOR}"
    model = trained(Subclassed(), 2, rng)
    write_weights(model, name)
    model.save_weights(HERE / f"{name}.weights.h5")
    if MAJOR == 2:
        model.save_weights(HERE / f"{name}.h5")
    name = f"trained_functional_keras{MAJOR}"
    model = trained(functional(), 1, rng)
    write_weights(model, name)
    for extension in [".keras", ".h5"]:
        model.save(HERE / f"{name}{extension}")
    model.save_weights(HERE / f"{name}.weights.h5")


if __name__ == "__main__":
    main()
