"""One step of each cell and its adjoint, in NumPy float64. Arrays have the rows that are live, and no others.

`forward(x, states)` returns the states after the step and what the adjoint needs of it. `backward(x, states, kept, d)`
takes the gradients d of the states after the step, and returns those of x, of the states before it, and of the weights.
A variable da is the gradient of a. Derivatives of activations are functions of their results.
"""

import numpy as np

from .reference_steps import ACTIVATIONS

DERIVATIVES = {
    "tanh": lambda y: 1 - y * y,
    "sigmoid": lambda y: y * (1 - y),
    "relu": lambda y: (y > 0) * 1.0,
    "linear": np.ones_like,
    "hard_sigmoid": lambda y: 0.2 * ((y > 0) & (y < 1)),
}
# Where the derivative of an activation jumps.
JUMPS = {"relu": (0.0,), "hard_sigmoid": (-2.5, 2.5)}


def clip(value, limit):
    return value if limit is None else np.clip(value, -limit, limit)


def passes(value, limit):
    """The derivative of clip, which is 1 at both bounds."""
    return np.ones_like(value) if limit is None else (np.abs(value) <= limit) * 1.0


class Cell:
    def __init__(self, spec, weights):
        self.spec, self.w = spec, weights
        self.act, self.gate = ACTIVATIONS[spec["activation"]], ACTIVATIONS[spec["recurrent_activation"]]
        self.d_act, self.d_gate = DERIVATIVES[spec["activation"]], DERIVATIVES[spec["recurrent_activation"]]

    def with_bias(self, gradients, bias):
        return {**gradients, "bias": bias} if "bias" in self.w else gradients

    def jumps(self, activated, gated=()):
        """(values, points where a derivative jumps at them) of a step."""
        found = [(value, point) for value in activated for point in JUMPS.get(self.spec["activation"], ())]
        return found + [(value, point) for value in gated for point in JUMPS.get(self.spec["recurrent_activation"], ())]


class SimpleRnn(Cell):
    def forward(self, x, states):
        a = x @ self.w["kernel"] + states[0] @ self.w["recurrent_kernel"] + self.w.get("bias", 0)
        h = self.act(a)
        return [h], {"h": h, "jumps": self.jumps([a])}

    def backward(self, x, states, kept, d):
        da = d[0] * self.d_act(kept["h"])
        weights = {"kernel": x.T @ da, "recurrent_kernel": states[0].T @ da}
        return da @ self.w["kernel"].T, [da @ self.w["recurrent_kernel"].T], self.with_bias(weights, da.sum(axis=0))


class Lstm(Cell):
    def forward(self, x, states):
        h, c_before = states
        a = x @ self.w["kernel"] + h @ self.w["recurrent_kernel"] + self.w.get("bias", 0)
        a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
        w_i, w_f, w_o = self.w.get("peepholes", np.zeros((3, 1)))
        a_i, a_f = a_i + w_i * c_before, a_f + w_f * c_before
        i, f, g = self.gate(a_i), self.gate(a_f), self.act(a_g)
        unclipped = f * c_before + i * g
        c = clip(unclipped, self.spec["cell_clip"])
        a_o = a_o + w_o * c
        o = self.gate(a_o)
        m = o * self.act(c)
        p = m @ self.w["projection"] if "projection" in self.w else m
        kept = {"i": i, "f": f, "g": g, "o": o, "c": c, "m": m, "unclipped": unclipped, "p": p}
        kept["jumps"] = self.jumps([a_g, c], [a_i, a_f, a_o])
        kept["clipped"] = [(unclipped, self.spec["cell_clip"]), (p, self.spec["projection_clip"])]
        return [clip(p, self.spec["projection_clip"]), c], kept

    def backward(self, x, states, kept, d):
        h_before, c_before = states
        i, f, g, o, c = (kept[name] for name in "ifgoc")
        w_i, w_f, w_o = self.w.get("peepholes", np.zeros((3, 1)))
        weights = {}
        dm = d[0] * passes(kept["p"], self.spec["projection_clip"])
        if "projection" in self.w:
            weights["projection"] = kept["m"].T @ dm
            dm = dm @ self.w["projection"].T
        activated = self.act(c)
        da_o = dm * activated * self.d_gate(o)
        dc = d[1] + dm * o * self.d_act(activated) + w_o * da_o
        dc = dc * passes(kept["unclipped"], self.spec["cell_clip"])
        da_i, da_f, da_g = dc * g * self.d_gate(i), dc * c_before * self.d_gate(f), dc * i * self.d_act(g)
        da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
        weights.update(kernel=x.T @ da, recurrent_kernel=h_before.T @ da)
        if "peepholes" in self.w:
            weights["peepholes"] = np.stack([(da_i * c_before).sum(0), (da_f * c_before).sum(0), (da_o * c).sum(0)])
        before = [da @ self.w["recurrent_kernel"].T, f * dc + w_i * da_i + w_f * da_f]
        return da @ self.w["kernel"].T, before, self.with_bias(weights, da.sum(axis=0))


