"""Recurrences in NumPy float64, and the arrays of a session: what the tests of sessions compare with."""

import numpy as np

import rondo
from rondo import as_tensor

GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def step(kind, x, states, W, U, b):
    """One step in Keras's layout: gates i f c o, or z r h with reset_after."""
    h = states[0]
    if kind == "simple_rnn":
        return [np.tanh(x @ W + h @ U + b)]
    if kind == "gru":
        az, ar, ah = np.split(x @ W + b[0], 3, axis=1)
        bz, br, bh = np.split(h @ U + b[1], 3, axis=1)
        z = sigmoid(az + bz)
        return [z * h + (1 - z) * np.tanh(ah + sigmoid(ar + br) * bh)]
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=1)
    c = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(c), c]


def run(kind, x, weights, initial_state, lengths=None, reverse=False):
    """(y, last_output, final_state) of keras's rules: dead rows keep states, and emit the previous output."""
    T = x.shape[0]
    states = [np.array(state) for state in initial_state]
    output = np.zeros_like(states[0])
    y = np.zeros((T,) + output.shape)
    for s in range(T):
        t = T - 1 - s if reverse else s
        live = np.ones(len(output), bool) if lengths is None else t < lengths
        new = step(kind, x[t], states, *weights)
        states = [np.where(live[:, None], after, before) for after, before in zip(new, states)]
        output = np.where(live[:, None], new[0], output)
        y[s] = output
    return y, output, states


class Problem:
    """A session with its arrays, all drawn from one seed."""

    def __init__(self, kind="lstm", T=7, B=3, I=5, H=4, dtype="float32", seed=0, **spec):
        random = np.random.default_rng(seed)
        self.kind, self.cell = kind, rondo.CellSpec(kind, H)
        G = GATES[kind]

        def draw(*shape):
            return random.normal(0, 0.5, shape).astype(dtype)

        self.weights = [draw(I, G * H), draw(H, G * H), draw(2, G * H) if kind == "gru" else draw(G * H)]
        self.x = draw(T, B, I)
        self.initial_state = [draw(B, H) for _ in range(self.cell.state_count)]
        self.y, self.last_output = np.full((T, B, H), np.nan, dtype), np.full((B, H), np.nan, dtype)
        self.final_state = [np.full((B, H), np.nan, dtype) for _ in self.initial_state]
        self.spec = rondo.RecurrenceSpec(self.cell, T=T, B=B, I=I, dtype=dtype, **spec)
        self.plan = rondo.Plan(self.spec)
        self.session = rondo.Session(self.plan, tensors(self.weights))

    def bind(self, **more):
        """The tensors of a run."""
        return rondo.SessionTensors(as_tensor(self.x), initial_state=tensors(self.initial_state), y=as_tensor(self.y),
                                    last_output=as_tensor(self.last_output), final_state=tensors(self.final_state),
                                    **more)

    def expected(self, lengths=None, reverse=False):
        wide = [array.astype(np.float64) for array in (self.x, *self.weights, *self.initial_state)]
        return run(self.kind, wide[0], wide[1:4], wide[4:], lengths, reverse)

    def check(self, tolerance, lengths=None, reverse=False):
        y, last_output, final_state = self.expected(lengths, reverse)
        pairs = zip([self.y, self.last_output, *self.final_state], [y, last_output, *final_state])
        for actual, wanted in pairs:
            assert np.abs(actual - wanted).max() <= tolerance * np.abs(wanted).max()


def tensors(arrays):
    return [as_tensor(array) for array in arrays]
