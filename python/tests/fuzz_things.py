"""Arguments for random calls: what fits the name of a parameter, and the worst kinds of things."""

import random

import numpy as np

import rondo
from rondo import _rondo, as_tensor
import serving_reference
from rondo.compat import v1

DTYPES = ["float32"] * 6 + ["float64", "float16", "int32", "int64", "bool", "uint8", "bfloat16", "float8", "", "O",
                            ">f4"]
NUMBERS = [-2**70, -2**63, -2**31, -3, -1, 0, 1, 2, 3, 4, 5, 7, 64, 2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1, 2**64,
           10**30]
FLOATS = [float("nan"), float("inf"), -float("inf"), -1.0, 0.0, 0.5, 1.0, 1e308, 1e-320]
WORDS = ["", "lstm", "gru", "simple_rnn", "mgu", "tanh", "relu", "sigmoid", "cpu", "cuda", "cuda:0",
         "cuda:99999999999", "h200",
         "keras", "gates", "states", "numpy", "rondo", "concat", "\0", "x" * 10000, "\udcff", "reference", "float32"]
SIZES = [0, 1, 2, 3, 4, 5]


class Own(v1.nn.rnn_cell.RNNCell):
    """A cell that may do anything."""

    state_size = output_size = 4

    def call(self, inputs, state):
        return worst(None), worst(None)


class Hostile:
    """Raises, or answers nonsense, whatever is asked."""

    def __getattr__(self, name):
        if random.random() < 0.5:
            raise random.choice([AttributeError, ValueError, KeyError, MemoryError])(name)
        return random.choice([None, 3, lambda *a, **k: self, "text", (1, 0)])

    def __len__(self):
        return random.choice(SIZES)

    def __iter__(self):
        return iter([self] * 3)

    def __index__(self):
        return random.choice([2, 4, -1])


FITTING = [(3, 2, 5), (3, 2, 4), (2, 3, 5), (2, 3, 4), (2, 4), (2, 5), (5, 16), (4, 16), (16,), (9, 16), (3, 2), (2,)]


def array():
    """An array whose sizes and elements may fit."""
    if random.random() < 0.5:
        return np.ones(random.choice(FITTING), random.choice(["f4", "f4", "f4", "f8", "?", "i4"]))
    shape = tuple(random.choice(SIZES) for _ in range(random.choice([0, 1, 2, 3, 3, 3, 4, 8, 9])))
    dtype = random.choice(["f4"] * 6 + ["f8", "f2", "i4", "i8", "?", "u1", "i1", "c8", "O", ">f4", "S2"])
    made = np.ones(shape, dtype)
    if made.ndim and random.random() < 0.2:
        made = made[tuple(slice(None, None, random.choice([1, -1, 2])) for _ in shape)]
    if random.random() < 0.1:
        made.flags.writeable = False
    return made


def tensor():
    while True:
        try:
            return as_tensor(array())
        except Exception:  # noqa: BLE001, not every array is one
            continue


def recursive():
    made = [1]
    made.append(random.choice([made, (made,), {"a": made}]))
    return random.choice([made, {"a": made}, (made, made)])


def deep():
    made, wrap = [], random.choice([lambda inner: [inner], lambda inner: (inner,), lambda inner: {"a": inner}])
    for _ in range(random.choice([10, 5000])):
        made = wrap(made)
    return made


def worst(made):
    """A thing that hardly any function wants."""
    kinds = [lambda: None, lambda: random.choice(NUMBERS), lambda: random.choice(FLOATS), lambda: random.choice(WORDS),
             array,
             tensor, Hostile, recursive, deep, lambda: b"bytes", lambda: [], lambda: (), dict, object,
             lambda: [None] * 3,
             lambda: [tensor(), tensor()], lambda: (tensor(), [tensor()], {"a": tensor()}), lambda: True, lambda: 1j,
             lambda: type, lambda: rondo.Tensor, lambda: rondo.Tensor.__new__(rondo.Tensor), lambda: iter([1]),
             lambda: range(3),
             lambda: rondo.zeros((2,)).__dlpack__(), lambda: lambda *a, **k: worst(None), lambda: NotImplemented, Own,
             lambda: random.choice(made.objects) if made and made.objects else None]
    return random.choice(kinds)()


