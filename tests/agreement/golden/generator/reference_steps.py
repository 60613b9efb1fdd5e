"""NumPy step functions: (inputs, states, constants, weights) -> (outputs, new states), all lists of leaves."""

import numpy as np


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


ACTIVATIONS = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "linear": lambda x: x,
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
}


def minimal(inputs, states, constants, w):
    out = inputs[0] @ w["kernel"] + states[0] @ w["recurrent_kernel"]
    return [out], [out]


def simple_rnn(inputs, states, constants, w, activation=np.tanh):
    z = inputs[0] @ w["kernel"] + states[0] @ w["recurrent_kernel"] + w.get("bias", 0)
    h = activation(z)
    return [h], [h]


def lstm(inputs, states, constants, w, activation=np.tanh, recurrent_activation=sigmoid):
    h, c = states
    z = inputs[0] @ w["kernel"] + h @ w["recurrent_kernel"] + w.get("bias", 0)
    i, f, g, o = np.split(z, 4, axis=-1)
    c = recurrent_activation(f) * c + recurrent_activation(i) * activation(g)
    h = recurrent_activation(o) * activation(c)
    return [h], [h, c]


def convolution(x, kernel, strides, padding, dilation):
    """The convolution of x (B, N..., C) with kernel (K..., C, F)."""
    axes, pads, outputs = kernel.ndim - 2, [(0, 0)], []
    for n, k, stride, rate in zip(x.shape[1:], kernel.shape, strides, dilation):
        reach = (k - 1) * rate + 1
        output = -(-n // stride) if padding == "same" else (n - reach) // stride + 1
        zeros = max(0, (output - 1) * stride + reach - n)
        pads.append((zeros // 2, zeros - zeros // 2))
        outputs.append(output)
    padded = np.pad(x, pads + [(0, 0)])
    result = np.zeros((x.shape[0], *outputs, kernel.shape[-1]))
    for tap in np.ndindex(*kernel.shape[:axes]):
        window = [slice(None)]
        for k, output, stride, rate in zip(tap, outputs, strides, dilation):
            window.append(slice(k * rate, k * rate + (output - 1) * stride + 1, stride))
        result += padded[tuple(window)] @ kernel[tap]
    return result


def conv_lstm(layer, inputs, states, w):
    first = layer["data_format"] == "channels_first"
    x, h, c = (np.moveaxis(image, 1, -1) if first else image for image in (inputs[0], *states))
    ones = [1] * len(layer["kernel_size"])
    z = convolution(x, w["kernel"], layer["strides"], layer["padding"], layer["dilation_rate"]) + w.get("bias", 0)
    z = z + convolution(h, w["recurrent_kernel"], ones, "same", ones)
    act, rec = ACTIVATIONS[layer["activation"]], ACTIVATIONS[layer["recurrent_activation"]]
    i, f, g, o = np.split(z, 4, axis=-1)
    c = rec(f) * c + rec(i) * act(g)
    h = rec(o) * act(c)
    h, c = (np.moveaxis(image, -1, 1) if first else image for image in (h, c))
    return [h], [h, c]


def gru_reset_after(inputs, states, constants, w, activation=np.tanh, recurrent_activation=sigmoid):
    h = states[0]
    bias = w.get("bias", (0, 0))
    x_z, x_r, x_h = np.split(inputs[0] @ w["kernel"] + bias[0], 3, axis=-1)
    h_z, h_r, h_h = np.split(h @ w["recurrent_kernel"] + bias[1], 3, axis=-1)
    z = recurrent_activation(x_z + h_z)
    r = recurrent_activation(x_r + h_r)
    h = z * h + (1 - z) * activation(x_h + r * h_h)
    return [h], [h]


def gru_reset_before(inputs, states, constants, w, activation=np.tanh, recurrent_activation=sigmoid):
    h = states[0]
    x_z, x_r, x_h = np.split(inputs[0] @ w["kernel"] + w.get("bias", 0), 3, axis=-1)
    u_z, u_r, u_h = np.split(w["recurrent_kernel"], 3, axis=-1)
    z = recurrent_activation(x_z + h @ u_z)
    r = recurrent_activation(x_r + h @ u_r)
    h = z * h + (1 - z) * activation(x_h + (r * h) @ u_h)
    return [h], [h]


def nested_cell(inputs, states, constants, w):
    """The NestedCell of the guide to Keras's RNNs."""
    out = [inputs[0] @ w["kernel_1"], np.einsum("bij,ijkl->bkl", inputs[1], w["kernel_2_3"])]
    return out, [state + leaf for state, leaf in zip(states, out)]


def nested_state_cell(inputs, states, constants, w):
    out, (h, c) = nested_state(inputs, states[:2], constants, w)
    return out, [h, c, states[2] + 1]


def projected_output(inputs, states, constants, w):
    _, new_states = simple_rnn(inputs, states, constants, w)
    return [new_states[0] @ w["projection"]], new_states


def nested_input(inputs, states, constants, w):
    a, b = inputs
    h = np.tanh(a @ w["kernel_a"] + b @ w["kernel_b"] + states[0] @ w["recurrent_kernel"])
    return [h], [h]


def nested_output(inputs, states, constants, w):
    _, new_states = simple_rnn(inputs, states, constants, w)
    return [new_states[0], inputs[0] @ w["kernel2"]], new_states


def nested_state(inputs, states, constants, w):
    h, c = states
    f, g = np.split(inputs[0] @ w["kernel"] + h @ w["recurrent_kernel"], 2, axis=-1)
    c = sigmoid(f) * c + np.tanh(g)
    h = np.tanh(c)
    return [h], [h, c]


def constants(inputs, states, constants, w):
    z = inputs[0] @ w["kernel"] + states[0] @ w["recurrent_kernel"]
    h = np.tanh(z + constants[0] @ w["constant_kernel"])
    return [h], [h]


def attention(inputs, states, constants, w):
    memory, h = constants[0], states[0]
    scores = np.exp(np.einsum("bsh,bh->bs", memory, h))
    weights = scores / scores.sum(axis=1, keepdims=True)
    context = np.einsum("bs,bsh->bh", weights, memory)
    h = np.tanh(inputs[0] @ w["kernel"] + context @ w["context_kernel"] + h @ w["recurrent_kernel"])
    return [h], [h]


def matrix_state(inputs, states, constants, w):
    s = np.tanh(states[0] @ w["recurrent_kernel"] + (inputs[0] @ w["kernel"])[:, None, :])
    return [s.mean(axis=1)], [s]


def matrix_input(inputs, states, constants, w):
    return simple_rnn(inputs, states, constants, w)


def counter(inputs, states, constants, w):
    _, (h,) = simple_rnn(inputs, states[:1], constants, w)
    n = states[1] + 1
    return [np.concatenate([h, n], axis=-1)], [h, n]


def rank_zero_counter(inputs, states, constants, w):
    _, (h,) = simple_rnn(inputs, states[:1], constants, w)
    n = states[1] + 1
    return [h + n], [h, n]


def stateless(inputs, states, constants, w):
    return [inputs[0] @ w["kernel"]], []
