"""keras.backend.rnn: a step function over time."""

from .. import _nest, _rondo
from .._arrays import as_tensor, to_result, to_step
from ._libraries import detached, library_of_nest, namespace, to_library


def rnn(step_function, inputs, initial_states, go_backwards=False, mask=None, constants=None, unroll=False,
        input_length=None, time_major=False, zero_output_for_mask=False, return_all_outputs=True, *, resets=None,
        reset_state=None):
    """Calls `step_function(inputs_t, states) -> (output, new_states)` for each time step, as tf.keras.backend.rnn.

    `inputs`: an array (B, T, ...), time-major (T, B, ...), of NumPy, PyTorch, JAX or CuPy, or tuples, lists, dicts and
    namedtuples of them; a step gets the same structure, without the time axis, in the same library, and so are the
    results. NumPy's arrays that a step gets are read-only.
    `initial_states`: a list of states, each an array (B, ...) or a nest of them; a single array stands for a list of
    it. A step gets them as a tuple, with `constants` behind them, and returns new ones of the same structure, shapes
    and dtypes.
    `mask`: (B, T) or (B, T, 1), time-major (T, B) or (T, B, 1). A masked row keeps its states. Its output is the one
    before, or zeros with `zero_output_for_mask`.
    `input_length`: a number, or integers (B,): masks the steps behind it where there is no mask.
    `unroll` never changes a value, and has no effect here.
    `resets`: booleans (B, T), true where a piece of a row begins. There the states become `reset_state`, a list as
    `initial_states`, whose arrays may lack the axis B; by default zeros.

    Returns (last_output, outputs, new_states): outputs (B, T, ...), or (B, 1, ...) without `return_all_outputs`.

    Gradients: PyTorch records the loop where torch.is_grad_enabled(), so gradients reach the inputs, the states, the
    constants and all that the step closes over, such as torch.nn.Parameters, by all of autograd's ways. What dead rows
    read reaches none of them: a step reads zeros there. Under torch.no_grad(), and for other libraries, the
    loop is Rondo's own.

    Raises ValueError for inputs of fewer than 3 axes, a mask without states, lengths out of range, and for shapes that
    do not fit; TypeError for what is no array or no list of states.
    """
    loop = _Loop(step_function, inputs, initial_states, constants, reset_state)
    options = {"go_backwards": bool(go_backwards), "zero_output_for_mask": bool(zero_output_for_mask),
               "time_major": bool(time_major), "return_all_outputs": bool(return_all_outputs),
               "mask": _optional(mask, "mask"), "resets": _optional(resets, "resets"),
               "input_length": _length(input_length)}
    if loop.library == "torch" and namespace("torch").is_grad_enabled():
        from ._torch_loop import run_recorded

        return loop.results(*run_recorded(loop, options))
    return loop.results(*run_here(loop, loop.step, options))


def run_here(loop, step, options):
    """Runs Rondo's own loop: (last_output, outputs, new_states) as tensors, each flat."""
    inputs = _tensors(loop.inputs, "inputs")
    states = _tensors(loop.states, "initial_states")
    reset_state = _tensors(loop.reset_state, "reset_state")

    def flat_step(x, given, _):
        output, new_states = step(
            [to_step(leaf, loop.library) for leaf in x], [to_step(leaf, loop.library) for leaf in given]
        )
        return tuple(_tensors(output, "step_function: output")), _tensors(new_states, "step_function: new states")

    last_output, outputs, new_states = _rondo.rnn(flat_step, tuple(inputs), states, reset_state=reset_state or None,
                                                  **options)
    return [[to_result(leaf, loop.library) for leaf in _nest.flatten(nest)]
            for nest in (last_output, outputs, new_states)]


class _Loop:
    """The arguments of one call with flat leaves, and the structures of what its step takes and returns."""

    def __init__(self, step_function, inputs, initial_states, constants, reset_state):
        self.step_function = step_function
        self.library = library_of_nest(inputs)
        self.input_structure = inputs
        self.inputs = _nest.flatten(inputs)
        self.state_structure = _state_list(initial_states, "initial_states")
        like = self.inputs[0]
        self.states = [to_library(leaf, self.library, like) for leaf in _nest.flatten(self.state_structure)]
        self.constants = tuple(_state_list(constants, "constants"))
        self.reset_state = self._leaves_of_reset_state(reset_state, like)
        self.output_structure = None  # known after the first step

    def _leaves_of_reset_state(self, reset_state, like):
        if reset_state is None:
            return []
        reset_state = _state_list(reset_state, "reset_state")
        self._check("reset_state", reset_state, self.state_structure)
        return [to_library(leaf, self.library, like) for leaf in _nest.flatten(reset_state)]

    def step(self, inputs, states):
        """Calls the step function with flat leaves, and returns those of its output and of its new states."""
        x = _nest.pack(self.input_structure, inputs)
        carried = tuple(_nest.pack(self.state_structure, states))
        result = self.step_function(x, carried + self.constants)
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise TypeError(f"step_function: got a step that returned {type(result).__name__}, "
                            "expected (output, new_states)")
        output, new_states = result
        if not isinstance(new_states, (tuple, list)):
            new_states = [new_states]
        self._check("step_function: new states", new_states, self.state_structure)
        if self.output_structure is None:
            self.output_structure = output
        self._check("step_function: output", output, self.output_structure)
        like = inputs[0]
        return tuple([to_library(leaf, self.library, like) for leaf in _nest.flatten(nest)] for nest in (output,
                                                                                                         new_states))

    @staticmethod
    def _check(argument, nest, expected):
        if not _nest.same_structure(nest, expected):
            raise ValueError(f"{argument}: got the structure {_nest.describe(nest)}, expected "
                             f"{_nest.describe(expected)}")

    def results(self, last_output, outputs, new_states):
        structure = None if self.output_structure is None else self.output_structure
        return _nest.pack(structure, last_output), _nest.pack(structure, outputs), _nest.pack(self.state_structure,
                                                                                              new_states)


def _state_list(states, argument):
    if states is None:
        return []
    if isinstance(states, (tuple, list)):
        return list(states) if hasattr(states, "_fields") else states
    if isinstance(states, dict):
        raise TypeError(f"{argument}: got a dict, expected a list, whose entries may be dicts")
    return [states]


def _tensors(leaves, argument):
    return [as_tensor(detached(leaf), argument) for leaf in leaves]


def _optional(array, argument):
    return None if array is None else as_tensor(detached(array), argument)


def _length(input_length):
    if input_length is None or isinstance(input_length, int):
        return input_length
    if getattr(input_length, "ndim", 1) == 0:
        return int(input_length)
    return as_tensor(detached(input_length), "input_length")
