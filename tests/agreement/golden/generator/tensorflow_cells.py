"""Custom cells, as the documentation of Keras's RNN and its guide write them."""

import tensorflow as tf


class NestedCell(tf.keras.layers.Layer):
    """The guide's cell with nested structures: inputs, outputs and states of two tensors."""

    def __init__(self, units, **kwargs):
        self.units = units
        self.state_size = [tf.TensorShape([units[0]]), tf.TensorShape(units[1:])]
        self.output_size = [tf.TensorShape([units[0]]), tf.TensorShape(units[1:])]
        super().__init__(**kwargs)

    def build(self, input_shapes):
        first, second = input_shapes
        self.kernel_1 = self.add_weight(shape=(first[1], self.units[0]), name="kernel_1")
        self.kernel_2_3 = self.add_weight(shape=(second[1], second[2], *self.units[1:]), name="kernel_2_3")
        self.built = True

    def call(self, inputs, states):
        output = (tf.matmul(inputs[0], self.kernel_1), tf.einsum("bij,ijkl->bkl", inputs[1], self.kernel_2_3))
        return output, tuple(state + leaf for state, leaf in zip(states, output))


class NestedStateCell(tf.keras.layers.Layer):
    """A cell with state_size [[units, units], 1]: a state of two tensors, and a number of steps."""

    def __init__(self, units, **kwargs):
        self.units = units
        self.state_size = [[units, units], 1]
        self.output_size = units
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], 2 * self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, 2 * self.units), name="recurrent_kernel")
        self.built = True

    def call(self, inputs, states):
        (h, c), n = states
        f, g = tf.split(tf.matmul(inputs, self.kernel) + tf.matmul(h, self.recurrent_kernel), 2, axis=-1)
        c = tf.sigmoid(f) * c + tf.tanh(g)
        h = tf.tanh(c)
        return h, [[h, c], n + 1]


class InitialStateCell(tf.keras.layers.Layer):
    """A MinimalRNNCell whose get_initial_state gives a weight to all rows."""

    def __init__(self, units, **kwargs):
        self.units = units
        self.state_size = units
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent_kernel")
        self.initial = self.add_weight(shape=(self.units,), name="initial")
        self.built = True

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        return tf.tile(self.initial[None], [batch_size, 1])

    def call(self, inputs, states):
        output = tf.matmul(inputs, self.kernel) + tf.matmul(states[0], self.recurrent_kernel)
        return output, [output]


CELLS = {kind.__name__: kind for kind in (NestedCell, NestedStateCell, InitialStateCell)}
