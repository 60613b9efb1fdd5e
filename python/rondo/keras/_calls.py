"""The arguments of a layer's call."""

from .. import _nest
from .._dtypes import name_of_dtype
from ._shapes import entries


def standardized(inputs, initial_state, constants):
    """(inputs, initial_state, constants), where a list of inputs is [inputs, *initial_state], as Keras has it."""
    if not isinstance(inputs, list):
        return inputs, initial_state, constants
    if initial_state is not None:
        raise ValueError("inputs and initial_state: got a list of inputs, which holds the states too, and "
                         "initial_state; "
                         "expected one of them. Several inputs of a cell are a tuple")
    if not inputs:
        raise ValueError("inputs: got an empty list, expected [inputs, *initial_state]")
    return inputs[0], inputs[1:] or None, constants


class CallArguments(dict):
    """mask, lengths, resets, reset_state, initial_state, constants, training and dropout_call of one call."""

    def __init__(self, inputs, *, mask, training, calls, **others):
        if isinstance(mask, (tuple, list)):  # Keras passes one for each of several inputs, and uses the first
            mask = _nest.flatten(mask)[0]
        super().__init__(mask=mask, training=bool(training), dropout_call=next(calls) if training else 0, **others)

    def of_planned(self):
        """Those that Rondo's own layer takes."""
        return {name: value for name, value in self.items() if name != "constants"}


def check_states(argument, states, sizes, batch_size, dtype, shared=False):
    """Raises ValueError for states of other shapes or floating dtypes than those of a layer; `shared`: one row may be
    for all.
    """
    for leaf, size in zip(_nest.flatten(states), _nest.flatten(sizes)):
        shape, expected = tuple(leaf.shape), (batch_size, *size)
        name = name_of_dtype(leaf)
        fits = shape == expected or shared and shape == tuple(size)
        if not fits or "float" in name and name != dtype:
            raise ValueError(f"{argument}: got {name}{shape}, expected {dtype}{expected}")


def checked_structure(argument, states, sizes):
    """`states` as a list in the structure of `sizes`. A single array is a list of one."""
    given = entries(states)
    if len(given) != len(sizes):
        raise ValueError(f"{argument}: Layer has {len(sizes)} states but was passed {len(given)} states. "
                         f"Received: {_nest.describe(given)}")
    if not _nest.same_structure(given, sizes):
        raise ValueError(f"{argument}: got the structure {_nest.describe(given)}, expected {_nest.describe(sizes)}")
    return _nest.pack(sizes, _nest.flatten(given))
