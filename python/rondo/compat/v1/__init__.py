"""rondo.compat.v1.nn: dynamic_rnn, bidirectional_dynamic_rnn, raw_rnn and the cells of tf.compat.v1.nn."""

from ..._tensor_shape import TensorShape
from . import nn

__all__ = ["TensorShape", "nn"]
