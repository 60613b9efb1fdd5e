"""keras.layers.ConvLSTM1D, ConvLSTM2D and ConvLSTM3D."""

import numpy

from .. import _rondo
from .._arrays import as_tensor
from .._tensor_shape import TensorShape
from . import activations, initializers
from ._cells import zeros_of
from ._known_layers import split_arguments
from ._layer import Layer
from ._rnn import RNN
from ._shapes import first_shape, shape_nest
from ._weights import check_none

_TRAINING_ONLY = ("kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer",
                  "kernel_constraint", "recurrent_constraint", "bias_constraint")


class _ConvLSTMCell(Layer):
    """The weights and the settings; its images have a size that the inputs of a call give."""

    def __init__(self, rank, settings, **kwargs):
        super().__init__(**kwargs)
        self.rank = rank
        self.settings = settings
        self.__dict__.update(settings)

    state_size = None  # known with the size of the images

    @property
    def channel_axis(self):
        return 1 if self.data_format == "channels_first" else -1

    def build(self, input_shape):
        channels = input_shape[self.channel_axis]
        if channels is None:
            raise ValueError("The channel dimension of the inputs (last axis or, with channels_first, second) should "
                             "be "
                             f"defined. Found None. Full input shape received: {tuple(input_shape)}")
        gates = 4 * self.filters
        self.kernel = self.add_weight("kernel", (*self.kernel_size, channels, gates),
                                      initializer=self.kernel_initializer)
        self.recurrent_kernel = self.add_weight("recurrent_kernel", (*self.kernel_size, self.filters, gates),
                                                initializer=self.recurrent_initializer)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight("bias", (gates,), initializer=self._bias_values)
        self.cell = _rondo.ConvLSTMCell(
            [as_tensor(weight) for weight in self.weights], filters=self.filters, kernel_size=self.kernel_size,
            strides=self.strides, padding=self.padding, data_format=self.data_format, dilation_rate=self.dilation_rate,
            activation=activations.serialize(self.activation),
            recurrent_activation=activations.serialize(self.recurrent_activation), use_bias=self.use_bias)
        self.built = True

    def _bias_values(self, shape, dtype):
        values = numpy.array(self.bias_initializer(shape, dtype=dtype))
        if self.unit_forget_bias:
            values[self.filters:2 * self.filters] = 1
        return values

    def call(self, inputs, states):
        raise NotImplementedError("A cell of a ConvLSTM runs in its layer only")

    def output_image(self, image):
        """The shape of a state for images of one step without the batch axis."""
        first = self.data_format == "channels_first"
        spatial = image[1:] if first else image[:-1]
        sizes = tuple(None if size is None else self._output_size(size, axis) for axis, size in enumerate(spatial))
        return TensorShape((self.filters, *sizes) if first else (*sizes, self.filters))

    def _output_size(self, size, axis):
        if self.padding == "same":
            return -(-size // self.strides[axis])
        reach = (self.kernel_size[axis] - 1) * self.dilation_rate[axis]
        return (size - reach - 1) // self.strides[axis] + 1


def _numbers(name, value, rank):
    """A number for each spatial axis."""
    numbers = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(numbers) != rank or any(not isinstance(number, int) or number < 1 for number in numbers):
        raise ValueError(f"The `{name}` argument must be a tuple of {rank} positive integers. Received: {value}")
    return numbers


class _ConvLSTM(RNN):
    rank = 0
    _first_input_shape = None

    def __init__(self, arguments):
        settings, options = split_arguments(arguments, _SETTINGS)
        check_none(**{name: settings.pop(name) for name in _TRAINING_ONLY})
        for name in ("dropout", "recurrent_dropout"):
            if settings.pop(name):
                raise ValueError(f"{name}: got {arguments[name]}, expected 0, because Rondo's ConvLSTM has no dropout")
        for name in ("kernel_size", "strides", "dilation_rate"):
            settings[name] = _numbers(name, settings[name], self.rank)
        for name in ("activation", "recurrent_activation"):
            settings[name] = activations.get(settings[name])
        for name in ("kernel_initializer", "recurrent_initializer", "bias_initializer"):
            settings[name] = initializers.get(settings[name])
        if settings["data_format"] is None:
            settings["data_format"] = "channels_last"
        if options.pop("unroll", False):
            raise TypeError("Unrolling is not possible with convolutional RNNs. Received: unroll=True")
        cell = _ConvLSTMCell(self.rank, settings, dtype=options.get("dtype"))
        super().__init__(cell, **options)

    def build(self, input_shape):
        self.cell.build_once(self.step_shape(input_shape))
        self._first_input_shape = tuple(input_shape)
        # Images may have other sizes in another call, but for their number of channels.
        channel = 2 if self.cell.data_format == "channels_first" else len(input_shape) - 1
        self._input_shape = tuple(size if axis == channel else None for axis, size in enumerate(input_shape))
        self.planned = self.make_planned([self.cell.cell], self.cell.records(), reloads=False)
        self.built = True

    def step_shape(self, shape):
        if len(shape) != self.rank + 3:
            raise ValueError(f'Input 0 of layer "{self.name}" is incompatible with the layer: expected '
                             f"ndim={self.rank + 3}, found ndim={len(shape)}. Full shape received: {shape}")
        return super().step_shape(shape)

    def state_structure(self, input_shape=None):
        """The shapes of h and c for inputs of that shape, by default that of the first call."""
        shape = self._first_input_shape if input_shape is None else first_shape(input_shape)
        if shape is None:
            raise ValueError("The size of the states is unknown before the first call, which has the size of the "
                             "images")
        return [self.cell.output_image(shape[2:])] * 2

    def output_structure(self, input_shape):
        return self.state_structure(input_shape)[0]

    def get_initial_state(self, inputs):
        """Zeros."""
        return zeros_of(self.state_structure(shape_nest(inputs)), self.batch_size(inputs), self.dtype)

    def get_config(self):
        config = {**self.options_config(), **self.cell.settings}
        del config["unroll"]
        for name in ("activation", "recurrent_activation"):
            config[name] = activations.serialize(config[name])
        for name in ("kernel_initializer", "recurrent_initializer", "bias_initializer"):
            config[name] = initializers.serialize(config[name])
        return config

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _of_rank(rank):
    """The class for images of that many spatial axes."""
    def __init__(self, filters, kernel_size, strides=(1,) * rank, padding="valid", data_format=None,
                 dilation_rate=(1,) * rank, activation="tanh", recurrent_activation="hard_sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 unit_forget_bias=True, kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None,
                 activity_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None,
                 return_sequences=False, return_state=False, go_backwards=False, stateful=False, dropout=0.0,
                 recurrent_dropout=0.0, **kwargs):
        _ConvLSTM.__init__(self, locals())

    name = f"ConvLSTM{rank}D"
    doc = f"An LSTM of images with {rank} spatial axes, whose products are convolutions, as tf.keras.layers.{name}."
    return type(name, (_ConvLSTM,), {"rank": rank, "__init__": __init__, "__doc__": doc, "__module__": __name__})


_SETTINGS = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "activation",
             "recurrent_activation", "use_bias", "kernel_initializer", "recurrent_initializer", "bias_initializer",
             "unit_forget_bias", "dropout", "recurrent_dropout", *_TRAINING_ONLY)
ConvLSTM1D, ConvLSTM2D, ConvLSTM3D = map(_of_rank, (1, 2, 3))
