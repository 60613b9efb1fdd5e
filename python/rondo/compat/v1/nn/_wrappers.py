"""Cells around cells: dropout, residual connections and devices."""

import numpy

from .... import _nest
from ...._arrays import as_tensor, from_tensor, library_of
from ...._dtypes import dtype_name
from ._base import RNNCell


class Wrapper(RNNCell):
    """A cell with the sizes, weights and initial states of another one."""

    def __init__(self, cell, **kwargs):
        super().__init__(**kwargs)
        self._cell = cell

    @property
    def wrapped_cell(self):
        return self._cell

    @property
    def state_size(self):
        return self._cell.state_size

    @property
    def output_size(self):
        return self._cell.output_size

    @property
    def weights(self):
        return getattr(self._cell, "weights", [])

    variables = trainable_weights = trainable_variables = weights

    def get_weights(self):
        return self._cell.get_weights()

    def set_weights(self, weights):
        self._cell.set_weights(weights)

    def build(self, inputs_shape):
        if hasattr(self._cell, "build_once"):
            self._cell.build_once(inputs_shape)

    def build_once(self, inputs_shape, inputs=None):
        """The wrapped cell builds itself, at its own first call."""

    def zero_state(self, batch_size, dtype):
        return self._cell.zero_state(batch_size, dtype)

    def call(self, inputs, state):
        return self._cell(inputs, state)


class ResidualWrapper(Wrapper):
    """Adds the inputs to the outputs, or calls residual_fn(inputs, outputs) with both."""

    def __init__(self, cell, residual_fn=None, **kwargs):
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn

    def call(self, inputs, state):
        outputs, new_state = self._cell(inputs, state)
        return (self._residual_fn or added)(inputs, outputs), new_state


def added(inputs, outputs):
    if not _nest.is_nested(outputs):
        if _nest.is_nested(inputs) or tuple(inputs.shape) != tuple(outputs.shape):
            raise ValueError("ResidualWrapper: inputs and outputs of the cell differ in shape: "
                             f"{getattr(inputs, 'shape', 'a tree')} and {tuple(outputs.shape)}")
        return inputs + outputs
    if not _nest.is_nested(inputs) or len(inputs) != len(outputs):
        raise ValueError("ResidualWrapper: inputs and outputs of the cell differ in structure")
    if isinstance(outputs, dict):
        return {key: added(inputs[key], output) for key, output in outputs.items()}
    made = [added(*pair) for pair in zip(inputs, outputs)]
    return type(outputs)(*made) if _nest.is_named(outputs) else type(outputs)(made)


class DeviceWrapper(Wrapper):
    """Says on which device the arrays of a cell are. It moves nothing: arrays on another device are a ValueError."""

    def __init__(self, cell, device, **kwargs):
        super().__init__(cell, **kwargs)
        self._device = device

    def check_device(self, device):
        name = str(self._device).lower().strip("/").replace("device:", "")
        wanted = name.replace("gpu", "cuda").partition(":")
        if callable(self._device) or self._device is None or wanted[0] == device.partition(":")[0] and (
                wanted[0] == "cpu" or (wanted[2] or "0") == (device.partition(":")[2] or "0")):
            return
        raise ValueError(f"inputs: got arrays on {device}, expected arrays on {self._device}, as a DeviceWrapper says")

    def call(self, inputs, state):
        _nest.map_leaves(lambda leaf: self.check_device(as_tensor(leaf, "inputs").device), inputs)
        return self._cell(inputs, state)


class DropoutWrapper(Wrapper):
    """Drops elements of the inputs, of the new state and of the output, and scales the others by 1 / keep_prob.

    Elements that are kept are drawn at every call, from a generator of `seed`; their numbers are not TensorFlow's. With
    variational_recurrent they are drawn once, and hold for all steps and rows. Of an LSTMStateTuple h alone is dropped,
    unless `dropout_state_filter_visitor(state)` returns a tree of booleans that says otherwise. A cell that keeps all
    elements runs as fast as the cell in it.
    """

    def __init__(
        self,
        cell,
        input_keep_prob=1.0,
        output_keep_prob=1.0,
        state_keep_prob=1.0,
        variational_recurrent=False,
        input_size=None,
        dtype=None,
        seed=None,
        dropout_state_filter_visitor=None,
        **kwargs,
    ):
        super().__init__(cell, dtype=dtype, **kwargs)
        self._keep = {"input": input_keep_prob, "output": output_keep_prob, "state": state_keep_prob}
        for name, keep in self._keep.items():
            if not 0 < keep <= 1:
                raise ValueError(f"Parameter {name}_keep_prob must be between 0 and 1: {keep}")
        if variational_recurrent and dtype is None:
            raise ValueError("When variational_recurrent=True, dtype must be provided")
        if variational_recurrent and input_keep_prob < 1 and input_size is None:
            raise ValueError("When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, input_size must "
                             "be provided")
        self._filter = dropout_state_filter_visitor or drops_by_default
        self._generator, self._noise = numpy.random.default_rng(seed), {}
        self._variational = bool(variational_recurrent)

    @property
    def drops(self):
        return any(keep < 1 for keep in self._keep.values())

    def call(self, inputs, state):
        output, new_state = self._cell(self._dropped(inputs, "input"), state)
        if self._keep["state"] < 1:
            new_state = self._dropped_state(new_state, self._filter(new_state), "state")
        return self._dropped(output, "output"), new_state

    def _dropped_state(self, state, chosen, place):
        if not _nest.is_nested(chosen):
            return self._dropped(state, place) if chosen else state
        if isinstance(state, dict):
            return {key: self._dropped_state(state[key], chosen[key], f"{place}/{key}") for key in state}
        made = [self._dropped_state(*pair, f"{place}/{k}") for k, pair in enumerate(zip(state, chosen))]
        return type(state)(*made) if _nest.is_named(state) else type(state)(made)

    def _dropped(self, tree, place):
        keep = self._keep[place.partition("/")[0]]
        if keep == 1:
            return tree
        counted = iter(range(10**9))
        return _nest.map_leaves(lambda leaf: self._times_mask(leaf, keep, f"{place}/{next(counted)}"),
                                _nest.sorted_dicts(tree))

    def _times_mask(self, array, keep, place):
        shape = (1, *array.shape[1:]) if self._variational else tuple(array.shape)
        noise = self._noise.get(place) if self._variational else None
        if noise is None or noise.shape != shape:
            noise = self._noise[place] = (self._generator.random(shape) < keep) / keep
        mask = as_tensor(noise).to(dtype_name(array.dtype), as_tensor(array).device)
        return array * from_tensor(mask, library_of(array))


def drops_by_default(state):
    """A tree of booleans for each part of a state: all but the c of an LSTM."""
    if _nest.is_named(state) and state._fields == ("c", "h"):
        return type(state)(c=False, h=True)
    if isinstance(state, dict):
        return {key: drops_by_default(child) for key, child in state.items()}
    if _nest.is_nested(state) and not _nest.is_named(state):
        return type(state)(drops_by_default(child) for child in state)
    return True
