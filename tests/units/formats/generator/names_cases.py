"""Cases of PyTorch whose state dictionaries have other names than a plain module's: cells, parametrisations, weight
dropping. A golden is as of pytorch_cases, and has what the module computes outside of training."""

import itertools

import torch
from torch.nn.utils import parametrizations, prune

from pytorch_cases import CLASSES, with_states, write_case

CELLS = {"simple_rnn": torch.nn.RNNCell, "gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}


class Dropped(torch.nn.Module):
    """A module whose recurrent weight has moved, as in fastai's WeightDropout."""

    def __init__(self, module):
        super().__init__()
        self.module = module
        weight = module.weight_hh_l0
        del module._parameters["weight_hh_l0"]
        self.register_parameter("weight_hh_l0_raw", torch.nn.Parameter(weight.data))

    def forward(self, x, initial):
        self.module.weight_hh_l0 = self.weight_hh_l0_raw.data
        return self.module(x, initial)


def dropped_within(module):
    """The same within the module, as in Salesforce's WeightDrop."""
    weight = module.weight_hh_l0
    del module._parameters["weight_hh_l0"]
    module.register_parameter("weight_hh_l0_raw", torch.nn.Parameter(weight.data))
    module.weight_hh_l0 = weight.data
    return module


def each(function, *names, **options):
    def change(module):
        for name in names:
            function(module, name, **options)
        return module

    return change


def changes():
    """Names of cases, options of the module, and what is done to it."""
    hh, ih = "weight_hh_l0", "weight_ih_l0"
    both = {"bidirectional": True, "num_layers": 2}
    for dim in (0, 1, None):
        yield f"weight_norm_{dim}", {}, each(torch.nn.utils.weight_norm, hh, ih, dim=dim)
        yield f"new_weight_norm_{dim}", {}, each(parametrizations.weight_norm, hh, dim=dim)
    yield "new_weight_norm_layers", both, each(parametrizations.weight_norm, hh, "weight_hh_l1_reverse", "weight_ih_l1")
    yield "spectral_norm", {}, each(torch.nn.utils.spectral_norm, hh)
    yield "new_spectral_norm", {}, each(parametrizations.spectral_norm, hh, ih)
    yield "pruned", {"num_layers": 2}, each(prune.l1_unstructured, hh, "weight_ih_l1", amount=0.4)
    yield "dropped", {}, Dropped
    yield "dropped_within", {"num_layers": 2}, dropped_within


def generate_changed(directory, seed):
    for number, (kind, (name, options, change)) in enumerate(itertools.product(CLASSES, changes())):
        torch.manual_seed(seed + number)
        T, B, I, H = 4, 2, 3, 5
        module = change(CLASSES[kind](I, H, **options))
        x = torch.randn(T, B, I)
        with torch.no_grad():
            module(x, None)  # spectral_norm gets nearer to the norm
            output, states = module.eval()(x, None)
        tensors = with_states(kind, {"x": x, "expected/output": output}, None, states)
        write_case(directory, f"pytorch_names_{kind}_{name}", module, {"kind": kind}, tensors)


def generate_cells(directory, seed):
    for number, (kind, bias) in enumerate(itertools.product(CELLS, (False, True))):
        torch.manual_seed(seed + number)
        T, B, I, H = 4, 2, 3, 5
        cell = CELLS[kind](I, H, bias=bias)
        x = torch.randn(T, B, I)
        states, outputs = None, []
        with torch.no_grad():
            for step in x:
                states = cell(step, states)
                outputs.append(states[0] if kind == "lstm" else states)
        last = tuple(state[None] for state in states) if kind == "lstm" else states[None]
        tensors = with_states(kind, {"x": x, "expected/output": torch.stack(outputs)}, None, last)
        write_case(directory, f"pytorch_names_{kind}_cell_{'with' if bias else 'without'}_bias", cell, {"kind": kind}, tensors)


def generate(directory, seed):
    generate_changed(directory, seed)
    generate_cells(directory, seed)
