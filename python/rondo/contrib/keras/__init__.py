"""tf.contrib.keras of TensorFlow 1.1: its backend.rnn."""

from . import backend

__all__ = ["backend"]
