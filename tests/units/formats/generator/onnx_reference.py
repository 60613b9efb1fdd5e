"""ONNX's RNN, GRU and LSTM as the operators' pages describe them, in float64.

Two deviations of ONNX Runtime are parameters, so that no other difference is accepted:

* ONNX Runtime does not clip the input of an LSTM's activation h. The page: clip "is applied to the input of activations".
* ONNX Runtime gives zeros for the states of a row of length 0. The page does not define this; here a row keeps its states.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Node:
    op: str
    direction: str
    H: int
    functions: list  # (function, ...) for each direction
    clip: float | None = None
    linear_before_reset: bool = False
    input_forget: bool = False
    as_onnxruntime: bool = False


def function(name, alpha=None, beta=None):
    return {
        "tanh": np.tanh,
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "relu": lambda x: np.maximum(x, 0),
        "affine": lambda x: alpha * x + beta,
        "hardsigmoid": lambda x: np.clip(alpha * x + beta, 0, 1),
    }[name.lower()]


def steps_of(length, reverse):
    return range(length - 1, -1, -1) if reverse else range(length)


class Direction:
    """The computation of one direction of one row."""

    def __init__(self, node, functions, W, R, B, P):
        self.node, self.W, self.R, self.P = node, W, R, P
        self.Wb, self.Rb = np.split(B, 2)
        self.functions = functions

    def activate(self, k, x):
        clip = self.node.clip
        return self.functions[k](x if clip is None else np.clip(x, -clip, clip))

    def step(self, x, h, c):
        return getattr(self, self.node.op.lower())(x, h, c)

    def rnn(self, x, h, c):
        return self.activate(0, self.W @ x + self.R @ h + self.Wb + self.Rb), c

    def gru(self, x, h, c):
        Wz, Wr, Wh = np.split(self.W @ x + self.Wb, 3)
        Rz, Rr, Rh = np.split(self.R, 3)
        Rbz, Rbr, Rbh = np.split(self.Rb, 3)
        z = self.activate(0, Wz + Rz @ h + Rbz)
        r = self.activate(0, Wr + Rr @ h + Rbr)
        recurrent = r * (Rh @ h + Rbh) if self.node.linear_before_reset else Rh @ (r * h) + Rbh
        return (1 - z) * self.activate(1, Wh + recurrent) + z * h, c

    def lstm(self, x, h, c):
        i, o, f, g = np.split(self.W @ x + self.R @ h + self.Wb + self.Rb, 4)
        Pi, Po, Pf = np.split(self.P, 3)
        i = self.activate(0, i + Pi * c)
        f = 1 - i if self.node.input_forget else self.activate(0, f + Pf * c)
        c = f * c + i * self.activate(1, g)
        o = self.activate(0, o + Po * c)
        return o * (self.functions[2](c) if self.node.as_onnxruntime else self.activate(2, c)), c


def run(node, weights, inputs):
    """Runs a node. Returns Y (T, D, B, H), Y_h and Y_c (D, B, H)."""
    X = inputs["X"].astype(np.float64)
    T, B, _ = X.shape
    D, rows, _ = weights["W"].shape
    H = node.H
    lengths = inputs.get("sequence_lens", np.full(B, T))
    Y, Y_h, Y_c = np.zeros((T, D, B, H)), np.zeros((D, B, H)), np.zeros((D, B, H))
    for d in range(D):
        W, R = weights["W"][d].astype(np.float64), weights["R"][d].astype(np.float64)
        bias = weights["B"][d] if "B" in weights else np.zeros(2 * rows)
        peepholes = weights["P"][d] if "P" in weights else np.zeros(3 * H)
        direction = Direction(node, node.functions[d], W, R, bias.astype(np.float64), peepholes.astype(np.float64))
        for b in range(B):
            h = inputs["initial_h"][d, b].astype(np.float64) if "initial_h" in inputs else np.zeros(H)
            c = inputs["initial_c"][d, b].astype(np.float64) if "initial_c" in inputs else np.zeros(H)
            if lengths[b] == 0 and node.as_onnxruntime:
                h, c = np.zeros(H), np.zeros(H)
            for t in steps_of(lengths[b], node.direction == "reverse" or d == 1):
                h, c = direction.step(X[t, b], h, c)
                Y[t, d, b] = h
            Y_h[d, b], Y_c[d, b] = h, c
    return {"Y": Y, "Y_h": Y_h} | ({"Y_c": Y_c} if node.op == "LSTM" else {})