class GruResetAfter(Cell):
    def forward(self, x, states):
        bias = self.w.get("bias", (0, 0))
        x_z, x_r, x_n = np.split(x @ self.w["kernel"] + bias[0], 3, axis=1)
        h_z, h_r, q = np.split(states[0] @ self.w["recurrent_kernel"] + bias[1], 3, axis=1)
        z, r = self.gate(x_z + h_z), self.gate(x_r + h_r)
        n = self.act(x_n + r * q)
        kept = {"z": z, "r": r, "n": n, "q": q, "jumps": self.jumps([x_n + r * q], [x_z + h_z, x_r + h_r])}
        return [z * states[0] + (1 - z) * n], kept

    def backward(self, x, states, kept, d):
        h, dh = states[0], d[0]
        z, r, n, q = (kept[name] for name in "zrnq")
        da_z = dh * (h - n) * self.d_gate(z)
        da_n = dh * (1 - z) * self.d_act(n)
        da_r = da_n * q * self.d_gate(r)
        of_x = np.concatenate([da_z, da_r, da_n], axis=1)
        of_h = np.concatenate([da_z, da_r, r * da_n], axis=1)
        weights = {"kernel": x.T @ of_x, "recurrent_kernel": h.T @ of_h}
        weights = self.with_bias(weights, np.stack([of_x.sum(axis=0), of_h.sum(axis=0)]))
        return of_x @ self.w["kernel"].T, [z * dh + of_h @ self.w["recurrent_kernel"].T], weights


class GruResetBefore(Cell):
    def forward(self, x, states):
        h = states[0]
        x_z, x_r, x_n = np.split(x @ self.w["kernel"] + self.w.get("bias", 0), 3, axis=1)
        u_z, u_r, u_n = np.split(self.w["recurrent_kernel"], 3, axis=1)
        a_z, a_r = x_z + h @ u_z, x_r + h @ u_r
        z, r = self.gate(a_z), self.gate(a_r)
        a_n = x_n + (r * h) @ u_n
        n = self.act(a_n)
        return [z * h + (1 - z) * n], {"z": z, "r": r, "n": n, "jumps": self.jumps([a_n], [a_z, a_r])}

    def backward(self, x, states, kept, d):
        h, dh = states[0], d[0]
        z, r, n = (kept[name] for name in "zrn")
        u_z, u_r, u_n = np.split(self.w["recurrent_kernel"], 3, axis=1)
        da_z = dh * (h - n) * self.d_gate(z)
        da_n = dh * (1 - z) * self.d_act(n)
        d_product = da_n @ u_n.T  # the gradient of r * h
        da_r = d_product * h * self.d_gate(r)
        da = np.concatenate([da_z, da_r, da_n], axis=1)
        recurrent = np.concatenate([h.T @ da_z, h.T @ da_r, (r * h).T @ da_n], axis=1)
        weights = self.with_bias({"kernel": x.T @ da, "recurrent_kernel": recurrent}, da.sum(axis=0))
        return da @ self.w["kernel"].T, [z * dh + r * d_product + da_z @ u_z.T + da_r @ u_r.T], weights


def make_cell(spec, weights):
    gru = GruResetAfter if spec["reset_after"] else GruResetBefore
    return {"simple_rnn": SimpleRnn, "lstm": Lstm, "gru": gru}[spec["kind"]](spec, weights)
