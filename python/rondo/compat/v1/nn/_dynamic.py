"""dynamic_rnn and bidirectional_dynamic_rnn."""

import numpy

from .... import _nest, _rondo
from ...._arrays import as_tensor, library_of
from ...._dtypes import dtype_name
from ._base import RNNCell
from ._native import Inputs, check_cell, native_cell
from ._stack import MultiRNNCell

NARROW = ("int8", "uint8", "int16", "uint16")


def dynamic_rnn(cell, inputs, sequence_length=None, initial_state=None, dtype=None, parallel_iterations=None,
                swap_memory=False, time_major=False, scope=None, *, resets=None):
    """Runs `cell` over `inputs` (B, T, ...), or a tree of such arrays, and returns (outputs, state).

    Where t >= sequence_length[b], row b emits zeros and keeps its state; lengths may be integers of any size, and those
    outside 0 .. T are clamped. Without an `initial_state`, `dtype` is required, and states begin as the cell says, with
    zeros. With time_major inputs and outputs are (T, B, ...). Results are arrays of the library that the inputs are of.

    `resets`, Rondo's own, is (B, T), time-major (T, B): where it is true at a live step, the row's states become zeros
    before that step is read.

    `scope` has no effect, for there are no graphs. `parallel_iterations` is the number of time steps whose products
    with the input are computed at once, which changes no value beyond rounding; with `resets` it has none.
    `swap_memory` has no effect, because no gradients are computed: a tensor of PyTorch that requires one is a
    ValueError outside of torch.no_grad(), be it an input, a state, or what a cell of your own returns.
    """
    check_cell(cell, "cell")
    given = checked_inputs(inputs, time_major)
    made = native_cell(cell, given)
    state = state_before(cell, given, initial_state, dtype, "initial_state")
    lengths = lengths_of(sequence_length, given)
    if resets is not None:
        outputs, after = run_with_resets(cell, made, given, lengths, state, dtype, resets, time_major, reverse=False)
    else:
        outputs, after = _rondo.v1_dynamic_rnn(made, given.native, sequence_length=lengths, initial_state=state,
                                               dtype=dtype_name(dtype), parallel_iterations=parallel_iterations or 32,
                                               swap_memory=bool(swap_memory), time_major=bool(time_major))
    return _results(cell, given, outputs, after)


def bidirectional_dynamic_rnn(cell_fw, cell_bw, inputs, sequence_length=None, initial_state_fw=None,
                              initial_state_bw=None, dtype=None, parallel_iterations=None, swap_memory=False,
                              time_major=False, scope=None, *, resets=None):
    """Runs dynamic_rnn with `cell_fw`, and with `cell_bw` over each row reversed within its length.

    Returns ((outputs_fw, outputs_bw), (state_fw, state_bw)), the outputs in the order of the inputs. The arguments are
    those of dynamic_rnn, but a length outside 0 .. T is a ValueError, because such a row cannot be reversed. `resets`
    mark where a piece of a row begins: read in reverse, states become zeros before the last step of the piece in front
    is read.
    """
    check_cell(cell_fw, "cell_fw")
    check_cell(cell_bw, "cell_bw")
    given = checked_inputs(inputs, time_major)
    cells = (cell_fw, cell_bw)
    made = [native_cell(cell, given) for cell in cells]
    states = [state_before(cell, given, state, dtype, name) for cell, state, name in
              zip(cells, (initial_state_fw, initial_state_bw), ("initial_state_fw", "initial_state_bw"))]
    lengths = lengths_of(sequence_length, given)
    if resets is not None:
        checked_range(lengths, given, time_major)
        pairs = [run_with_resets(cell, native, given, lengths, state, dtype, resets, time_major, reverse)
                 for cell, native, state, reverse in zip(cells, made, states, (False, True))]
        results = (pairs[0][0], pairs[1][0], pairs[0][1], pairs[1][1])
    else:
        results = _rondo.v1_bidirectional_dynamic_rnn(
            *made, given.native, sequence_length=lengths, initial_state_fw=states[0], initial_state_bw=states[1],
            dtype=dtype_name(dtype), parallel_iterations=parallel_iterations or 32, swap_memory=bool(swap_memory),
            time_major=bool(time_major))
    return tuple(zip(*(_results(cell, given, results[k], results[2 + k]) for k, cell in enumerate(cells))))


def _results(cell, inputs, outputs, state):
    return (_nest.from_native(outputs, cell.output_size, inputs.export),
            _nest.from_native(state, cell.state_size, inputs.export))


