"""keras.layers.RNN."""

import itertools

from .. import _rondo
from . import _nest
from ._calls import CallArguments, check_states, checked_structure, standardized
from ._cells import build_cell, check_cell, initial_state, output_sizes, state_sizes, takes
from ._known_cell import known_cells
from ._layer import Layer
from ._libraries import cast_floats, library_of_nest, to_library
from ._planned import Planned
from ._shapes import first_shape, is_symbolic, map_shapes, shape_nest
from ._stack import StackedRNNCells, cell_config, cell_from_config
from ._stateful import StatefulLayer
from ._steps import run_cell

OPTIONS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "time_major",
           "zero_output_for_mask")


class RNN(StatefulLayer):
    """Runs a cell, or a list of cells on top of each other, over time, as tf.keras.layers.RNN.

    A cell has `call(inputs, states[, constants][, training]) -> (output, new_states)` and `state_size`, and may have
    `output_size`, `build(input_shape)` and `get_initial_state(inputs, batch_size, dtype)`. Cells that Rondo knows run
    on its planned executors; a layer with another cell runs step by step, by keras.backend.rnn.

    `unroll` never changes a value. Many threads may call a layer that is not stateful.
    """

    def __init__(self, cell, return_sequences=False, return_state=False, go_backwards=False, stateful=False,
                 unroll=False, time_major=False, zero_output_for_mask=False, **kwargs):
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell, **{key: kwargs[key] for key in ("dtype",) if key in kwargs})
        check_cell(cell)
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences, self.return_state = bool(return_sequences), bool(return_state)
        self.go_backwards, self.stateful, self.unroll = bool(go_backwards), bool(stateful), bool(unroll)
        self.time_major, self.zero_output_for_mask = bool(time_major), bool(zero_output_for_mask)
        self.planned = None  # Rondo's own layer, where all cells are known
        self._calls_in_training = itertools.count()
        self._input_shape = None

    # --- building and calling

    def build(self, input_shape):
        self._input_shape = input_shape
        build_cell(self.cell, map_shapes(self.step_shape, input_shape))
        for cell in getattr(self.cell, "cells", [self.cell]):
            if getattr(cell, "dtype", self.dtype) != self.dtype:
                raise ValueError(f"dtype: got a layer of {self.dtype} with a cell of {cell.dtype}, expected the same")
        cells = known_cells(self.cell)
        if cells:
            self.planned = self.make_planned([cell.cell for cell in cells], self.cell.records())
        self.built = True

    def make_planned(self, cells, records, reloads=True):
        layer = _rondo.Layer(cells, **{name: getattr(self, name) for name in OPTIONS})
        planned = Planned(layer, records, self.pack_states, reloads)
        self.store_given_states(planned)
        return planned

    def step_shape(self, shape):
        if len(shape) < 3:
            raise ValueError(f'Input 0 of layer "{self.name}" is incompatible with the layer: expected min_ndim=3, '
                             f'found '
                             f"ndim={len(shape)}. Full shape received: {shape}")
        return (shape[1] if self.time_major else shape[0], *shape[2:])

    def __call__(self, inputs, initial_state=None, constants=None, *, mask=None, training=None, lengths=None,
                 resets=None,
                 reset_state=None):
        """The output, or with `return_state` a list of the output and of all states.

        `inputs`: (B, T, ...), time-major (T, B, ...), or a tuple of such arrays for a cell that takes several. A list
        is [inputs, *initial_state], as in Keras. Results are arrays of the library of the inputs.
        `mask`: (B, T), true where a step is used. `lengths`: integers (B,), of rows whose later steps are padding; not
        together with a mask. `resets`, `reset_state`: as in keras.backend.rnn.
        `constants`: a list that the cell's call gets.

        PyTorch's tensors that require gradients get them: inputs, initial states and reset states. The weights of cells
        that Rondo knows are constants; rondo.torch has modules that can be trained.
        """
        inputs, initial_state, constants = standardized(inputs, initial_state, constants)
        if is_symbolic([inputs, initial_state, constants]):
            return self.call_symbolically(inputs)
        inputs = cast_floats(inputs, self.dtype)
        self.build_once(shape_nest(inputs))
        return self.call(inputs, mask=mask, training=training, initial_state=initial_state, constants=constants,
                         lengths=lengths, resets=resets, reset_state=reset_state)

    def call(self, inputs, mask=None, training=None, initial_state=None, constants=None, lengths=None, resets=None,
             reset_state=None):
        arguments = self.arguments(inputs, mask, training, initial_state, constants, lengths, resets, reset_state)
        output, states = self._run(inputs, arguments)
        return [output, *states] if self.return_state else output

    def _run(self, inputs, arguments):
        if self.planned:
            output, flat = self.planned(inputs, arguments.of_planned())
            return output, _nest.pack(self.state_structure(), flat) if self.return_state else []
        states = arguments["initial_state"] or self.stored_states()
        zero_output = self.zero_output_for_mask and self.return_sequences
        output, states = run_cell(self, inputs, arguments, states, self.go_backwards, zero_output)
        self.store_states(states)
        return output, states

    def arguments(self, inputs, mask=None, training=None, initial_state=None, constants=None, lengths=None, resets=None,
                  reset_state=None):
        """The checked arguments of a call, states in the structure of the cell's, in the library of the inputs."""
        self._check_inputs(inputs)
        if constants is not None and not takes(self.cell, "constants"):
            raise ValueError(f"RNN cell does not support constants. Received: constants={_nest.describe(constants)}")
        if lengths is not None and mask is not None:
            raise ValueError("lengths and mask: got both of them, expected one")
        return CallArguments(inputs, mask=mask, training=training, constants=constants, lengths=lengths, resets=resets,
                             initial_state=self.states_like(inputs, "initial_state", initial_state),
                             reset_state=self.states_like(inputs, "reset_state", reset_state),
                             calls=self._calls_in_training)

    def states_like(self, inputs, argument, states):
        if states is None:
            return None
        library, like = library_of_nest(inputs), _nest.flatten(inputs)[0]
        sizes = self.state_structure(shape_nest(inputs))
        states = _nest.map_leaves(lambda leaf: to_library(leaf, library, like), checked_structure(argument, states,
                                                                                                  sizes))
        check_states(argument, states, sizes, self.batch_size(inputs), self.dtype, shared=argument == "reset_state")
        return states

    def _check_inputs(self, inputs):
        shape = first_shape(shape_nest(inputs))
        self.step_shape(shape)
        built = first_shape(self._input_shape)
        if len(shape) != len(built) or not self._accepts_features(shape, built):
            raise ValueError(f'Input 0 of layer "{self.name}" is incompatible with the layer: expected shape='
                             f"{(None, None, *built[2:])}, found shape={shape}")
        known, batch = self.known_batch_size(), shape[1] if self.time_major else shape[0]
        if self.stateful and known not in (None, batch):
            raise ValueError(f"If a RNN is stateful, it needs to know its batch size: got {batch} rows, expected "
                             f"{known}")

    def _accepts_features(self, shape, built):
        return all(size in (None, given) for given, size in zip(shape[2:], built[2:]))

    def call_with_pullback(self, inputs, **arguments):
        """(output, states, pullback): pullback(d_output=None, d_states=None) gives the gradients of the call.

        They are a dict of arrays: `inputs`, `initial_state` and `reset_state` (flat lists, empty where none were
        given), and `weights` in the order of get_weights(). None stands for zeros. Gradients have the layer's dtype.
        """
        inputs, *_ = standardized(inputs, None, None)
        inputs = cast_floats(inputs, self.dtype)
        self.build_once(shape_nest(inputs))
        if not self.planned:
            raise ValueError(f"cell: got {self.cell!r}, expected cells that Rondo knows. Gradients of other cells are "
                             "PyTorch's: call the layer on tensors that require them")
        arguments = self.arguments(inputs, **arguments).of_planned()
        output, flat, pullback = self.planned.run_with_pullback(inputs, arguments)
        return output, _nest.pack(self.state_structure(), flat) if self.return_state else [], pullback

    def explain(self, T, B, **options):
        """Which executor runs calls of these sizes, and why: a text for each cell.

        Options, all False: masked, has_lengths, has_resets, packed, gradients. The layer must be built.
        """
        if not self.built:
            raise ValueError("explain: got a layer without weights, expected one that was built or called")
        texts = self.planned.layer.explain(T, B, **options) if self.planned else []
        return "\n".join(texts) or f"{self.name} runs step by step: a cell of another class than Rondo's computes "
        f"each step"

    # --- shapes and states

    def batch_size(self, inputs):
        return _nest.flatten(inputs)[0].shape[1 if self.time_major else 0]

    def state_structure(self, input_shape=None):
        """A list with the shapes of one state in each entry, which inputs of some shape have."""
        return state_sizes(self.cell)

    def pack_states(self, leaves):
        """States for Rondo's own layer: flat, or for a stack of several cells one entry for each cell."""
        if len(known_cells(self.cell)) < 2:
            return list(leaves)
        packed = _nest.pack(self.state_structure(), leaves)
        return [tuple(state) if isinstance(state, list) else state for state in packed]

    def compute_output_shape(self, input_shape):
        shape = first_shape(input_shape)
        batch, time = (shape[1], shape[0]) if self.time_major else shape[:2]
        leading = ((time, batch) if self.time_major else (batch, time)) if self.return_sequences else (batch,)
        output = _nest.map_leaves(lambda size: (*leading, *size), self.output_structure(input_shape))
        if not self.return_state:
            return output
        return [output, *_nest.map_leaves(lambda size: (batch, *size), self.state_structure(input_shape))]

    def output_structure(self, input_shape):
        return output_sizes(self.cell)

    def get_initial_state(self, inputs):
        """The states with which a call on these inputs begins where it is given none."""
        return initial_state(self.cell, self.batch_size(inputs), self.dtype, library_of_nest(inputs),
                             _nest.flatten(inputs)[0])

    def options_config(self):
        """The configuration without that of the cell."""
        return {**Layer.get_config(self), **{name: getattr(self, name) for name in OPTIONS}}

    def get_config(self):
        return {**self.options_config(), "cell": cell_config(self.cell)}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        return cls(cell_from_config(config.pop("cell")), **config)
