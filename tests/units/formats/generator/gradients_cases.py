"""Cases of the gradients of PyTorch's RNN, GRU and LSTM, which tests/agreement/golden runs.

Every kind has each combination of its own variant (the activation of an RNN, the projection of an LSTM), layers,
directions, dtype, and batch: `whole`, in which all rows have T steps, and PackedSequences whose rows are `sorted` by
length or `unsorted`. Bias, batch_first, initial states, sizes and the results that the loss depends on are drawn. The
loss is the sum of these results, each times its tensor `upstream/NAME`.
"""

import copy
import itertools
import warnings

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from packed_cases import VARIANTS, Case
from pytorch_cases import initial_states, states_of, write_case

BATCHES = ("whole", "sorted", "unsorted")
# What a loss may depend on. A sum over outputs and states is the most frequent.
RESULTS = (("output", "h_n", "c_n"), ("output", "h_n", "c_n"), ("output",), ("h_n", "c_n"))
# PyTorch's f32 numbers are this near to its f64 numbers, which leaves most of a reader's 1e-5 to the reader.
TOLERANCE = 2e-6
# Parameters that differ by `STEP` have gradients this near: no number lies at the kink of a relu.
STEP, NEAR = 1e-6, 2e-4


class GradientCase(Case):
    most_rows = 4
    period = 17

    def __init__(self, kind, number, layers, bidirectional, dtype, batch, variant, random):
        super().__init__(kind, number, layers, bidirectional, dtype, batch == "sorted", variant, random)
        self.batch = batch
        if batch == "whole":
            self.lengths = [max(self.lengths)] * len(self.lengths)
        self.options["batch_first"] = bool(random.random() < 0.5)
        self.loss_of = RESULTS[self.draw(0, len(RESULTS) - 1)]
        variant_name = {"relu": "_relu", "tanh": ""}[variant.get("nonlinearity", "tanh")]
        variant_name += "_projected" if "proj_size" in variant else ""
        self.name = f"pytorch_gradient_{kind}{variant_name}_{layers}_{'both' if bidirectional else 'forward'}_{batch}"
        self.name += "_f64" if dtype == torch.float64 else "_f32"

    def draw_units(self, number, layers):
        # Files have all weights twice: narrow layers keep them small.
        return self.draw(2, 6 if layers == 1 else 3)

    def numbers(self):
        """A module, and the tensors of a run. Padding is NaN: no gradient may depend on it."""
        module = self.module()
        T, B = max(self.lengths), len(self.lengths)
        x = torch.randn(B, T, self.I, dtype=self.dtype)
        for b, length in enumerate(self.lengths):
            x[b, length:] = torch.nan
        initial = self.initial(module)
        if initial is None:
            zeros = initial_states(self.kind, module, self.options, B, self.H, self.dtype)
            initial = tuple(map(torch.zeros_like, zeros)) if self.kind == "lstm" else torch.zeros_like(zeros)
        x = x if self.options["batch_first"] else x.swapaxes(0, 1).contiguous()
        return module, {"x": x} | {f"initial/{name}": value for name, value in states_of(self.kind, initial).items()}

    def pack(self, x):
        lengths, batch_first = torch.tensor(self.lengths), self.options["batch_first"]
        return pack_padded_sequence(x, lengths, batch_first=batch_first, enforce_sorted=self.enforce_sorted)

    def run(self, module, tensors):
        """The results by their names; output is padded with zeros."""
        initial = tuple(tensors[f"initial/{name}"] for name in ("h_n", "c_n") if f"initial/{name}" in tensors)
        initial = initial if self.kind == "lstm" else initial[0]
        if self.batch == "whole":
            output, states = module(tensors["x"], initial)
        else:
            output, states = module(self.pack(tensors["x"]), initial)
            output = pad_packed_sequence(output, batch_first=self.options["batch_first"])[0]
        return {"output": output} | states_of(self.kind, states)

    def gradients(self, module, tensors, upstream, dtype):
        """The gradients of all that goes in, computed in `dtype`."""
        module = copy.deepcopy(module).to(dtype)
        leaves = {name: value.detach().to(dtype, copy=True).requires_grad_() for name, value in tensors.items()}
        results = self.run(module, leaves)
        sum((value.to(dtype) * results[name]).sum() for name, value in upstream.items()).backward()
        leaves |= {f"module.{name}": value for name, value in module.named_parameters()}
        return {name: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for name, leaf in leaves.items()}

    def is_robust(self, module, tensors, upstream):
        """Whether other roundings of the numbers have about the same gradients."""
        exact = self.gradients(module, tensors, upstream, torch.float64)
        if difference(self.gradients(module, tensors, upstream, self.dtype), exact) > TOLERANCE:
            return False
        near = copy.deepcopy(module).double()
        with torch.no_grad():
            for parameter in near.parameters():
                parameter += STEP * torch.randn_like(parameter)
        return difference(self.gradients(near, tensors, upstream, torch.float64), exact) <= NEAR

    def make(self, directory):
        while True:
            module, tensors = self.numbers()
            with torch.no_grad():
                results = self.run(module, tensors)
            upstream = {name: torch.randn_like(results[name]) for name in self.loss_of if name in results}
            if self.is_robust(module, tensors, upstream):
                break
        gradients = self.gradients(module, tensors, upstream, self.dtype)
        tensors |= {f"upstream/{name}": value for name, value in upstream.items()}
        tensors |= {f"gradient/{name}": value for name, value in gradients.items()}
        tensors |= {f"expected/{name}": value for name, value in results.items()}
        if not self.has_initial:
            tensors = {name: value for name, value in tensors.items() if not name.startswith("initial/")}
        if self.batch != "whole":
            packed = self.pack(tensors["x"])
            tensors |= {"lengths": torch.tensor(self.lengths, dtype=torch.int32), "batch_sizes": packed.batch_sizes}
            if packed.sorted_indices is not None:
                tensors["row_indices"] = packed.sorted_indices
        dtype = "f64" if self.dtype == torch.float64 else "f32"
        described = {"api": "torch_gradient", "dtype": dtype, "kind": self.kind, "options": self.options}
        write_case(directory, self.name, module, described, tensors)


def difference(found, wanted):
    """The largest difference, relative to the largest number of its tensor."""
    worst = 0.0
    for name, value in wanted.items():
        distance = float((found[name].double() - value).abs().max())
        worst = max(worst, distance / max(float(value.abs().max()), 1e-300))
    return worst


def generate(directory, seed):
    warnings.filterwarnings("ignore", "LSTM with projections is not supported with oneDNN")
    directory.mkdir(parents=True, exist_ok=True)
    numbers = itertools.count()
    for kind, variants in VARIANTS.items():
        dtypes = (torch.float32, torch.float64)
        for choice in itertools.product((1, 2, 3), (False, True), dtypes, BATCHES, variants):
            number = next(numbers)
            torch.manual_seed(seed + number)
            GradientCase(kind, number, *choice, np.random.default_rng([seed, number])).make(directory)