def checked_inputs(inputs, time_major):
    arrays = [] if inputs is None else [leaf for leaf in _nest.flatten(inputs) if leaf is not None]
    if not arrays:
        raise ValueError(f"inputs: got {inputs!r}, expected an array, or a tuple of arrays")
    return Inputs(inputs, library_of(*arrays), time_major)


def state_before(cell, inputs, initial_state, dtype, argument):
    """The initial state as the C++ side takes it; None where that makes zeros itself."""
    if initial_state is None:
        if dtype is None:
            raise ValueError("If there is no initial_state, you must give a dtype.")
        initial_state = own_state(cell, inputs.B, dtype)
    if initial_state is None:
        return None
    return _nest.to_native(initial_state, lambda leaf: as_tensor(leaf, argument).to(device=inputs.device))


def own_state(cell, B, dtype):
    """The initial state of a cell that does not begin with plain zeros; else None."""
    if isinstance(cell, MultiRNNCell) and all(own_state(inner, B, dtype) is None for inner in cell.cells):
        return None
    if isinstance(cell, RNNCell) and not isinstance(cell, MultiRNNCell):
        if type(cell).zero_state is RNNCell.zero_state and type(cell).get_initial_state is RNNCell.get_initial_state:
            return None
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(inputs=None, batch_size=B, dtype=numpy_or_name(dtype))
    return cell.zero_state(B, numpy_or_name(dtype))


def numpy_or_name(dtype):
    return numpy.dtype(dtype_name(dtype)) if dtype_name(dtype) != "bfloat16" else "bfloat16"


def lengths_of(sequence_length, inputs):
    """(B,) of int32 or int64 on the CPU or the device of the inputs; lists and other integers are converted."""
    if sequence_length is None:
        return None
    name = getattr(getattr(sequence_length, "dtype", None), "name", None) or str(getattr(sequence_length, "dtype", ""))
    if library_of(sequence_length) in (None, "numpy"):
        sequence_length = wide_array(numpy.asarray(sequence_length))
    elif library_of(sequence_length) == "torch" and name.rpartition(".")[2] in NARROW:
        sequence_length = sequence_length.long()
    elif name in NARROW and library_of(sequence_length) != "rondo":
        sequence_length = sequence_length.astype("int32")
    tensor = as_tensor(sequence_length, "sequence_length")
    if tensor.dtype not in ("int32", "int64"):
        raise ValueError(f"sequence_length: got {tensor!r}, expected integers (B,)")
    return tensor


def wide_array(array):
    """Integers as int32 or int64; what is above int64 is above all T."""
    if array.size == 0 and array.dtype == float:
        return array.astype(numpy.int64)  # an empty list
    if array.dtype.kind == "u":
        return numpy.minimum(array.astype(numpy.uint64), numpy.iinfo(numpy.int64).max).astype(numpy.int64)
    if array.dtype.kind == "i" and array.dtype not in (numpy.int32, numpy.int64):
        return array.astype(numpy.int64)
    return array


def run_with_resets(cell, native, inputs, lengths, state, dtype, resets, time_major, reverse):
    """(outputs, state) of one direction, by the loop of steps."""
    if state is None:
        zeros = cell.zero_state(inputs.B, numpy_or_name(dtype))
        state = _nest.to_native(zeros, lambda leaf: as_tensor(leaf, "initial_state").to(device=inputs.device))
    T = _nest.flatten(inputs.native)[0].shape[0 if time_major else 1]
    if lengths is not None:
        lengths = as_tensor(numpy.clip(numpy.asarray(lengths.to(device="cpu")), 0, T)).to(device=inputs.device)
    outputs, after = _rondo.v1_rnn_with_resets(native, inputs.native, sequence_length=lengths,
                                               initial_state=_nest.branches(state),
                                               resets=as_tensor(resets, "resets"), time_major=bool(time_major),
                                               reverse=reverse)
    if _nest.is_nested(cell.state_size):
        return outputs, after
    return outputs, after[0]


def checked_range(lengths, inputs, time_major):
    if lengths is None:
        return
    T = _nest.flatten(inputs.native)[0].shape[0 if time_major else 1]
    numbers = numpy.asarray(lengths.to(device="cpu"))
    if ((numbers < 0) | (numbers > T)).any():
        raise ValueError(f"sequence_length: got {numbers.tolist()}, expected numbers from 0 to {T}")
