"""How a layer deals with any cell: what it takes, its sizes and its initial state."""

import inspect

import numpy

from .. import _nest
from .._dtypes import numpy_dtype
from ._libraries import to_library
from ._shapes import entries, size_nest


def check_cell(cell):
    """Raises ValueError for what is no cell."""
    if not callable(getattr(cell, "call", None)):
        raise ValueError("Argument `cell` or each cell in `cell` must have a `call` method. "
                         f"Received: cell={cell!r}")
    if not hasattr(cell, "state_size"):
        raise ValueError("The RNN cell should have a `state_size` attribute (single integer or list of integers, one "
                         f"integer per RNN state). Received: cell={cell!r}")


def takes(cell, argument):
    """Whether cell.call has an argument of that name."""
    if argument == "constants" and hasattr(cell, "accepts_constants"):
        return cell.accepts_constants
    return argument in inspect.signature(cell.call).parameters


def call_cell(cell, inputs, states, arguments):
    """(output, list of new states) of one step, with those of `arguments` that the cell takes."""
    given = {name: value for name, value in arguments.items() if takes(cell, name)}
    output, new_states = (cell if callable(cell) else cell.call)(inputs, states, **given)
    return output, entries(new_states)


def build_cell(cell, step_shape):
    """Makes the weights of a cell for inputs (B, ...) of one step, unless it has them."""
    if hasattr(cell, "build_once"):
        cell.build_once(step_shape)
    elif hasattr(cell, "build") and not getattr(cell, "built", False):
        cell.build(step_shape)
        cell.built = True


def state_sizes(cell):
    """The shapes of the states without the batch axis: a list of one nest for each state."""
    return entries(size_nest(cell.state_size))


def output_sizes(cell):
    """The shape of the output without the batch axis, by default that of the first state."""
    size = getattr(cell, "output_size", None)
    return size_nest(size) if size is not None else _nest.flatten(size_nest(cell.state_size))[0]


def initial_state(cell, batch_size, dtype, library, like):
    """The states before the first step, a list, as arrays of `library` on the device of `like`."""
    make = getattr(cell, "get_initial_state", None)
    if make is None:
        states = zero_states(cell, batch_size, dtype)
    else:
        states = entries(make(inputs=None, batch_size=batch_size, dtype=dtype))
    return _nest.map_leaves(lambda leaf: to_library(leaf, library, like), states)


def zero_states(cell, batch_size, dtype):
    return zeros_of(state_sizes(cell), batch_size, dtype)


def zeros_of(sizes, batch_size, dtype):
    return _nest.map_leaves(lambda size: numpy.zeros((batch_size, *size), numpy_dtype(dtype)), sizes)
