"""keras.layers.SimpleRNN, LSTM and GRU, and Rondo's own MGU."""

import inspect
import warnings

from ._known_cell import GRUCell, KnownCell, LSTMCell, MGUCell, SimpleRNNCell
from ._rnn import RNN


def split_arguments(arguments, names):
    """The arguments of a constructor, as locals() gives them: those of `names`, and the others."""
    given = {name: value for name, value in arguments.items() if name not in ("self", "__class__", "kwargs")}
    given.update(arguments["kwargs"])
    return ({name: given[name] for name in names if name in given},
            {name: value for name, value in given.items() if name not in names})


class KnownLayer(RNN):
    """A layer of one cell that Rondo knows. `arguments` are those of its constructor, as locals() gives them."""

    cell_class: type = KnownCell

    def __init__(self, arguments):
        names = list(inspect.signature(self.cell_class.__init__).parameters)
        cell, own = split_arguments(arguments, names)
        if self.cell_class is SimpleRNNCell and own.pop("implementation", None) is not None:
            warnings.warn("The `implementation` argument in `SimpleRNN` has been deprecated. Please remove it from "
                          "your "
                          "layer call.", stacklevel=3)
        shared = {name: own[name] for name in ("dtype", "trainable") if name in own}
        super().__init__(self.cell_class(**cell, **shared), **own)

    def step_shape(self, shape):
        if len(shape) != 3:
            raise ValueError(f'Input 0 of layer "{self.name}" is incompatible with the layer: expected ndim=3, found '
                             f"ndim={len(shape)}. Full shape received: {shape}")
        return super().step_shape(shape)

    def get_config(self):
        return {**self.cell.get_config(), **self.options_config()}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _of_cell(name):
    return property(lambda layer: getattr(layer.cell, name), doc=f"`{name}` of the cell.")


for _name in ("units", "activation", "recurrent_activation", "use_bias", "kernel_initializer", "recurrent_initializer",
              "bias_initializer", "unit_forget_bias", "dropout", "recurrent_dropout", "reset_after", "implementation",
              "seed"):
    setattr(KnownLayer, _name, _of_cell(_name))


class SimpleRNN(KnownLayer):
    """h' = activation(x W + b + h U) over time, as tf.keras.layers.SimpleRNN."""

    cell_class = SimpleRNNCell

    def __init__(self, units, activation="tanh", use_bias=True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros", kernel_regularizer=None,
                 recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
                 recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0,
                 return_sequences=False, return_state=False, go_backwards=False, stateful=False, unroll=False,
                 **kwargs):
        super().__init__(locals())


class LSTM(KnownLayer):
    """A long short-term memory, as tf.keras.layers.LSTM: c' = f c + i g, h' = o activation(c')."""

    cell_class = LSTMCell

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 unit_forget_bias=True, kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None,
                 activity_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None,
                 dropout=0.0, recurrent_dropout=0.0, return_sequences=False, return_state=False, go_backwards=False,
                 stateful=False, time_major=False, unroll=False, **kwargs):
        super().__init__(locals())


class GRU(KnownLayer):
    """A gated recurrent unit, as tf.keras.layers.GRU: h' = z h + (1 - z) candidate."""

    cell_class = GRUCell

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout=0.0,
                 recurrent_dropout=0.0,
                 return_sequences=False, return_state=False, go_backwards=False, stateful=False, unroll=False,
                 time_major=False, reset_after=True, **kwargs):
        super().__init__(locals())


class MGU(KnownLayer):
    """A minimal gated unit over time, which Keras does not have."""

    cell_class = MGUCell

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout=0.0,
                 recurrent_dropout=0.0,
                 return_sequences=False, return_state=False, go_backwards=False, stateful=False, time_major=False,
                 unroll=False, **kwargs):
        super().__init__(locals())
