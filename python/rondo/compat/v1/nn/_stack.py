"""Cells on top of each other."""

import sys

from .... import _nest
from ...._arrays import library_of
from ...._tensor_shape import shape_of
from ._base import RNNCell, set_arrays


class MultiRNNCell(RNNCell):
    """Cells on top of each other. The state is a tuple of the cells' states, or without state_is_tuple one tensor of
    all."""

    def __init__(self, cells, state_is_tuple=True):
        super().__init__()
        if not _nest.is_nested(cells) or isinstance(cells, dict):
            raise TypeError(f"cells must be a list or tuple, but saw: {cells}.")
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        self._cells, self._state_is_tuple = list(cells), bool(state_is_tuple)
        if not state_is_tuple and any(_nest.is_nested(cell.state_size) for cell in cells):
            raise ValueError("Some cells return tuples of states, but the flag state_is_tuple is not set.  State sizes "
                             f"are: {[cell.state_size for cell in cells]}")

    @property
    def cells(self):
        return list(self._cells)

    @property
    def state_size(self):
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self):
        return self._cells[-1].output_size

    def zero_state(self, batch_size, dtype):
        if not self._state_is_tuple:
            return super().zero_state(batch_size, dtype)
        return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

    @property
    def weights(self):
        return [weight for cell in self._cells for weight in getattr(cell, "weights", ())]

    variables = trainable_weights = trainable_variables = weights

    def get_weights(self):
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights):
        counts = [len(getattr(cell, "weights", ())) for cell in self._cells]
        weights = list(weights)
        if len(weights) != sum(counts):
            set_arrays(self, self.weights, weights)  # throws
        for cell, count in zip(self._cells, counts):
            if count:
                cell.set_weights(weights[:count])
                weights = weights[count:]

    def call(self, inputs, state):
        """One step, cell after cell."""
        states, after = self._split(state), []
        for cell, before in zip(self._cells, states):
            inputs, new = cell(inputs, before)
            after.append(new)
        return inputs, tuple(after) if self._state_is_tuple else self._join(after)

    def _split(self, state):
        if self._state_is_tuple:
            if len(_nest.children(state)) != len(self._cells):
                raise ValueError(f"Expected state to be a tuple of length {len(self._cells)}, but received: {state}")
            return _nest.children(state)
        ends = [sum(shape_of(cell.state_size)[0] for cell in self._cells[:k]) for k in range(len(self._cells) + 1)]
        return [state[:, begin:end] for begin, end in zip(ends, ends[1:])]

    def _join(self, states):
        library = library_of(*states)
        if library == "torch":
            return sys.modules["torch"].cat(states, 1)
        return sys.modules["jax.numpy" if library == "jax" else library].concatenate(states, axis=1)
