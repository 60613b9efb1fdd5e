"""keras.layers.RNN."""

import itertools

from .. import _nest, _rondo
from ._calls import standardized
from ._cells import build_cell, check_cell
from ._known_cell import known_cells
from ._layer import Layer
from ._libraries import cast_floats
from ._planned import Planned
from ._sequence_layer import SequenceLayer
from ._shapes import is_symbolic, map_shapes, shape_nest
from ._stack import StackedRNNCells, cell_config, cell_from_config
from ._steps import run_cell

OPTIONS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "time_major",
           "zero_output_for_mask")


class RNN(SequenceLayer):
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

    def __call__(self, inputs, initial_state=None, constants=None, *, mask=None, training=None, lengths=None,
                 resets=None, reset_state=None):
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

    def call_with_pullback(self, inputs, **arguments):
        """(output, states, pullback): pullback(d_output=None, d_states=None) gives the gradients of the call.

        They are a dict of arrays: `inputs`, `initial_state` and `reset_state` (flat lists, empty where none were
        given), and `weights` in the order of get_weights(). None stands for zeros, of all or of a single state.
        Gradients have the layer's dtype.
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

    def pack_states(self, leaves):
        """States for Rondo's own layer: flat, or for a stack of several cells one entry for each cell."""
        if len(known_cells(self.cell)) < 2:
            return list(leaves)
        packed = _nest.pack(self.state_structure(), leaves)
        return [tuple(state) if isinstance(state, list) else state for state in packed]

    # --- configuration

    def options_config(self):
        """The configuration without that of the cell."""
        return {**Layer.get_config(self), **{name: getattr(self, name) for name in OPTIONS}}

    def get_config(self):
        return {**self.options_config(), "cell": cell_config(self.cell)}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        return cls(cell_from_config(config.pop("cell")), **config)
