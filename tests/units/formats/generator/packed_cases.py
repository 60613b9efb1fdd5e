"""Cases of PyTorch's RNN, GRU and LSTM that take and return PackedSequences.

Every kind has each combination of layers, directions, dtype, sorting and its own variant (the activation of an RNN, the
projection of an LSTM); bias, initial states and sizes are drawn. Where PyTorch sorts the rows (enforce_sorted=False), a
golden has `sorted_indices` as `row_indices`, and its states are in the caller's order.
"""

import itertools
import warnings

import numpy as np
import torch
from torch.nn.utils.rnn import pack_sequence

from pytorch_cases import CLASSES, initial_states, with_states, write_case

VARIANTS = {
    "simple_rnn": [{"nonlinearity": "tanh"}, {"nonlinearity": "relu"}],
    "gru": [{}],
    "lstm": [{}, {"proj_size": True}],
}
HAZARDS = {0: "one step", 1: "one row", 2: "equal lengths"}  # by the remainder of a case's number and its `period`


class Case:
    most_rows = 6
    period = 7

    def __init__(self, kind, number, layers, bidirectional, dtype, enforce_sorted, variant, random):
        self.kind, self.dtype, self.enforce_sorted, self.random = kind, dtype, enforce_sorted, random
        self.name = f"pytorch_packed_{kind}_{number:03d}"
        self.hazard = HAZARDS.get(number % self.period)
        self.I = self.draw(1, 6)
        self.H = self.draw_units(number, layers)
        self.options = {"num_layers": layers, "bidirectional": bidirectional, "bias": random.random() < 0.7, **variant}
        if "proj_size" in variant:
            self.options["proj_size"] = self.draw(1, self.H - 1)
        self.lengths = self.draw_lengths()
        # Initial states tell row_indices from their inverse, so they are more frequent there.
        self.has_initial = random.random() < (0.5 if enforce_sorted else 0.8)

    def draw(self, low, high):
        return int(self.random.integers(low, high, endpoint=True))

    def draw_units(self, number, layers):
        # 20 units are more than a vector register holds. One layer of them, so that files stay small.
        return 20 if layers == 1 and number % 5 == 3 else self.draw(2, 6)

    def draw_lengths(self):
        """Lengths in the caller's order, of which the longest is T."""
        T = 1 if self.hazard == "one step" else self.draw(2, 7)
        B = 1 if self.hazard == "one row" else self.draw(2, self.most_rows)
        if self.hazard == "equal lengths":
            return [T] * B
        lengths = [self.draw(1, T) for _ in range(B)]
        lengths[self.draw(min(1, B - 1), B - 1)] = T
        return sorted(lengths, reverse=True) if self.enforce_sorted else lengths

    def initial(self, module):
        if not self.has_initial:
            return None
        return initial_states(self.kind, module, self.options, len(self.lengths), self.H, self.dtype)

    def module(self):
        module = CLASSES[self.kind](self.I, self.H, dtype=self.dtype, **self.options)
        if self.options["num_layers"] > 1:  # with PyTorch's own small numbers, values fade from layer to layer
            for parameter in module.parameters():
                torch.nn.init.uniform_(parameter, -1.0, 1.0)
        return module

    def make(self, directory):
        module = self.module()
        sequences = [torch.randn(length, self.I, dtype=self.dtype) for length in self.lengths]
        packed = pack_sequence(sequences, enforce_sorted=self.enforce_sorted)
        initial = self.initial(module)
        with torch.no_grad():
            output, states = module(packed, initial)
        tensors = {"x": packed.data, "batch_sizes": packed.batch_sizes, "expected/output": output.data}
        if packed.sorted_indices is not None:
            tensors["row_indices"] = packed.sorted_indices
        options = {"kind": self.kind, "enforce_sorted": self.enforce_sorted, "lengths": self.lengths, **self.options}
        write_case(directory, self.name, module, options, with_states(self.kind, tensors, initial, states))


def generate(directory, seed):
    warnings.filterwarnings("ignore", "LSTM with projections is not supported with oneDNN")
    numbers = itertools.count()
    for kind, variants in VARIANTS.items():
        dtypes = (torch.float32, torch.float64)
        for choice in itertools.product((1, 2, 3), (False, True), dtypes, (True, False), variants):
            number = next(numbers)
            torch.manual_seed(seed + number)
            Case(kind, number, *choice, np.random.default_rng([seed, number])).make(directory)
