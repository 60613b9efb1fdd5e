"""What the modules have in common: parameters under torch.nn's names, and what is made of them."""

import dataclasses
import math
from typing import Any, Dict

import torch
from torch import nn

from ._checks import check_constructor
from ._forward import run_module
from ._layer import RecurrentLayer
from ._snapshot import CONTENTS, VERSIONS

# What is made of the other attributes, and neither copied nor stored with them.
_MADE = ("_layers",)


@dataclasses.dataclass(frozen=True)
class ModuleOptions:
    """The arguments of torch.nn's constructors. `cell` has those of the cell itself that differ from their defaults."""

    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    device: Any
    dtype: Any
    cell: Dict[str, Any]
    proj_size: int = 0


class RecurrentModule(nn.Module):
    """A recurrent network with the parameters, arguments and results of torch.nn's.

    `weight_check` says how a call finds out that weights have changed. "contents" compares their elements on the host,
    and is always right; it needs a copy of them, and for large modules and single time steps the time to read them
    twice. "versions" sees changes of the parameters themselves, by optimizers and under no_grad, and none through
    `.data` or by another process. On a GPU versions count in any case.
    """

    def __init__(self, kind, options):
        super().__init__()
        self.input_size, self.hidden_size, self.num_layers = options.input_size, options.hidden_size, options.num_layers
        self.bias, self.batch_first = options.bias, options.batch_first
        self.bidirectional, self.proj_size = options.bidirectional, options.proj_size
        check_constructor(self, options.dropout)
        self.dropout = float(options.dropout)
        self.weight_check = CONTENTS
        self._kind = kind
        self._cell_options = {"units": self.hidden_size, "use_bias": bool(self.bias), **options.cell}
        if self.proj_size > 0:
            self._cell_options["projection_units"] = self.proj_size
        self._make_layers()
        self._make_parameters({"device": options.device, "dtype": options.dtype})
        self.reset_parameters()

    @property
    def directions(self):
        return 2 if self.bidirectional else 1

    @property
    def all_weights(self):
        """The parameters of each layer and direction."""
        count = len(self._weight_names[0]) // self.directions
        return [[getattr(self, name) for name in names[start:start + count]]
                for names in self._weight_names for start in range(0, len(names), count)]

    def reset_parameters(self):
        bound = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            nn.init.uniform_(weight, -bound, bound)

    def flatten_parameters(self):
        """Does nothing: it is here for programs that call it on torch.nn's modules."""

    def forward(self, input, hx=None, *, lengths=None, mask=None, resets=None, reset_state=None):
        """(output, h_n), of an LSTM (output, (h_n, c_n)), as torch.nn's modules.

        input (T, B, I), with batch_first (B, T, I), unbatched (T, I), or a PackedSequence. hx, and the results: see
        torch.nn. The rest is Rondo's:

        lengths (B,)  how many steps each row has. Later steps are padding: their outputs are zeros, the final state is
                      that after the last step, and the reverse direction begins at the last step.
        mask          (T, B) as the input has them; steps where it is false are left out likewise.
        resets        (T, B), of a PackedSequence (N,): where it is true, a row begins anew with reset_state, in both
                      directions. Then a row gives what its pieces give when each of them runs alone.
        reset_state   as hx, or without the axis of the batch; zeros by default.
        """
        return run_module(self, input, hx, lengths, mask, resets, reset_state)

    def extra_repr(self):
        defaults = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0,
                    "bidirectional": False}
        changed = [f"{name}={getattr(self, name)}" for name, default in defaults.items()
                   if getattr(self, name) != default]
        options = [f"{name}={value!r}" for name, value in self._cell_options.items()
                   if name not in ("units", "use_bias", "projection_units")]
        return ", ".join([str(self.input_size), str(self.hidden_size), *changed, *options])

    def _make_layers(self):
        if self.weight_check not in (CONTENTS, VERSIONS):
            raise ValueError(f"weight_check: got {self.weight_check!r}, expected {CONTENTS!r} or {VERSIONS!r}")
        self._layers = [RecurrentLayer(self._kind, self._cell_options, directions=self.directions, bias=bool(self.bias),
                                       time_major=not self.batch_first, weight_check=self.weight_check)
                        for _ in range(self.num_layers)]
        self.state_sizes = self._layers[0].state_sizes

    def _make_parameters(self, factory):
        self._weight_names = []
        layout = self._layers[0].layout
        for k in range(self.num_layers):
            I = self.input_size if k == 0 else self.state_sizes[0] * self.directions
            names = []
            for suffix in ("", "_reverse")[:self.directions]:
                for name, shape in zip(layout.names, layout.shapes(I, self.hidden_size, self.state_sizes[0])):
                    names.append(f"{name}_l{k}{suffix}")
                    setattr(self, names[-1], nn.Parameter(torch.empty(shape, **factory)))
            self._weight_names.append(names)

    def _layer(self, k):
        """Layer k for the module's present options."""
        layer = self._layers[k]
        if layer.time_major == self.batch_first or layer.weight_check != self.weight_check:
            self._make_layers()
            layer = self._layers[k]
        return layer

    def _weights(self, k):
        parameters = self._parameters  # read as they are, which is faster; parametrised weights and replicas have none
        return [parameters[name] if name in parameters else getattr(self, name) for name in self._weight_names[k]]

    def __getstate__(self):
        return {name: value for name, value in self.__dict__.items() if name not in _MADE}

    def __setstate__(self, state):
        super().__setstate__(state)
        self._make_layers()

    def _replicate_for_data_parallel(self):
        replica = super()._replicate_for_data_parallel()
        replica._make_layers()  # each replica runs in a thread of its own, on other copies of the weights
        return replica
