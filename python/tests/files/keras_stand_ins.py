"""Objects with the interface of Keras 3's layers, which is not installed: they compute NumPy formulas in float64."""

import numpy

GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def hard_sigmoid(x):
    return numpy.clip(x / 6 + 0.5, 0, 1)  # Keras 3's


FUNCTIONS = {"tanh": numpy.tanh, "sigmoid": sigmoid, "hard_sigmoid": hard_sigmoid, "linear": lambda x: x,
             "relu": lambda x: numpy.maximum(x, 0), "softmax": numpy.tanh}


class Variable:
    def __init__(self, value):
        self.value = value


class Layer:
    """What replace() looks at."""

    built, stateful, compute_dtype, variable_dtype = True, False, "float32", "float32"
    layers = ()

    def __init__(self, name, convert=numpy.asarray):
        self.name, self.calls, self.convert = name, 0, convert

    def __call__(self, *args, **kwargs):
        return self.call(*args, **kwargs)

    def get_config(self):
        return {"name": self.name}

    def get_weights(self):
        return [numpy.asarray(weight.value) for weight in self.weights]

    @property
    def weights(self):
        return [weight for layer in self.layers for weight in layer.weights]


class Model(Layer):
    def __init__(self, name, layers):
        super().__init__(name)
        self.layers = layers

    def call(self, x, **arguments):
        for layer in self.layers:
            x = layer(x, **arguments)
        return x


class Dense(Layer):
    def call(self, x, **arguments):
        return x


class Recurrent(Layer):
    """SimpleRNN, LSTM and GRU (reset_after) over (B, T, I)."""

    def __init__(self, units, features=3, convert=numpy.asarray, **options):
        super().__init__(options.pop("name", type(self).__name__.lower()), convert)
        self.config = {"units": units, "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True,
                       "reset_after": True, "return_sequences": False, "return_state": False, "go_backwards": False,
                       "dropout": 0.0, "dtype": {"class_name": "DTypePolicy", "config": {"name": "float32"}}, **options}
        random, gates = numpy.random.default_rng(units), GATES[self.kind()] * units
        shapes = [(features, gates), (units, gates), (2, gates) if self.kind() == "GRU" else (gates,)]
        self._weights = [Variable(convert(random.normal(size=shape, scale=0.5).astype("f"))) for shape in shapes]

    @classmethod
    def kind(cls):
        return next(base.__name__ for base in cls.__mro__ if base.__name__ in GATES)

    weights = property(lambda layer: layer._weights)

    def get_config(self):
        return {"name": self.name, **self.config}

    def call(self, sequences, initial_state=None, mask=None, training=False):
        self.calls += 1
        x = numpy.asarray(sequences, "d")
        count = 2 if self.kind() == "LSTM" else 1
        states = [numpy.asarray(s, "d") for s in initial_state or [numpy.zeros((len(x), self.config["units"]))] * count]
        outputs, output = [], numpy.zeros_like(states[0])
        times = range(x.shape[1])
        for t in reversed(times) if self.config["go_backwards"] else times:
            new = self.step(x[:, t], states)
            used = numpy.ones((len(x), 1), bool) if mask is None else numpy.asarray(mask)[:, t, None].astype(bool)
            output = numpy.where(used, new[0], output)
            states = [numpy.where(used, after, before) for after, before in zip(new, states)]
            outputs.append(output)
        result = numpy.stack(outputs, 1) if self.config["return_sequences"] else output
        results = [self.convert(array.astype("f")) for array in (result, *states)]
        return tuple(results) if self.config["return_state"] else results[0]

    def step(self, x, states):
        W, U, b = (numpy.asarray(weight.value, "d") for weight in self._weights)
        f, g = FUNCTIONS[self.config["activation"]], FUNCTIONS[self.config["recurrent_activation"]]
        h = states[0]
        if self.kind() == "SimpleRNN":
            return [f(x @ W + h @ U + b)]
        if self.kind() == "LSTM":
            i, forget, c, o = numpy.split(x @ W + h @ U + b, 4, axis=1)
            c = g(forget) * states[1] + g(i) * f(c)
            return [g(o) * f(c), c]
        (xz, xr, xh), (hz, hr, hh) = numpy.split(x @ W + b[0], 3, axis=1), numpy.split(h @ U + b[1], 3, axis=1)
        z = g(xz + hz)
        return [z * h + (1 - z) * f(xh + g(xr + hr) * hh)]


class SimpleRNN(Recurrent):
    pass


class LSTM(Recurrent):
    pass


class GRU(Recurrent):
    pass


class Bidirectional(Layer):
    """The outputs of both directions side by side, or apart."""

    def __init__(self, forward, backward, merge_mode="concat"):
        super().__init__("both")
        self.forward_layer, self.backward_layer, self.merge_mode = forward, backward, merge_mode
        self.layers = [forward, backward]

    def get_config(self):
        halves = [{"module": "keras.layers", "class_name": type(half).__name__, "config": half.get_config()}
                  for half in self.layers]
        return {"name": self.name, "merge_mode": self.merge_mode, "layer": halves[0], "backward_layer": halves[1]}

    def call(self, sequences, initial_state=None, mask=None, training=None):
        self.calls += 1
        forward, backward = self.forward_layer.call(sequences), self.backward_layer.call(sequences)
        states = ()
        if self.forward_layer.config["return_state"]:
            states = forward[1:] + backward[1:]
            forward, backward = forward[0], backward[0]
        if self.forward_layer.config["return_sequences"]:
            backward = backward[:, ::-1]
        if self.merge_mode is None:
            return (forward, backward, *states)
        output = numpy.concatenate([forward, backward], -1)
        return (output, *states) if states else output


for _kind in (SimpleRNN, LSTM, GRU, Bidirectional, Dense, Model, Layer, Recurrent):
    _kind.__module__ = "keras.src.layers"
