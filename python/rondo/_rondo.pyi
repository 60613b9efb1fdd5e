"""
Rondo's C++ interface. Programs use the package rondo, which is made of it.
"""

from collections.abc import Sequence

from rondo import DeviceError as DeviceError


def cuda_device_count() -> int:
    """The number of usable CUDA devices; 0 in a build without CUDA."""

def set_threads(threads: int) -> None:
    """
    The most threads of the CPU that calls from now on use; 0: one for each processor.
    """

def get_threads() -> int:
    """The most threads of the CPU that a call uses."""

class CurrentStream:
    """
    with CurrentStream(device, stream): work of this thread is queued on that CUDA stream.
    """

    def __init__(self, device: str, stream: int) -> None: ...

    def __enter__(self) -> None: ...

    def __exit__(self, *args) -> None: ...

class Tensor:
    """
    An array of Rondo's. NumPy, PyTorch, JAX and CuPy view its memory by DLPack, NumPy also by asarray.
    """

    @property
    def shape(self) -> tuple: ...

    @property
    def strides(self) -> tuple:
        """Distances between neighbours of each axis, in elements."""

    @property
    def ndim(self) -> int: ...

    @property
    def dtype(self) -> str:
        """NumPy's name of it."""

    @property
    def device(self) -> str: ...

    @property
    def read_only(self) -> bool: ...

    @property
    def address(self) -> int: ...

    def to(self, dtype: str | None = None, device: str | None = None) -> Tensor:
        """
        A copy of another dtype or on another device; this memory where nothing changes.
        """

    def viewed_as(self, dtype: str) -> Tensor:
        """The same bytes as elements of another dtype of the same size."""

    def as_read_only(self) -> Tensor:
        """This memory, which must not be written to by this view."""

    def contiguous(self) -> Tensor: ...

    def swap_axes(self, first: int, second: int) -> Tensor: ...

    def copy_from(self, source: Tensor) -> None: ...

    @property
    def __array_interface__(self) -> dict: ...

    def __dlpack__(self, *, stream: object | None = None, max_version: object | None = None, dl_device: object | None = None, copy: object | None = None) -> object: ...

    def __dlpack_device__(self) -> tuple[int, int]: ...

    def __repr__(self) -> str: ...

def import_array(array: object, argument: str = 'array', writable: bool = False) -> Tensor:
    """A view of an array, without a copy."""

def empty(shape: Sequence[int], dtype: str = 'float32', device: str = 'cpu') -> Tensor:
    """A new tensor, whose elements have no value yet."""

def zeros(shape: Sequence[int], dtype: str = 'float32', device: str = 'cpu') -> Tensor: ...

class CellSpec:
    """The mathematics of one step, without the weights."""

    def __init__(self, kind: str, units: int, *, activation: str = 'tanh', recurrent_activation: str = 'sigmoid', use_bias: bool = True, reset_after: bool = True, use_peepholes: bool = False, cell_clip: float | None = None, projection_units: int | None = None, projection_clip: float | None = None) -> None: ...

    @property
    def kind(self) -> str: ...

    @property
    def units(self) -> int: ...

    @property
    def output_units(self) -> int: ...

    @property
    def state_count(self) -> int: ...

    @property
    def gate_count(self) -> int: ...

    @property
    def bias_rows(self) -> int: ...

class Cell:
    """What one time step computes."""

class KnownCell(Cell):
    """A cell whose mathematics Rondo knows, with its weights and dropout."""

    def __init__(self, spec: CellSpec, weights: object, *, dropout: float = 0.0, recurrent_dropout: float = 0.0, implementation: int = 2, seed: int = 0) -> None: ...

    @property
    def spec(self) -> CellSpec: ...

    @property
    def weights(self) -> list:
        """In the order of Keras's get_weights()."""

    def set_weights(self, weights: object) -> None: ...

    def reload_weights(self) -> None:
        """Packs the weights again, whose elements have changed in place."""

    def call(self, inputs: object, states: object, *, training: bool = False, dropout_call: int = 0) -> tuple:
        """One step: (output, states)."""

class Pullback:
    """Computes the gradients of one call, any number of times."""

    def __call__(self, d_output: object | None = None, d_states: object | None = None) -> dict:
        """
        {inputs, initial_state, reset_state, weights}: None in place of a gradient stands for zeros.
        """

