"""Layers from files and configurations, called as Keras's: the one place that makes layers of _rondo.KerasLayer."""

import threading

from .._arrays import as_tensor, from_tensor, library_of


def make_layer(source):
    """The layer of a _rondo.KerasLayer: one that can be called, if the file says how."""
    if source.problem or not source.is_recurrent:
        return WeightsOnly(source)
    return LoadedBidirectional(source) if len(source.wrapped) == 2 else LoadedLayer(source)


class WeightsOnly:
    """A layer of which the file has the weights, but not what it computes, or whose class is not recurrent."""

    def __init__(self, source):
        self.source = source  # the _rondo.KerasLayer
        self.name, self.class_name, self.path = source.name, source.class_name, source.path

    def __repr__(self):
        return f"<{self.class_name or 'layer'} {self.describe()}>"

    def describe(self):
        """A text of the layer and of those inside it, one a line."""
        return self.source.describe()

    @property
    def problem(self):
        """Why the layer cannot be called; empty where nothing is wrong, or only its class is one that Rondo does not
        have."""
        return self.source.problem

    @property
    def inner(self):
        """The layers inside this one: of a model, of a Bidirectional, of a TimeDistributed."""
        return [make_layer(layer) for layer in (*self.source.layers, *self.source.wrapped)]

    @property
    def weight_paths(self):
        """The path of each weight in the file."""
        return self.source.weight_paths

    def get_weights(self):
        """The weights in Keras's order, as arrays of NumPy."""
        return [from_tensor(weight, "numpy") for weight in self.source.weights]

    def __call__(self, inputs, **arguments):
        self.source.make()  # raises: says of which class the layer is, and which can run


class LoadedLayer(WeightsOnly):
    """A SimpleRNN, LSTM, GRU, RNN of their cells, ConvLSTM, or TimeDistributed of these, as Keras's layer of that
    name."""

    def __init__(self, source):
        super().__init__(source)
        self._made = {}  # by device
        self._lock = threading.Lock()
        self._made["cpu"] = self._make("cpu")

    @property
    def options(self):
        """return_sequences, return_state, go_backwards, stateful, time_major and zero_output_for_mask."""
        return self.source.options

    def _make(self, device):
        return self.source.make(device)

    def on(self, device):
        """The _rondo.Layer with its weights on `device`."""
        with self._lock:
            if device not in self._made:
                self._made[device] = self._make(device)
            return self._made[device]

    def _pack_states(self, states):
        return _structured(self.source, states)

    def __call__(self, inputs, initial_state=None, *, mask=None, lengths=None, training=None):
        """The output, or with `return_state` a list of the output and of all states, in the library of the inputs.

        `inputs`: (B, T, I), time-major (T, B, I), of the dtype of the weights; a list is [inputs, *initial_state], as
        in Keras. `mask`: (B, T), true where a step is used. `lengths`: integers (B,), of rows whose later steps are
        padding; not together with a mask. `initial_state`: a list of (B, H); those of a stack cell after cell, grouped
        by cell or not. States of a stack come grouped by cell, those of a cell of one state without a list.
        """
        if isinstance(inputs, (list, tuple)):
            if initial_state is not None:
                came = f"a {type(inputs).__name__} of {len(inputs)} together with initial_state"
                raise ValueError(f"inputs: got {came}, expected one array, or [inputs, *initial_state] alone")
            inputs, initial_state = inputs[0], list(inputs[1:]) or None
        library = library_of(inputs)
        x = as_tensor(inputs, "inputs")
        optional = {"mask": mask, "lengths": lengths}
        given = {name: as_tensor(value, name) for name, value in optional.items() if value is not None}
        if initial_state is not None:
            states = [as_tensor(state, "initial_state") for state in _flat(initial_state)]
            given["initial_state"] = self._pack_states(states)
        output, states, _ = self.on(x.device)(x, training=bool(training), **given)
        output, states = _exported(output, library), _exported(states, library)
        outputs = output if isinstance(output, list) else [output]  # two outputs if merge_mode is None
        return [*outputs, *states] if self.options["return_state"] else output

    def reset_states(self):
        """Makes the stored states of a stateful layer zeros."""
        for layer in self._made.values():
            layer.reset_states()


class LoadedBidirectional(LoadedLayer):
    """A Bidirectional of such layers. With merge_mode None it returns [forward output, backward output, *states]."""

    def _pack_states(self, states):
        middle = len(states) // 2
        forward, backward = self.source.wrapped
        return _structured(forward, states[:middle]) + _structured(backward, states[middle:])


def _flat(nest):
    """The leaves of lists, tuples and dicts."""
    if isinstance(nest, dict):
        nest = list(nest.values())
    if isinstance(nest, (list, tuple)):
        return [leaf for child in nest for leaf in _flat(child)]
    return [nest]


def _exported(nest, library):
    """The tensors of a nest as arrays; tuples become lists, as Keras has them."""
    if isinstance(nest, (list, tuple)):
        return [_exported(child, library) for child in nest]
    return from_tensor(nest, library)


def _structured(source, states):
    """The states of a stack, cell after cell, grouped by cell."""
    if len(source.cells) < 2:
        return states
    expected = sum(cell.state_count for cell in source.cells)
    if len(states) != expected:
        raise ValueError(f"initial_state: got {len(states)} arrays, expected {expected}, cell after cell")
    groups, begin = [], 0
    for cell in source.cells:
        groups.append(tuple(states[begin:begin + cell.state_count]) if cell.state_count > 1 else states[begin])
        begin += cell.state_count
    return groups
