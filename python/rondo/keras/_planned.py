"""Calls of Rondo's own layers with a caller's arrays: nests to flat tensors, and results back."""

from .. import _nest
from .._arrays import as_tensor, from_tensor
from ._libraries import detached, library_of_nest, needs_gradients, to_library

_STATES = ("initial_state", "reset_state")


class Planned:
    """A layer of the module rondo._rondo, with the weights that it has packed.

    `pack` gives states the form that the layer takes: a flat list by default. Many threads may call it.
    """

    def __init__(self, layer, records, pack=list, reloads=True):
        self.layer = layer
        self._records = records
        self._pack = pack
        self.reloads = reloads
        self._packed = self._versions()

    def _versions(self):
        return [record.version for record in self._records]

    def reload_changed(self):
        """Packs the weights again if set_weights has changed one."""
        if self.reloads and self._packed != self._versions():
            self._packed = self._versions()
            self.layer.reload_weights()

    def __call__(self, inputs, arguments):
        """(output, flat list of states), which PyTorch differentiates where its tensors require gradients."""
        if not needs_gradients(inputs, *(arguments.get(name) for name in _STATES)):
            return self.run(inputs, arguments)[:2]
        from ._autograd import differentiable

        return differentiable(self, inputs, arguments)

    def run(self, inputs, arguments, gradients=False):
        """(output, flat list of states, the pullback of the module or None)."""
        self.reload_changed()
        library = library_of_nest(inputs)
        x = _nest.map_leaves(lambda leaf: as_tensor(detached(leaf), "inputs"), inputs)
        given = {name: self._argument(name, value) for name, value in arguments.items() if value is not None}
        output, states, pullback = self.layer(x, gradients=gradients, **given)
        output = _nest.map_leaves(lambda leaf: from_tensor(leaf, library), output)
        return output, [from_tensor(leaf, library) for leaf in _nest.flatten(states)], pullback

    def _argument(self, name, value):
        if name in _STATES:
            return self._pack([as_tensor(detached(leaf), name) for leaf in _nest.flatten(value)])
        return value if isinstance(value, (bool, int)) else as_tensor(detached(value), name)

    def run_with_pullback(self, inputs, arguments):
        """As `run`, with a pullback that takes and returns arrays: see RNN.call_with_pullback."""
        library = library_of_nest(inputs)
        output, states, pullback = self.run(inputs, arguments, gradients=True)

        def run_back(d_output=None, d_states=None):
            given = None if d_output is None else _nest.map_leaves(lambda leaf: _gradient(leaf, library, "d_output"),
                                                                   d_output)
            given_states = None
            if d_states is not None:
                leaves = [_gradient(leaf, library, "d_states") for leaf in _nest.flatten(d_states)]
                if len(leaves) != len(states):
                    raise ValueError(
                        f"d_states: got {len(leaves)} gradients, expected {len(states)}, one for each state that "
                        "the call returned"
                    )
                given_states = self._pack(leaves)
            return {name: _nest.map_leaves(lambda leaf: from_tensor(leaf, library), gradient)
                    for name, gradient in pullback(given, given_states).items()}

        return output, states, run_back


def _gradient(array, library, argument):
    if array is None:
        return None
    return as_tensor(detached(to_library(array, library)), argument)
