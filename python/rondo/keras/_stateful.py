"""The stored states of a stateful layer."""

from .. import _nest
from .._arrays import as_tensor, from_tensor
from ._calls import check_states, checked_structure
from ._cells import zeros_of
from ._layer import Layer
from ._libraries import detached


class StatefulLayer(Layer):
    """A layer that may begin a call with the states with which the last one ended.

    Where `planned` is Rondo's own layer, that layer has them; else, and before it exists, this one does.
    """

    planned = None
    _stored = None

    def known_batch_size(self):
        """That of `batch_input_shape` or `batch_size`; None where neither was given."""
        given = self._shapes_given.get("batch_input_shape")
        return given[1 if self.time_major else 0] if given else self._shapes_given.get("batch_size")

    def reset_states(self, states=None):
        """Makes the stored states zeros, or copies of `states`: an array, or a list with one entry for each state.

        Raises AttributeError for a layer that is not stateful; ValueError while the batch size is unknown, and for
        states of other shapes or dtypes than those of the layer.
        """
        if not self.stateful:
            raise AttributeError("Layer must be stateful.")
        stored = self.stored_states()
        batch_size = len(_nest.flatten(stored)[0]) if stored else self.known_batch_size()
        sizes = self.state_structure()
        if states is None:
            if batch_size is None:
                raise ValueError("If a RNN is stateful, it needs to know its batch size: got a layer whose batch size "
                                 "is "
                                 "unknown, expected a call, batch_input_shape, or states, before reset_states()")
            states = zeros_of(sizes, batch_size, self.dtype)
        else:
            states = checked_structure("states", states, sizes)
            batch_size = len(_nest.flatten(states)[0]) if batch_size is None else batch_size
            check_states("states", states, sizes, batch_size, self.dtype)
        if self.planned:
            self._store_in(self.planned, states)
        else:
            self._stored = _nest.map_leaves(lambda leaf: from_tensor(as_tensor(detached(leaf)), "numpy").copy(), states)

    def store_given_states(self, planned):
        """Hands the states that were given before the first call to Rondo's own layer."""
        if self.stateful and self._stored is not None:
            self._store_in(planned, self._stored)
            self._stored = None

    def _store_in(self, planned, states):
        tensors = [as_tensor(detached(leaf), "states") for leaf in _nest.flatten(states)]
        planned.layer.set_states(self.pack_states(tensors))

    def store_states(self, states):
        """Keeps the final states of a call that has run step by step; no gradient reaches them."""
        if self.stateful:
            self._stored = _nest.map_leaves(detached, states)

    def stored_states(self):
        """The stored states, or None; those of Rondo's own layer are copies."""
        if not self.planned or not self.stateful:
            return self._stored
        leaves = [from_tensor(leaf, "numpy").copy() for leaf in _nest.flatten(self.planned.layer.states)]
        return _nest.pack(self.state_structure(), leaves) if leaves else None

    @property
    def states(self):
        """The stored states of a stateful layer; [None, ...] before its first call, and where it is not stateful."""
        stored = self.stored_states() if self.stateful else None
        return [None] * len(self.state_structure()) if stored is None else stored
