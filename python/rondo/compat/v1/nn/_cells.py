"""The cells whose mathematics Rondo knows: an executor runs whole sequences of them."""

import collections
import operator

from .... import _nest, _rondo
from ...._arrays import as_tensor, from_tensor, library_of
from ....keras.initializers import Ones, Zeros
from ._base import RNNCell


class LSTMStateTuple(collections.namedtuple("LSTMStateTuple", ("c", "h"))):
    """The state of an LSTM: c, then h."""

    __slots__ = ()

    @property
    def dtype(self):
        if self.c.dtype != self.h.dtype:
            raise TypeError(f"Inconsistent internal state: {self.c.dtype} vs {self.h.dtype}")
        return self.c.dtype


class KnownCell(RNNCell):
    """What the cells below share: weights, and the cell of the C++ side that is made of them."""

    def __init__(self, num_units, activation, trainable=True, name=None, dtype=None, **kwargs):
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)
        self._num_units = operator.index(num_units)
        if self._num_units < 1:
            raise ValueError(f"num_units: got {num_units}, expected at least 1")
        if activation is not None and not isinstance(activation, str):
            raise TypeError(f"activation: got {activation!r}, expected a name, such as \"tanh\" or \"relu\"")
        self._activation = activation or "tanh"
        self._native = {}  # the C++ cell on each device

    @property
    def state_size(self):
        return self._num_units

    @property
    def output_size(self):
        return self._num_units

    def build(self, inputs_shape):
        depth = inputs_shape[-1]
        if depth is None:
            raise ValueError(f"Expected inputs.shape[-1] to be known, saw shape: {tuple(inputs_shape)}")
        self._make_weights(int(depth))
        self.built = True

    def _make_weights(self, depth):
        raise NotImplementedError(f"{type(self).__name__} has no mathematics of its own")

    def _make_native(self, weights):
        raise NotImplementedError(f"{type(self).__name__} has no mathematics of its own")

    def set_weights(self, weights):
        super().set_weights(weights)
        self._native = {}  # a run that is going on keeps the cell that it has

    def native(self, device="cpu"):
        """The C++ cell with the weights on a device."""
        made = self._native.get(device)
        if made is None:
            weights = [as_tensor(weight, "weights").to(device=device) for weight in self.get_weights()]
            made = self._native[device] = self._make_native(weights)
        return made

    def call(self, inputs, state):
        library = library_of(inputs)
        x = as_tensor(inputs, "inputs")
        before = _nest.to_native(state, lambda leaf: as_tensor(leaf, "state"))
        output, after = _rondo.v1_call_cell(self.native(x.device), x, _nest.branches(before))
        after = after if _nest.is_nested(self.state_size) else after[0]
        state = _nest.from_native(after, self.state_size, lambda leaf: from_tensor(leaf, library))
        return from_tensor(output, library), state


class BasicRNNCell(KnownCell):
    """h' = activation([x, h] kernel + bias). Weights: kernel (I + H, H), bias (H)."""

    def __init__(self, num_units, activation=None, reuse=None, name=None, dtype=None, **kwargs):
        super().__init__(num_units, activation, _reuse=reuse, name=name, dtype=dtype, **kwargs)

    def _make_weights(self, depth):
        H = self._num_units
        self.add_weight("kernel", (depth + H, H))
        self.add_weight("bias", (H,), initializer=Zeros())

    def _make_native(self, weights):
        return _rondo.v1_basic_rnn_cell(self._num_units, self._activation, weights)


class GRUCell(KnownCell):
    """Weights: gates/kernel (I + H, 2 H), gates/bias (2 H), by default ones, candidate/kernel (I + H, H),
    candidate/bias (H)."""

    def __init__(self, num_units, activation=None, reuse=None, kernel_initializer=None, bias_initializer=None,
                 name=None, dtype=None, **kwargs):
        super().__init__(num_units, activation, _reuse=reuse, name=name, dtype=dtype, **kwargs)
        self._kernel_initializer, self._bias_initializer = kernel_initializer, bias_initializer

    def _make_weights(self, depth):
        H = self._num_units
        self.add_weight("gates/kernel", (depth + H, 2 * H), initializer=self._kernel_initializer)
        self.add_weight("gates/bias", (2 * H,), initializer=self._bias_initializer or Ones())
        self.add_weight("candidate/kernel", (depth + H, H), initializer=self._kernel_initializer)
        self.add_weight("candidate/bias", (H,), initializer=self._bias_initializer or Zeros())

    def _make_native(self, weights):
        return _rondo.v1_gru_cell(self._num_units, self._activation, weights)


class LSTMCell(KnownCell):
    """An LSTM with peepholes, clips and a projection to P = num_proj values, where they are asked for.

    Weights: kernel (I + P, 4 H) and bias (4 H) for the gates i j f o, then w_f_diag, w_i_diag and w_o_diag (H) with
    peepholes, then projection/kernel (H, P). `forget_bias` is added at every step and is not in the bias.
    num_unit_shards and num_proj_shards have no effect.
    """

    def __init__(self, num_units, use_peepholes=False, cell_clip=None, initializer=None, num_proj=None, proj_clip=None,
                 num_unit_shards=None, num_proj_shards=None, forget_bias=1.0, state_is_tuple=True, activation=None,
                 reuse=None, name=None, dtype=None, **kwargs):
        super().__init__(num_units, activation, _reuse=reuse, name=name, dtype=dtype, **kwargs)
        self._use_peepholes, self._cell_clip, self._initializer = bool(use_peepholes), cell_clip, initializer
        self._num_proj = None if num_proj is None else operator.index(num_proj)
        self._proj_clip, self._forget_bias, self._state_is_tuple = proj_clip, float(forget_bias), bool(state_is_tuple)

    @property
    def output_size(self):
        return self._num_units if self._num_proj is None else self._num_proj

    @property
    def state_size(self):
        sizes = LSTMStateTuple(self._num_units, self.output_size)
        return sizes if self._state_is_tuple else sum(sizes)

    def _make_weights(self, depth):
        H = self._num_units
        self.add_weight("kernel", (depth + self.output_size, 4 * H), initializer=self._initializer)
        self.add_weight("bias", (4 * H,), initializer=Zeros())
        if self._use_peepholes:
            for gate in "fio":
                self.add_weight(f"w_{gate}_diag", (H,), initializer=self._initializer)
        if self._num_proj is not None:
            self.add_weight("projection/kernel", (H, self._num_proj), initializer=self._initializer)

    def _make_native(self, weights):
        return _rondo.v1_lstm_cell(self._num_units, self._activation, weights, use_peepholes=self._use_peepholes,
                                   cell_clip=self._cell_clip, num_proj=self._num_proj, proj_clip=self._proj_clip,
                                   forget_bias=self._forget_bias, state_is_tuple=self._state_is_tuple)


class BasicLSTMCell(LSTMCell):
    """An LSTM without peepholes, clips and projection. Weights: kernel (I + H, 4 H) and bias (4 H) for i j f o."""

    def __init__(self, num_units, forget_bias=1.0, state_is_tuple=True, activation=None, reuse=None, name=None,
                 dtype=None, **kwargs):
        super().__init__(num_units, forget_bias=forget_bias, state_is_tuple=state_is_tuple, activation=activation,
                         reuse=reuse, name=name, dtype=dtype, **kwargs)