class Made:
    """Objects that earlier calls have made, and arguments that fit."""

    def __init__(self):
        self.objects = []
        for kind in ("lstm", "gru"):
            self.objects.extend(world(kind))

    def keep(self, result):
        if isinstance(result, (tuple, list)):
            for part in result[:4]:
                self.keep(part)
        elif type(result).__module__.startswith(("rondo", "nanobind")):
            self.objects.append(result)
        if len(self.objects) > 60:
            del self.objects[random.randrange(len(self.objects))]
            if len(self.objects) < 50 or not any(isinstance(thing, rondo.Session) for thing in self.objects):
                self.objects.extend(world("lstm"))

    def of(self, *kinds):
        found = [thing for thing in self.objects if isinstance(thing, kinds)]
        return random.choice(found) if found else None

    def fitting(self, name, kind=""):
        """A value for a parameter of that name, and of that type where it is known."""
        if name in OBJECTS:
            return self.of(*OBJECTS[name])
        if name in ("weights", "states", "final_state", "initial_states", "initial_state", "reset_state", "constants",
                    "d_states"):
            shapes = random.choice([[(5, 16), (4, 16), (16,)], [(9, 16), (16,)], [(2, 4), (2, 4)], [(2, 4)],
                                    [(4,), (4,)]])
            fits = [as_tensor(np.ones(shape, np.float32)) for shape in shapes]
            return random.choice([fits, fits, fits, tuple(fits), [tensor() for _ in range(random.choice(SIZES))],
                                  tensor()])
        if name == "cells":
            kind = random.choice([_rondo.Cell, _rondo.Cell, v1.nn.rnn_cell.RNNCell])
            return [self.of(kind) for _ in range(random.choice([1, 1, 2, 0]))]
        if name in ("mask", "lengths", "resets", "sequence_length", "batch_sizes", "row_indices", "reserve"):
            return random.choice([None, tensor()])
        if name in ("chunks", "chunk"):
            chunks = [random.choice([0, 1, self.of(rondo.StreamChunk)]) for _ in range(random.choice([0, 1, 1, 2]))]
            return chunks if name == "chunks" else self.of(rondo.StreamChunk)
        if name == "stream":
            return random.choice([0, 1, 2, "a", "b", -1, 2**64])
        if name in ("slot", "slots", "max_rows", "steps", "max_steps") and random.random() < 0.9:
            return random.choice([0, 1, 1, 2, 3])
        if name == "shape":
            return tuple(random.choice(SIZES) for _ in range(random.choice([0, 1, 2, 3])))
        if name in ("step_function", "step", "loop_fn", "loop_function"):
            return random.choice(STEPS)
        if name in WORDED:
            return random.choice(DTYPES if name == "dtype" else WORDED[name])
        return self.simple(name, kind)

    def simple(self, name, kind):
        if kind == "bool":
            return random.random() < 0.5
        if kind == "int" or name in ("num_units", "units"):
            return random.choice([1, 2, 3, 4, 4, 4, 5, 0, random.choice(NUMBERS)])
        if kind == "float":
            return random.choice(FLOATS)
        if kind == "str":
            return random.choice(WORDS)
        if name == "x" and random.random() < 0.3:
            return np.ones((random.choice([1, 2, 3]), serving_reference.I), "f")
        if name in ("x", "inputs", "y", "last_output", "array", "source", "d_output") or kind == "object":
            return random.choice([tensor(), tensor(), array(), None])
        return random.choice([True, False, None, 1, 0.5, worst(self)])


