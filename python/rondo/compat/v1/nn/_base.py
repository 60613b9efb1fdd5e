"""The base of all cells: tf.compat.v1.nn.rnn_cell.RNNCell."""

import numpy

from .... import _nest
from ...._dtypes import dtype_name, numpy_dtype
from ...._tensor_shape import TensorShape, shape_of
from ....keras.initializers import GlorotUniform


class RNNCell:
    """A cell of your own derives from this class, and has `state_size`, `output_size` and `call(inputs, state)`.

    `call` returns (output, new_state) for inputs (B, I), a state in the structure of `state_size`, and arrays of the
    library that the inputs are of. `build(inputs_shape)` may make weights with `add_weight`; it is called once, before
    the first call. The arguments `trainable`, `name` and `_reuse` have no effect.
    """

    # Of cells whose __init__ does not call this class's.
    name = _dtype = None
    built = False
    _weights = ()

    def __init__(self, trainable=True, name=None, dtype=None, **kwargs):
        unknown = set(kwargs) - {"_reuse", "_scope", "activity_regularizer", "input_shape", "weights"}
        if unknown:
            raise TypeError(f"{type(self).__name__}: got the keyword argument {min(unknown)}, which it does not have")
        self.name = name or type(self).__name__
        self.trainable = trainable
        self.built = False
        self._dtype = dtype_name(dtype)

    @property
    def dtype(self):
        return self._dtype

    @property
    def state_size(self):
        """Sizes of the states: a number, a TensorShape, or a tree of them."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self):
        """The size of the output: a number, a TensorShape, or a tree of them."""
        raise NotImplementedError("Abstract method")

    def build(self, inputs_shape):
        """Makes the weights for inputs of a shape (B, I), whose B may be None."""

    def call(self, inputs, state):
        raise NotImplementedError(f"{type(self).__name__} has to define call(inputs, state)")

    def __call__(self, inputs, state, scope=None):
        """One step: (output, new_state). `scope` has no effect."""
        self.build_once(_nest.map_leaves(lambda leaf: TensorShape(leaf.shape), inputs), inputs)
        return self.call(inputs, state)

    def build_once(self, inputs_shape, inputs=None):
        """Makes the weights at the first call, in the dtype of the inputs where the cell was given none."""
        if self.built:
            return
        if self._dtype is None:
            self._dtype = next(
                (dtype_name(leaf.dtype) for leaf in _nest.flatten(inputs) if hasattr(leaf, "dtype")), None
            )
        self.build(inputs_shape)
        self.built = True

    def zero_state(self, batch_size, dtype):
        """NumPy zeros (batch_size, ...) in the structure of `state_size`."""
        dtype = numpy_dtype(dtype_name(dtype))
        return _nest.map_leaves(lambda size: numpy.zeros(state_shape(batch_size, size), dtype), self.state_size)

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        """The state before the first step: zero_state, with what is None taken from `inputs`, the inputs of a step."""
        if inputs is not None:
            batch_size = inputs.shape[0] if batch_size is None else batch_size
            dtype = inputs.dtype if dtype is None else dtype
        if batch_size is None or dtype is None:
            raise ValueError("batch_size and dtype cannot be None while constructing initial state: "
                             f"batch_size={batch_size}, dtype={dtype}")
        return self.zero_state(batch_size, dtype)

    def add_weight(self, name, shape, dtype=None, initializer=None, trainable=True):
        """A new weight of the cell, a NumPy array; by default those of GlorotUniform, as get_variable makes."""
        dtype = dtype_name(dtype) or self._dtype or "float32"
        weight = numpy.array((initializer or GlorotUniform())(tuple(shape), dtype=dtype), numpy_dtype(dtype))
        if weight.shape != tuple(shape):
            raise ValueError(f"initializer of {name}: got an array of shape {weight.shape}, expected {tuple(shape)}")
        self.__dict__.setdefault("_weights", []).append(weight)
        return weight

    add_variable = add_weight

    @property
    def weights(self):
        """The weights in TensorFlow's order, as views that must not be written to: set_weights changes them."""
        return [frozen(weight) for weight in self._weights]

    variables = trainable_weights = trainable_variables = weights

    def get_weights(self):
        """Copies of the weights."""
        return [weight.copy() for weight in self._weights]

    def set_weights(self, weights):
        """Writes new values, in the order and layout of get_weights, into the weights."""
        set_arrays(self, self._weights, weights)


def set_arrays(cell, arrays, given):
    given = [numpy.asarray(array) for array in given]
    if len(given) != len(arrays):
        raise ValueError(f"You called `set_weights(weights)` on layer {cell.name!r} with a weight list of length "
                         f"{len(given)}, but the layer was expecting {len(arrays)} weights: `build` or the first "
                         "call makes them")
    for weight, array in zip(arrays, given):
        if weight.shape != array.shape:
            raise ValueError(f"Layer weight shape {weight.shape} not compatible with provided weight shape "
                             f"{array.shape}")
    for weight, array in zip(arrays, given):
        weight[...] = array


def frozen(weight):
    view = weight.view()
    view.flags.writeable = False
    return view


def state_shape(batch_size, size):
    """(B, ...) of a state; a TensorShape([]) has no rows."""
    shape = shape_of(size)
    return (int(batch_size), *shape) if shape else ()