class Layer:
    """Runs cells over time; several are a stack, bottom first."""

    def __init__(self, cells: Sequence[Cell], *, return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False, time_major: bool = False, zero_output_for_mask: bool = False) -> None: ...

    def step(self, x: object, states: object | None = None) -> tuple:
        """
        One step (B, I): (output, states); tensors of `states` are written in place.
        """

    def set_states(self, states: object) -> None:
        """Stores copies of the states."""

    @property
    def states(self) -> list: ...

    def explain(self, T: int, B: int, *, masked: bool = False, has_lengths: bool = False, has_resets: bool = False, packed: bool = False, gradients: bool = False) -> list:
        """
        For each cell, which executor runs it and why; empty where a cell runs step by step.
        """

    def __call__(self, inputs: object, *, mask: object | None = None, lengths: object | None = None, resets: object | None = None, reset_state: object | None = None, batch_sizes: object | None = None, row_indices: object | None = None, initial_state: object | None = None, training: bool = False, dropout_call: int | None = None, gradients: bool = False, swap_memory: bool = False, executor: object | None = None, backward_executor: object | None = None) -> tuple:
        """(output, states, pullback): the pullback is None without gradients."""

    def reload_weights(self) -> None:
        """Packs the weights again, whose elements have changed in place."""

    def finish(self) -> bool:
        """Waits for all calls, and returns whether one of them has stalled."""

    def reset_states(self) -> None:
        """Makes the stored states zeros."""

class Bidirectional:
    """Two layers over the same inputs, in opposite directions."""

    def __init__(self, forward: Layer, backward: Layer, merge_mode: str | None = 'concat') -> None: ...

    def __call__(self, inputs: object, *, mask: object | None = None, lengths: object | None = None, resets: object | None = None, reset_state: object | None = None, batch_sizes: object | None = None, row_indices: object | None = None, initial_state: object | None = None, training: bool = False, dropout_call: int | None = None, gradients: bool = False, swap_memory: bool = False, executor: object | None = None, backward_executor: object | None = None) -> tuple:
        """(output, states, pullback): the pullback is None without gradients."""

    def reload_weights(self) -> None:
        """Packs the weights again, whose elements have changed in place."""

    def finish(self) -> bool:
        """Waits for all calls, and returns whether one of them has stalled."""

    def reset_states(self) -> None:
        """Makes the stored states zeros."""

class ConvLSTMCell(Cell):
    """An LSTM whose products are convolutions."""

    def __init__(self, weights: object, *, filters: int, kernel_size: Sequence[int], strides: Sequence[int] = [1], padding: str = 'valid', data_format: str = 'channels_last', dilation_rate: Sequence[int] = [1], activation: str = 'tanh', recurrent_activation: str = 'hard_sigmoid', use_bias: bool = True) -> None: ...

    @property
    def weights(self) -> list: ...

def rnn(step_function: object, inputs: object, initial_states: object, *, go_backwards: bool = False, mask: object | None = None, constants: object | None = None, input_length: object | None = None, resets: object | None = None, reset_state: object | None = None, time_major: bool = False, zero_output_for_mask: bool = False, return_all_outputs: bool = True, gradients: bool = False) -> tuple:
    """
    Runs step_function(inputs, states, constants) -> (output, new_states) over time: (last_output, outputs, new_states). With gradients, the step returns its pullback as well, and so does rnn.
    """

class RecurrenceSpec:
    """A whole recurrence: all that an executor must know before a run."""

    def __init__(self, cell: CellSpec, *, T: int, B: int, I: int, dtype: str = 'float32', math: str = 'strict', device: str = 'cpu', rules: str = 'keras', go_backwards: bool = False, zero_output_for_mask: bool = False, has_mask: bool = False, has_lengths: bool = False, has_resets: bool = False, packed: bool = False, keep: str = 'nothing', segment: int = 0, swap_memory: bool = False) -> None: ...

    def __repr__(self) -> str: ...

