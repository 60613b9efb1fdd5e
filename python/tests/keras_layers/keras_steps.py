"""The step functions and the cells that the golden cases name, for arrays of any library."""

from rondo.keras import TensorShape, backend, layers
from rondo.keras.backend import dot, sigmoid, tanh


def _split(x, parts):
    width = x.shape[-1] // parts
    return [x[..., k * width:(k + 1) * width] for k in range(parts)]


def _sum(w, x, h):
    return dot(x, w["kernel"]) + dot(h, w["recurrent_kernel"])


def minimal(w, x, s):
    h = _sum(w, x, s[0])
    return h, [h]


def simple_rnn(w, x, s):
    h = tanh(_sum(w, x, s[0]) + w["bias"])
    return h, [h]


def lstm(w, x, s):
    i, f, g, o = _split(_sum(w, x, s[0]) + w["bias"], 4)
    c = sigmoid(f) * s[1] + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(c)
    return h, [h, c]


def gru_reset_after(w, x, s):
    a = _split(dot(x, w["kernel"]) + w["bias"][0], 3)
    b = _split(dot(s[0], w["recurrent_kernel"]) + w["bias"][1], 3)
    z, r = sigmoid(a[0] + b[0]), sigmoid(a[1] + b[1])
    h = z * s[0] + (1 - z) * tanh(a[2] + r * b[2])
    return h, [h]


def gru_reset_before(w, x, s):
    a = _split(dot(x, w["kernel"]) + w["bias"], 3)
    u = _split(w["recurrent_kernel"], 3)
    z, r = sigmoid(a[0] + dot(s[0], u[0])), sigmoid(a[1] + dot(s[0], u[1]))
    h = z * s[0] + (1 - z) * tanh(a[2] + dot(r * s[0], u[2]))
    return h, [h]


def projected_output(w, x, s):
    h = tanh(_sum(w, x, s[0]) + w["bias"])
    return dot(h, w["projection"]), [h]


def nested_input(w, x, s):
    h = tanh(dot(x[0], w["kernel_a"]) + dot(x[1], w["kernel_b"]) + dot(s[0], w["recurrent_kernel"]))
    return h, [h]


def nested_output(w, x, s):
    h = tanh(_sum(w, x, s[0]))
    return (h, dot(x, w["kernel2"])), [h]


def nested_state(w, x, s):
    f, g = _split(_sum(w, x, s[0][0]), 2)
    c = sigmoid(f) * s[0][1] + tanh(g)
    h = tanh(c)
    return h, [(h, c)]


def constants(w, x, s):
    h = tanh(_sum(w, x, s[0]) + dot(s[1], w["constant_kernel"]))
    return h, [h]


def attention(w, x, s):
    memory = s[1]  # (B, S, H)
    weight = backend.softmax(backend.sum(memory * s[0][:, None], 2))
    context = backend.sum(weight[:, :, None] * memory, 1)
    h = tanh(_sum(w, x, s[0]) + dot(context, w["context_kernel"]))
    return h, [h]


def matrix_state(w, x, s):
    h = tanh(dot(s[0], w["recurrent_kernel"]) + dot(x, w["kernel"])[:, None])
    return backend.mean(h, 1), [h]


def matrix_input(w, x, s):
    h = tanh(_sum(w, x, s[0]))
    return h, [h]


def counter(w, x, s):
    h, n = tanh(_sum(w, x, s[0]) + w["bias"]), s[1] + 1
    return backend.concatenate([h, n]), [h, n]


def rank_zero_counter(w, x, s):
    h, n = tanh(_sum(w, x, s[0]) + w["bias"]), s[1] + 1
    return h + n, [h, n]


def stateless(w, x, s):
    return dot(x, w["kernel"]), []


class MinimalRNNCell(layers.Layer):
    """The cell of the page of tf.keras.layers.RNN."""

    def __init__(self, units, **kwargs):
        self.units = units
        self.state_size = units
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="uniform", name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), initializer="uniform",
                                                name="recurrent_kernel")
        self.built = True

    def call(self, inputs, states):
        h = dot(inputs, self.kernel) + dot(states[0], self.recurrent_kernel)
        return h, [h]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class InitialStateCell(MinimalRNNCell):
    def build(self, input_shape):
        super().build(input_shape)
        self.initial = self.add_weight(shape=(self.units,), name="initial")

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        return self.initial[None].repeat(batch_size, 0)


class NestedStateCell(MinimalRNNCell):
    def __init__(self, units, **kwargs):
        super().__init__(units, **kwargs)
        self.state_size = [[units, units], 1]
        self.output_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], 2 * self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, 2 * self.units), name="recurrent_kernel")

    def call(self, inputs, states):
        w = {"kernel": self.kernel, "recurrent_kernel": self.recurrent_kernel}
        h, new = nested_state(w, inputs, states)
        return h, [*new, states[1] + 1]


class NestedCell(layers.Layer):
    """The cell of the guide to Keras's RNNs."""

    def __init__(self, units, **kwargs):
        self.units = units
        self.state_size = [TensorShape([units[0]]), TensorShape(units[1:])]
        self.output_size = [TensorShape([units[0]]), TensorShape(units[1:])]
        super().__init__(**kwargs)

    def build(self, input_shape):
        (_, i), (_, j, r) = input_shape
        self.kernel_1 = self.add_weight(shape=(i, self.units[0]), initializer="uniform", name="kernel_1")
        self.kernel_2_3 = self.add_weight(shape=(j, r, *self.units[1:]), initializer="uniform", name="kernel_2_3")

    def call(self, inputs, states):
        x, matrix = inputs
        j, r, q, s = self.kernel_2_3.shape
        first = dot(x, self.kernel_1)
        second = dot(matrix.reshape(-1, j * r), self.kernel_2_3.reshape(j * r, q * s)).reshape(-1, q, s)
        return (first, second), (states[0] + first, states[1] + second)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def built(layer):
    layer.build((None, None, 2))
    return layer
