"""rondo.compat.v1.nn: dynamic_rnn, bidirectional_dynamic_rnn, raw_rnn and the cells of tf.compat.v1.nn."""

from . import nn
from ._sizes import TensorShape

__all__ = ["TensorShape", "nn"]