class Plan:
    """Which executor runs a recurrence, and why."""

    def __init__(self, spec: RecurrenceSpec, *, gpu: str | None = None, executor: str = '', backward_executor: str = '', threads: int = 0, never_waits: bool = False) -> None:
        """
        `gpu` names a GPU to plan for that the machine may lack: h200, h100, a100, ...
        """

    def explain(self) -> str:
        """A text: the executor, and why each one before it declined."""

    @property
    def executor_name(self) -> str: ...

    @property
    def backward_executor_name(self) -> str: ...

    @property
    def workspace_bytes(self) -> int: ...

    def reserve_bytes(self, packed_rows: int | None = None) -> int: ...

    def empty_reserve(self, packed_rows: int | None = None) -> object: ...

def executor_names(device: str = 'cpu') -> list[str]: ...

class SessionTensors:
    """The tensors of a run, each a view (T, B, ...) of the caller's memory."""

    def __init__(self, x: object, *, mask: object | None = None, lengths: object | None = None, resets: object | None = None, reset_state: object | None = None, initial_state: object | None = None, y: object | None = None, last_output: object | None = None, final_state: object | None = None, batch_sizes: object | None = None, row_indices: object | None = None, reserve: object | None = None) -> None: ...

class SessionGradients:
    """The given gradients of a run's results, and the wanted ones."""

    def __init__(self, cell: CellSpec, *, y: object | None = None, last_output: object | None = None, final_state: object | None = None, x: object | None = None, initial_state: object | None = None, reset_state: object | None = None, weights: object | None = None, accumulate_weights: bool = False) -> None:
        """y, last_output and final_state are given; the others are written."""

class Session:
    """A plan with its weights and its workspace: `run` allocates nothing."""

    def __init__(self, plan: Plan, weights: object) -> None:
        """
        `weights` are in Keras's order: kernel, recurrent_kernel, bias, peepholes, projection.
        """

    def run(self, tensors: SessionTensors) -> None: ...

    def backward(self, run: SessionTensors, gradients: SessionGradients) -> None: ...

    def reload_weights(self) -> None: ...

    def finish(self) -> bool:
        """Waits for the runs, and returns whether one has stalled."""

def v1_basic_rnn_cell(num_units: int, activation: str, weights: object) -> Cell: ...

def v1_gru_cell(num_units: int, activation: str, weights: object) -> Cell: ...

def v1_lstm_cell(num_units: int, activation: str, weights: object, *, use_peepholes: bool, cell_clip: float | None, num_proj: int | None, proj_clip: float | None, forget_bias: float, state_is_tuple: bool) -> Cell: ...

def v1_multi_rnn_cell(cells: Sequence[Cell], state_is_tuple: bool) -> Cell: ...

def v1_python_cell(step: object, state_structure: object, state_shapes: Sequence[Sequence[int]], output_structure: object, output_shapes: Sequence[Sequence[int]]) -> Cell:
    """
    A cell whose step is a function (inputs, states) -> (output, states). Structures are trees of any tensors.
    """

def v1_call_cell(cell: Cell, inputs: object, states: object) -> tuple:
    """One step: (output, states)."""

def v1_dynamic_rnn(cell: Cell, inputs: object, *, sequence_length: object | None, initial_state: object | None, dtype: str | None, parallel_iterations: int, swap_memory: bool, time_major: bool) -> tuple:
    """(outputs, state)"""

def v1_bidirectional_dynamic_rnn(cell_fw: Cell, cell_bw: Cell, inputs: object, *, sequence_length: object | None, initial_state_fw: object | None, initial_state_bw: object | None, dtype: str | None, parallel_iterations: int, swap_memory: bool, time_major: bool) -> tuple:
    """(outputs forward, outputs backward, state forward, state backward)"""

def v1_rnn_with_resets(cell: Cell, inputs: object, *, sequence_length: object | None, initial_state: object, resets: object, time_major: bool, reverse: bool) -> tuple:
    """(outputs, states)"""

def v1_raw_rnn(cell: Cell, loop_function: object) -> tuple:
    """
    loop_function(time, cell_output, cell_state): (emissions, state). Loop states are the caller's own.
    """

def contrib_rnn(step_function: object, inputs: object, initial_states: object, *, go_backwards: bool, mask: object | None, constants: object | None) -> tuple:
    """(last_output, outputs, new_states)"""