OBJECTS = {"cell": (_rondo.CellSpec, _rondo.Cell, v1.nn.rnn_cell.RNNCell),
           "spec": (_rondo.RecurrenceSpec, _rondo.CellSpec),
           "plan": (rondo.Plan,), "tensors": (rondo.SessionTensors,), "run": (rondo.SessionTensors,),
           "gradients": (rondo.SessionGradients,), "forward": (_rondo.Layer,), "backward": (_rondo.Layer,),
           "network": (rondo.LoadedNetwork,), "pool": (rondo.StatePool,),
           "cell_fw": (_rondo.Cell, v1.nn.rnn_cell.RNNCell), "cell_bw": (_rondo.Cell, v1.nn.rnn_cell.RNNCell)}
WORDED = {"kind": ["lstm", "gru", "simple_rnn", "mgu"], "activation": ["tanh", "relu"],
          "recurrent_activation": ["sigmoid"],
          "device": ["cpu", "cpu", "cuda"], "library": ["numpy", "rondo", ""], "dtype": DTYPES, "rules": ["keras"],
          "executor": ["", "reference", *WORDS], "keep": ["gates", "states", "nothing"], "math": ["strict", "tf32"],
          "eviction": ["never", "least_recently_used"], "merge_mode": ["sum", "concat", None]}
STEPS = [lambda x, states, constants=(): (x, states), lambda x, states, constants=(): (states[0], states),
         lambda x, states, constants=(): (x, states, lambda d_output, d_states: (d_output, d_states, [])),
         lambda *a: worst(None), lambda *a: (worst(None), worst(None)), lambda *a: 1 / 0,
         lambda *a: _rondo.rnn(STEPS[0], rondo.zeros((2, 3, 4)), [rondo.zeros((2, 4))])]


def world(kind):
    """One of each object, which fit together."""
    cell = rondo.CellSpec(kind, 4)
    G = {"lstm": 4, "gru": 3}[kind]
    weights = [as_tensor(np.ones(shape, np.float32))
               for shape in ((5, G * 4), (4, G * 4), (2, 12) if kind == "gru" else (16,))]
    spec = rondo.RecurrenceSpec(cell, T=3, B=2, I=5, keep="gates")
    plan = rondo.Plan(spec)
    known = _rondo.KnownCell(cell, weights)
    layer = _rondo.Layer([known], return_sequences=True)
    x = rondo.zeros((3, 2, 5))
    tensors = rondo.SessionTensors(x, y=rondo.zeros((3, 2, 4)), reserve=plan.empty_reserve())
    session = rondo.Session(plan, weights)
    session.run(tensors)
    gradients = rondo.SessionGradients(cell, y=rondo.zeros((3, 2, 4)), x=rondo.zeros((3, 2, 5)))
    pullback = layer(rondo.zeros((2, 3, 5)), gradients=True)[2]
    return [cell, spec, plan, known, layer, tensors, session, gradients, pullback, x, *weights,
            _rondo.Bidirectional(layer, _rondo.Layer([known], return_sequences=True, go_backwards=True)),
            v1.nn.rnn_cell.LSTMCell(4), v1.nn.rnn_cell.GRUCell(4), Own(),
            _rondo.CurrentStream("cpu", 0), *serving_world(kind)]


def serving_world(kind):
    """Networks, pools of streams and a batcher."""
    network = serving_reference.network(kind)
    pools = [rondo.StatePool(network, slots=3, max_rows=2, max_steps=2, eviction="least_recently_used")
             for _ in range(3)]
    pools[0].run([pools[0].open(), pools[0].open()], np.ones((2, serving_reference.I), "f"))
    batcher = rondo.StreamBatcher(pools.pop())
    answer = batcher.submit(1, np.ones((1, serving_reference.I), "f"), start=True)
    return [network, *pools, batcher, answer, rondo.StreamChunk(0), rondo.StreamChunk(1, 2, start=True)]
