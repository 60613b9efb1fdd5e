"""The outputs of a point in double precision, by NumPy."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def exact_outputs(problem):
    """y of shape (T, B, H): an LSTM's, or that of a GRU that resets after its product."""
    wide = lambda array: np.asarray(array, np.float64)
    kernel, recurrent_kernel, bias = wide(problem.kernel), wide(problem.recurrent_kernel), wide(problem.bias)
    h, c = (wide(problem.states[name]) if name in problem.states else np.zeros((problem.B, problem.H)) for name in "hc")
    is_gru = problem.cell == "gru"
    inputs = wide(problem.x) @ kernel + (bias[0] if is_gru else bias)
    y = np.empty((problem.T, problem.B, problem.H))
    for t in range(problem.T):
        of_h = h @ recurrent_kernel
        if is_gru:
            z, r, candidate = np.split(inputs[t], 3, axis=-1)
            of_z, of_r, of_candidate = np.split(of_h + bias[1], 3, axis=-1)
            z, r = sigmoid(z + of_z), sigmoid(r + of_r)
            h = z * h + (1 - z) * np.tanh(candidate + r * of_candidate)
        else:
            i, f, g, o = np.split(inputs[t] + of_h, 4, axis=-1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        y[t] = h
    return y
