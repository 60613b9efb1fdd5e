"""The step functions of the golden cases in NumPy: tests/agreement/golden/README.md has their formulas."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def rnn_of(x, h, w):
    return np.tanh(x @ w["kernel"] + w.get("bias", 0) + h @ w["recurrent_kernel"])


def minimal(x, states, w):
    h = x @ w["kernel"] + states[0] @ w["recurrent_kernel"]
    return h, [h]


def simple_rnn(x, states, w):
    h = rnn_of(x, states[0], w)
    return h, [h]


def lstm(x, states, w):
    h, c = states
    i, f, g, o = np.split(x @ w["kernel"] + h @ w["recurrent_kernel"] + w["bias"], 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, [h, c]


def gru_reset_after(x, states, w):
    h, = states
    az, ar, ah = np.split(x @ w["kernel"] + w["bias"][0], 3, axis=-1)
    bz, br, bh = np.split(h @ w["recurrent_kernel"] + w["bias"][1], 3, axis=-1)
    z = sigmoid(az + bz)
    h = z * h + (1 - z) * np.tanh(ah + sigmoid(ar + br) * bh)
    return h, [h]


def gru_reset_before(x, states, w):
    h, = states
    az, ar, ah = np.split(x @ w["kernel"] + w["bias"], 3, axis=-1)
    uz, ur, uh = np.split(w["recurrent_kernel"], 3, axis=-1)
    z, r = sigmoid(az + h @ uz), sigmoid(ar + h @ ur)
    h = z * h + (1 - z) * np.tanh(ah + (r * h) @ uh)
    return h, [h]


def nested_input(x, states, w):
    h = np.tanh(x[0] @ w["kernel_a"] + x[1] @ w["kernel_b"] + states[0] @ w["recurrent_kernel"])
    return h, [h]


def nested_output(x, states, w):
    h = rnn_of(x, states[0], w)
    return (h, x @ w["kernel2"]), [h]


def nested_state(x, states, w):
    (h, c), = states
    f, g = np.split(x @ w["kernel"] + h @ w["recurrent_kernel"], 2, axis=-1)
    c = sigmoid(f) * c + np.tanh(g)
    h = np.tanh(c)
    return h, [(h, c)]


def constants(x, states, w):
    h = np.tanh(x @ w["kernel"] + states[0] @ w["recurrent_kernel"] + states[1] @ w["constant_kernel"])
    return h, [h]


def attention(x, states, w):
    h, memory = states
    score = np.einsum("bsh,bh->bs", memory, h)
    weight = np.exp(score - score.max(axis=1, keepdims=True))
    weight = weight / weight.sum(axis=1, keepdims=True)
    context = np.einsum("bs,bsh->bh", weight, memory)
    h = np.tanh(x @ w["kernel"] + context @ w["context_kernel"] + h @ w["recurrent_kernel"])
    return h, [h]


def matrix_state(x, states, w):
    s = np.tanh(states[0] @ w["recurrent_kernel"] + (x @ w["kernel"])[:, None, :])
    return s.mean(axis=1), [s]


def matrix_input(x, states, w):
    h = np.tanh(x @ w["kernel"] + states[0] @ w["recurrent_kernel"])
    return h, [h]


def counter(x, states, w):
    h, n = rnn_of(x, states[0], w), states[1] + 1
    return np.concatenate([h, n], axis=1), [h, n]


def stateless(x, states, w):
    return x @ w["kernel"], []


def rank_zero_counter(x, states, w):
    h, n = rnn_of(x, states[0], w), states[1] + np.ones((), states[1].dtype)
    return h + n, [h, n]
