"""The cells whose mathematics Rondo knows: SimpleRNNCell, LSTMCell, GRUCell and MGUCell."""

import numpy

from .. import _nest, _rondo
from .._arrays import as_tensor
from . import activations, initializers
from ._cells import zero_states
from ._layer import Layer
from ._planned import Planned
from ._seeds import new_seed
from ._weights import check_none

_GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3, "mgu": 2}
_TRAINING_ONLY = ("kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "kernel_constraint",
                  "recurrent_constraint", "bias_constraint")


class KnownCell(Layer):
    """What these cells have in common. `arguments` are those of their constructors, as locals() gives them."""

    kind = ""

    def __init__(self, arguments):
        given = {name: value for name, value in arguments.items() if name not in ("self", "__class__", "kwargs")}
        super().__init__(**arguments["kwargs"])
        check_none(**{name: given.pop(name) for name in _TRAINING_ONLY})
        units = given["units"]
        if not isinstance(units, (int, numpy.integer)) or units <= 0:
            raise ValueError("Received an invalid value for argument `units`, expected a positive integer, "
                             f"got {units!r}.")
        if given.get("implementation", 2) not in (1, 2):
            raise ValueError(f"implementation: got {given['implementation']!r}, expected 1 or 2")
        for name in ("activation", "recurrent_activation"):
            if name in given:
                given[name] = activations.get(given[name])
        for name in ("kernel_initializer", "recurrent_initializer", "bias_initializer"):
            given[name] = initializers.get(given[name])
        for name in ("dropout", "recurrent_dropout"):
            given[name] = min(1.0, max(0.0, given[name]))
        if given["seed"] is None:
            given["seed"] = new_seed()
        self._arguments = list(given)
        self.__dict__.update(given)
        self.state_size = [units, units] if self.kind == "lstm" else units
        self.output_size = units

    def build(self, input_shape):
        width = input_shape[-1]
        if width is None:
            raise ValueError(f"input_shape: got {tuple(input_shape)}, expected a last axis whose size is known")
        gates = _GATES[self.kind]
        self.kernel = self.add_weight("kernel", (width, gates * self.units), initializer=self.kernel_initializer)
        self.recurrent_kernel = self.add_weight("recurrent_kernel", (self.units, gates * self.units),
                                                initializer=self.recurrent_initializer)
        self.bias = None
        if self.use_bias:
            shape = (gates * self.units,)
            shape = (2, *shape) if self.kind == "mgu" or getattr(self, "reset_after", False) else shape
            self.bias = self.add_weight("bias", shape, initializer=self._bias_values)
        self.cell = _rondo.KnownCell(self.spec(), [as_tensor(weight) for weight in self.weights],
                                     dropout=self.dropout, recurrent_dropout=self.recurrent_dropout,
                                     implementation=getattr(self, "implementation", 2), seed=self.seed)
        self._step = Planned(_rondo.Layer([self.cell], return_state=True), self.records())
        self.built = True

    def _bias_values(self, shape, dtype):
        values = numpy.array(self.bias_initializer(shape, dtype=dtype))
        if getattr(self, "unit_forget_bias", False):
            values[self.units:2 * self.units] = 1
        return values

    def spec(self):
        given = {"activation": activations.serialize(self.activation), "use_bias": bool(self.use_bias)}
        if self.kind != "simple_rnn":
            given["recurrent_activation"] = activations.serialize(self.recurrent_activation)
        if self.kind == "gru":
            given["reset_after"] = bool(self.reset_after)
        return _rondo.CellSpec(self.kind, int(self.units), **given)

    def call(self, inputs, states, training=None, dropout_call=0):
        """One step: (output, states). `dropout_call` numbers the masks of dropout, which a call of the cell alone
        draws.
        """
        states = list(states) if _nest.is_nested(states) else [states]
        sequence = inputs[:, None]  # of one time step
        output, new_states = self._step(sequence, {"initial_state": states, "training": bool(training),
                                                   "dropout_call": dropout_call})
        return output, new_states

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        """Zeros."""
        if inputs is not None:
            batch_size, dtype = inputs.shape[0], self.dtype
        if batch_size is None or dtype is None:
            raise ValueError("batch_size and dtype: got None, expected both of them, or inputs")
        return zero_states(self, batch_size, dtype)

    def get_config(self):
        config = super().get_config()
        for name in self._arguments:
            value = getattr(self, name)
            if name.endswith("activation"):
                value = activations.serialize(value)
            config[name] = initializers.serialize(value) if name.endswith("initializer") else value
        return config


class SimpleRNNCell(KnownCell):
    """h' = activation(x W + b + h U), as tf.keras.layers.SimpleRNNCell. State: h."""

    kind = "simple_rnn"

    def __init__(self, units, activation="tanh", use_bias=True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros", kernel_regularizer=None,
                 recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None, recurrent_constraint=None,
                 bias_constraint=None, dropout=0.0, recurrent_dropout=0.0, seed=None, **kwargs):
        super().__init__(locals())


class LSTMCell(KnownCell):
    """c' = f c + i g, h' = o activation(c'), as tf.keras.layers.LSTMCell. States: h, c; gates i f g o."""

    kind = "lstm"

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 unit_forget_bias=True, kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None,
                 kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout=0.0,
                 recurrent_dropout=0.0, implementation=2, seed=None, **kwargs):
        super().__init__(locals())


class GRUCell(KnownCell):
    """h' = z h + (1 - z) candidate, as tf.keras.layers.GRUCell. State: h; gates z r h."""

    kind = "gru"

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None,
                 recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0, reset_after=True,
                 implementation=2, seed=None, **kwargs):
        super().__init__(locals())


class MGUCell(KnownCell):
    """A minimal gated unit, which Keras does not have. State: h; gates f n, the bias is (2, 2 H)."""

    kind = "mgu"

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None,
                 recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0, implementation=2,
                 seed=None, **kwargs):
        super().__init__(locals())


def known_cells(cell):
    """The cells of a cell or of a stack, bottom first, if an executor of Rondo's can run all of them; else none."""
    cells = getattr(cell, "cells", [cell])
    return list(cells) if all(isinstance(one, KnownCell) and type(one).call is KnownCell.call for one in cells) else []
