"""tf.contrib.keras.backend.rnn of TensorFlow 1.1."""

from ... import _nest, _rondo
from ..._arrays import as_tensor, library_of, to_result, to_step

__all__ = ["rnn"]


def rnn(step_function, inputs, initial_states, go_backwards=False, mask=None, constants=None, unroll=False):
    """Iterates over the time dimension of `inputs` (samples, time, ...), and returns (last_output, outputs,
    new_states).

    step_function(input, states) returns (output, new_states), for the input of one time step and a list of states,
    behind which the constants follow. With go_backwards the last time step is first, and outputs are in that order. A
    row whose `mask` (samples, time), or (samples, time, 1), is zero keeps its states and emits its first state as it
    was before the step, at the first step the initial state; keras.backend.rnn of later versions repeats the previous
    output.

    `unroll` never changes a value: TensorFlow 1.1's unrolled code treats masked steps otherwise than its loop, whose
    rule this is. Results are arrays of the library that the inputs are of.
    """
    if not callable(step_function):
        raise TypeError(f"step_function: got a {type(step_function).__name__}, expected a function")
    library = library_of(inputs)
    x = as_tensor(inputs, "inputs")
    states = states_of(initial_states)
    fixed = list(constants or [])

    def export(tensor):
        return to_result(tensor, library)

    def shown(tensor):
        return to_step(tensor, library)

    def step(native_input, native_states, _):
        before = [_nest.from_native(native, like, shown) for native, like in zip(native_states, states)]
        result = step_function(shown(native_input), before + fixed)
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(f"step_function: got a step that returned {type(result).__name__}, "
                            "expected (output, new_states)")
        return native_tree(result[0], "output"), [native_tree(state, "new_states") for state in result[1]]

    last_output, outputs, new_states = _rondo.contrib_rnn(
        step, x, [native_tree(state, "initial_states") for state in states], go_backwards=bool(go_backwards),
        mask=None if mask is None else mask_of(mask), constants=None)
    return (exported(last_output, export), exported(outputs, export),
            [_nest.from_native(native, like, export) for native, like in zip(new_states, states)])


def states_of(initial_states):
    """The list of states; an array alone is one state."""
    if initial_states is None:
        return []
    return list(initial_states) if isinstance(initial_states, (list, tuple)) else [initial_states]


def mask_of(mask):
    return as_tensor(mask, "mask")


def native_tree(tree, argument):
    return _nest.to_native(tree, lambda leaf: as_tensor(leaf, argument))


def exported(native, export):
    """A tree without namedtuples, as it came from the C++ side."""
    return _nest.map_leaves(export, native) if _nest.is_nested(native) else export(native)
