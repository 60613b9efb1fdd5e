"""Cells of Python as cells of the C++ side, for inputs of one library, dtype and device."""

from .... import _nest, _rondo
from ...._arrays import as_tensor, to_result, to_step
from ...._tensor_shape import TensorShape, shape_of
from ._base import RNNCell
from ._cells import KnownCell
from ._stack import MultiRNNCell
from ._wrappers import DeviceWrapper, DropoutWrapper


def check_cell(cell, argument):
    """Throws TypeError for what TensorFlow does not take for a cell."""
    missing = [f"'{name}' property is missing" for name in ("output_size", "state_size")
               if not hasattr(type(cell), name) and not hasattr(cell, name)]
    if not hasattr(cell, "zero_state") and not hasattr(cell, "get_initial_state"):
        missing.append("either 'zero_state' or 'get_initial_state' method is required")
    if not callable(cell):
        missing.append("is not callable")
    if missing or isinstance(cell, type):
        raise TypeError(f"The argument {argument!r} ({cell}) is not an RNNCell: "
                        f"{', '.join(missing) or 'it is a class'}.")


class Inputs:
    """The inputs of a run, as arrays and as the C++ side takes them."""

    def __init__(self, inputs, library, time_major):
        self.library, self.tree = library, inputs
        self.native = _nest.to_native(inputs, lambda leaf: as_tensor(leaf, "inputs"))
        first = _nest.flatten(self.native)
        for tensor in first:
            if tensor.ndim < 3:
                raise ValueError(f"inputs: got {tensor!r}, expected at least 3 axes: batch, time and features")
        self.device, self.dtype = first[0].device, first[0].dtype
        self.B = first[0].shape[1 if time_major else 0]
        self.step_shapes = _nest.map_leaves(lambda leaf: TensorShape([self.B, *leaf.shape[2:]]), inputs)

    def export(self, tensor):
        return to_result(tensor, self.library)

    def to_step(self, tensor):
        return to_step(tensor, self.library)


def native_cell(cell, inputs, step_shapes=None):
    """The C++ cell that computes what `cell` does: one that an executor runs, where its mathematics is known."""
    step_shapes = inputs.step_shapes if step_shapes is None else step_shapes
    inner = unwrapped(cell, inputs.device)
    if inner is not cell:
        return native_cell(inner, inputs, step_shapes)
    if isinstance(cell, RNNCell) and type(cell).__call__ is RNNCell.__call__:
        if isinstance(cell, KnownCell) and type(cell).call is KnownCell.call:
            if _nest.is_nested(step_shapes):
                raise ValueError(f"inputs: got a tree of arrays, expected one array for {type(cell).__name__}")
            if not cell.built and cell._dtype is None:
                cell._dtype = inputs.dtype
            cell.build_once(step_shapes)
            return cell.native(inputs.device)
        if type(cell) is MultiRNNCell:
            return native_stack(cell, inputs, step_shapes)
    return python_cell(cell, inputs, step_shapes)


def unwrapped(cell, device):
    """What runs in place of a wrapper that changes nothing."""
    if type(cell) is DropoutWrapper and not cell.drops:
        return cell.wrapped_cell
    if type(cell) is DeviceWrapper:
        cell.check_device(device)
        return cell.wrapped_cell
    return cell


def native_stack(stack, inputs, step_shapes):
    made = []
    for cell in stack.cells:
        check_cell(cell, "cells")
        made.append(native_cell(cell, inputs, step_shapes))
        step_shapes = _nest.map_leaves(lambda size: TensorShape([inputs.B, *shape_of(size)]), cell.output_size)
    return _rondo.v1_multi_rnn_cell(made, stack._state_is_tuple)


def python_cell(cell, inputs, step_shapes):
    """A cell whose steps Python computes, in arrays of the library of the inputs."""
    state_size, output_size = cell.state_size, cell.output_size
    placeholder = _rondo.zeros(())
    shapes = [
        [shape_of(size) for size in _nest.flatten(_nest.sorted_dicts(sizes))] for sizes in (state_size, output_size)
    ]
    structures = [_nest.to_native(sizes, lambda _: placeholder) for sizes in (state_size, output_size)]

    def step(native_inputs, states):
        x = _nest.from_native(native_inputs, step_shapes, inputs.to_step)
        state = _nest.from_native(states if _nest.is_nested(state_size) else states[0], state_size, inputs.to_step)
        output, after = pair_of(cell(x, state))
        return (_nest.to_native(output, lambda leaf: as_tensor(leaf, "the cell's output")),
                _nest.branches(_nest.to_native(after, lambda leaf: as_tensor(leaf, "the cell's new state"))))

    return _rondo.v1_python_cell(step, structures[0], shapes[0], structures[1], shapes[1])


def pair_of(result):
    if isinstance(result, tuple) and len(result) == 2:
        return result
    raise TypeError(f"cell: got a call that returned {type(result).__name__}, expected a tuple (output, new_state)")
