"""raw_rnn: a loop whose inputs a function of the caller's chooses."""

from .... import _nest, _rondo
from ...._arrays import as_tensor, library_of, to_result, to_step
from ...._tensor_shape import TensorShape
from ._native import check_cell, native_cell


class TensorArray:
    """What the steps of a loop emitted."""

    def __init__(self, stacked):
        self._stacked = stacked

    def stack(self):
        """All emissions (steps, ...), in one array."""
        return self._stacked

    def read(self, index):
        """The emission of one step."""
        return self._stacked[index]

    def size(self):
        return self._stacked.shape[0]

    __len__ = size


def raw_rnn(cell, loop_fn, parallel_iterations=None, swap_memory=False, scope=None):
    """Calls `loop_fn`, then `cell`, then `loop_fn`, and so on, until all rows are finished.

    loop_fn(time, cell_output, cell_state, loop_state) returns (elements_finished, next_input, next_cell_state,
    emit_output, next_loop_state); at time 0 its last three arguments are None, next_cell_state is the initial state,
    and emit_output, if it is not None, has arrays without a batch axis in the structure, shapes and dtypes of all
    emissions. A row that is finished emits zeros and keeps its state. `time` is an int. A loop state may be any object;
    None keeps the one before.

    Returns (emit_ta, final_state, final_loop_state): a TensorArray for each array of the emissions.
    `parallel_iterations`, `swap_memory` and `scope` have no effect.
    """
    check_cell(cell, "cell")
    if not callable(loop_fn):
        raise TypeError("loop_fn must be a callable")
    loop = Loop(cell, loop_fn)
    emissions, state = _rondo.v1_raw_rnn(native_cell(cell, loop), loop.decide)
    emit = _nest.from_native(emissions, loop.emit_structure, lambda leaf: TensorArray(loop.export(leaf)))
    return emit, _nest.from_native(state, cell.state_size, loop.export), loop.state


class Loop:
    """The calls of loop_fn. The first one also tells what the inputs of the cell are like, as native_cell asks."""

    def __init__(self, cell, function):
        self.cell, self.function, self.state = cell, function, None
        self.first = self._call(0, None, None)
        _, next_input, _, emit_output, _ = self.first
        arrays = [leaf for leaf in _nest.flatten(next_input) if leaf is not None]
        self.library = library_of(*arrays)
        tensor = as_tensor(arrays[0], "next_input") if arrays else None
        if tensor is None or tensor.ndim < 1:
            raise ValueError(f"next_input: got {next_input!r}, expected an array (B, ...)")
        self.device, self.dtype, self.B = tensor.device, tensor.dtype, tensor.shape[0]
        self.step_shapes = _nest.map_leaves(lambda leaf: TensorShape(leaf.shape), next_input)
        self.emit_structure = cell.output_size if emit_output is None else _nest.map_leaves(lambda leaf: 0, emit_output)

    def export(self, tensor):
        return to_result(tensor, self.library)

    def to_step(self, tensor):
        return to_step(tensor, self.library)

    def _call(self, time, output, state):
        result = self.function(time, output, state, self.state)
        if not isinstance(result, tuple) or len(result) != 5:
            raise TypeError(f"loop_fn: got a result {type(result).__name__}, expected a tuple (elements_finished, "
                            "next_input, next_cell_state, emit_output, next_loop_state)")
        if result[4] is not None:
            self.state = result[4]
        return result

    def decide(self, time, output, state):
        """What the C++ loop calls."""
        if time == 0:
            result = self.first
        else:
            result = self._call(time, _nest.from_native(output, self.cell.output_size, self.to_step),
                                _nest.from_native(state, self.cell.state_size, self.to_step))
        finished, next_input, next_state, emit_output, _ = result
        return (as_tensor(finished, "elements_finished"), self._native(next_input, "next_input"),
                self._native(next_state, "next_cell_state"),
                None if emit_output is None else self._native(emit_output, "emit_output"))

    def _native(self, tree, argument):
        return _nest.to_native(tree, lambda leaf: as_tensor(leaf, argument))
