"""What a layer over time is given and returns: checks of arguments, and shapes."""

from .. import _nest
from ._calls import CallArguments, check_states, checked_structure
from ._cells import initial_state, output_sizes, state_sizes, takes
from ._libraries import library_of_nest, to_library
from ._shapes import first_shape, shape_nest
from ._stateful import StatefulLayer


class SequenceLayer(StatefulLayer):
    """The part of keras.layers.RNN that knows shapes. Its class gives it a cell and the options of a layer."""

    _input_shape = None  # that of the first call; None stands for a size that may differ in other calls

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

    # --- shapes and states

    def step_shape(self, shape):
        if len(shape) < 3:
            raise ValueError(f'Input 0 of layer "{self.name}" is incompatible with the layer: expected min_ndim=3, '
                             f'found '
                             f"ndim={len(shape)}. Full shape received: {shape}")
        return (shape[1] if self.time_major else shape[0], *shape[2:])

    def batch_size(self, inputs):
        return _nest.flatten(inputs)[0].shape[1 if self.time_major else 0]

    def state_structure(self, input_shape=None):
        """A list with the shapes of one state in each entry, which inputs of some shape have."""
        return state_sizes(self.cell)

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
