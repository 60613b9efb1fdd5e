"""tf.contrib of TensorFlow 1.1: rondo.contrib.keras.backend.rnn."""

from . import keras

__all__ = ["keras"]
