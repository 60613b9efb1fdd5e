"""The step functions for tf.keras.backend.rnn: weights -> step(inputs, states) -> (output, new states)."""

import tensorflow as tf


def dot(x, kernel):
    return tf.tensordot(x, kernel, 1)


def simple(x, h, w):
    return tf.tanh(dot(x, w["kernel"]) + w["bias"] + dot(h, w["recurrent_kernel"]))


def minimal(w):
    def step(x, states):
        output = dot(x, w["kernel"]) + dot(states[0], w["recurrent_kernel"])
        return output, [output]

    return step


def simple_rnn(w):
    def step(x, states):
        h = simple(x, states[0], w)
        return h, [h]

    return step


def lstm(w):
    def step(x, states):
        h, c = states
        z = dot(x, w["kernel"]) + dot(h, w["recurrent_kernel"]) + w["bias"]
        i, f, g, o = tf.split(z, 4, axis=-1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        h = tf.sigmoid(o) * tf.tanh(c)
        return h, [h, c]

    return step


def gru_reset_after(w):
    def step(x, states):
        h = states[0]
        a_z, a_r, a_h = tf.split(dot(x, w["kernel"]) + w["bias"][0], 3, axis=-1)
        b_z, b_r, b_h = tf.split(dot(h, w["recurrent_kernel"]) + w["bias"][1], 3, axis=-1)
        z, r = tf.sigmoid(a_z + b_z), tf.sigmoid(a_r + b_r)
        h = z * h + (1 - z) * tf.tanh(a_h + r * b_h)
        return h, [h]

    return step


def gru_reset_before(w):
    def step(x, states):
        h = states[0]
        a_z, a_r, a_h = tf.split(dot(x, w["kernel"]) + w["bias"], 3, axis=-1)
        r_z, r_r, r_h = tf.split(w["recurrent_kernel"], 3, axis=-1)
        z, r = tf.sigmoid(a_z + dot(h, r_z)), tf.sigmoid(a_r + dot(h, r_r))
        h = z * h + (1 - z) * tf.tanh(a_h + dot(r * h, r_h))
        return h, [h]

    return step


def projected_output(w):
    def step(x, states):
        h = simple(x, states[0], w)
        return dot(h, w["projection"]), [h]

    return step


def nested_input(w):
    def step(inputs, states):
        a, b = inputs
        h = tf.tanh(dot(a, w["kernel_a"]) + dot(b, w["kernel_b"]) + dot(states[0], w["recurrent_kernel"]))
        return h, [h]

    return step


def nested_output(w):
    def step(x, states):
        h = tf.tanh(dot(x, w["kernel"]) + dot(states[0], w["recurrent_kernel"]))
        return (h, dot(x, w["kernel2"])), [h]

    return step


def nested_state(w):
    def step(x, states):
        h, c = states[0]
        f, g = tf.split(dot(x, w["kernel"]) + dot(h, w["recurrent_kernel"]), 2, axis=-1)
        c = tf.sigmoid(f) * c + tf.tanh(g)
        h = tf.tanh(c)
        return h, [(h, c)]

    return step


def constants(w):
    def step(x, states):
        h, constant = states
        z = dot(x, w["kernel"]) + dot(h, w["recurrent_kernel"])
        h = tf.tanh(z + dot(constant, w["constant_kernel"]))
        return h, [h]

    return step


def attention(w):
    def step(x, states):
        h, memory = states
        weights = tf.nn.softmax(tf.reduce_sum(memory * h[:, None, :], axis=2), axis=1)
        context = tf.reduce_sum(weights[:, :, None] * memory, axis=1)
        h = tf.tanh(dot(x, w["kernel"]) + dot(context, w["context_kernel"]) + dot(h, w["recurrent_kernel"]))
        return h, [h]

    return step


def matrix_state(w):
    def step(x, states):
        s = tf.tanh(dot(states[0], w["recurrent_kernel"]) + dot(x, w["kernel"])[:, None, :])
        return tf.reduce_mean(s, axis=1), [s]

    return step


def matrix_input(w):
    def step(x, states):
        h = tf.tanh(dot(x, w["kernel"]) + dot(states[0], w["recurrent_kernel"]))
        return h, [h]

    return step


def counter(w):
    def step(x, states):
        h = simple(x, states[0], w)
        n = states[1] + 1
        return tf.concat([h, n], axis=-1), [h, n]

    return step


def rank_zero_counter(w):
    def step(x, states):
        h = simple(x, states[0], w)
        n = states[1] + 1
        return h + n, [h, n]

    return step


def stateless(w):
    def step(x, states):
        return dot(x, w["kernel"]), []

    return step
