"""Weights in PyTorch's layout as weights in Keras's, and gradients back.

    weight_ih (G H, I)         kernel (I, G H)
    weight_hh (G H, P)         recurrent_kernel (P, G H); P is H where there is no projection
    bias_ih, bias_hh (G H)     bias (G H), their sum; (2, G H), one row each, where h U has a bias of its own
    peephole (3, H)            peepholes (3, H), rows i f o
    weight_hr (P, H)           projection (H, P)

Gates are i f g o, which Keras calls i f c o; r z n of a GRU become z r h; f n of an MGU stay.
"""

import torch

_GATE_ORDER = {"lstm": (0, 1, 2, 3), "gru": (1, 0, 2), "simple_rnn": (0,), "mgu": (0, 1)}


class WeightLayout:
    """Which weights a cell has. `names` are those of one layer and direction, without their suffix."""

    def __init__(self, spec, bias, use_peepholes, projection):
        self.gates = _GATE_ORDER[spec.kind]
        self.bias_rows = spec.bias_rows if bias else 0
        self.names = ("weight_ih", "weight_hh")
        self.names += ("bias_ih", "bias_hh") if bias else ()
        self.names += ("peephole",) if use_peepholes else ()
        self.names += ("weight_hr",) if projection else ()

    def shapes(self, I, H, P):
        """The shape of each weight in PyTorch's layout."""
        rows = len(self.gates) * H
        known = {"weight_ih": (rows, I), "weight_hh": (rows, P), "bias_ih": (rows,), "bias_hh": (rows,),
                 "peephole": (3, H), "weight_hr": (P, H)}
        return [known[name] for name in self.names]

    def empty_copies(self, weights):
        """Tensors in Keras's layout, without values, for `weights`."""
        named = dict(zip(self.names, weights))
        copies = [torch.empty_like(named[name].t(), memory_format=torch.contiguous_format)
                  for name in ("weight_ih", "weight_hh")]
        if self.bias_rows:
            rows = named["bias_ih"].numel()
            copies.append(named["bias_ih"].new_empty((2, rows) if self.bias_rows == 2 else (rows,)))
        if "peephole" in named:
            copies.append(torch.empty_like(named["peephole"], memory_format=torch.contiguous_format))
        if "weight_hr" in named:
            copies.append(torch.empty_like(named["weight_hr"].t(), memory_format=torch.contiguous_format))
        return copies

    def write(self, copies, weights):
        """Writes `weights` into their copies in Keras's layout."""
        named = dict(zip(self.names, weights))
        rest = list(copies)
        self._write_columns(rest.pop(0), named["weight_ih"].t())
        self._write_columns(rest.pop(0), named["weight_hh"].t())
        if self.bias_rows == 2:
            bias = rest.pop(0)
            self._write_columns(bias[0], named["bias_ih"])
            self._write_columns(bias[1], named["bias_hh"])
        elif self.bias_rows == 1:
            self._write_columns(rest.pop(0), named["bias_ih"] + named["bias_hh"])
        if "peephole" in named:
            rest.pop(0).copy_(named["peephole"])
        if "weight_hr" in named:
            rest.pop(0).copy_(named["weight_hr"].t())

    def gradients(self, d_copies):
        """The gradients of the weights in PyTorch's layout from those in Keras's."""
        rest = list(d_copies)
        named = {"weight_ih": self._torch_rows(rest.pop(0).t()), "weight_hh": self._torch_rows(rest.pop(0).t())}
        if self.bias_rows == 2:
            d_bias = rest.pop(0)
            named["bias_ih"], named["bias_hh"] = self._torch_rows(d_bias[0]), self._torch_rows(d_bias[1])
        elif self.bias_rows == 1:
            # One tensor would be shared by both `grad`, which optimizers and clipping change in place.
            d_bias = self._torch_rows(rest.pop(0))
            named["bias_ih"], named["bias_hh"] = d_bias, d_bias.clone()
        if "peephole" in self.names:
            named["peephole"] = rest.pop(0)
        if "weight_hr" in self.names:
            named["weight_hr"] = rest.pop(0).t()
        return [named[name] for name in self.names]

    def _write_columns(self, copy, source):
        """Writes columns, whose gates are in PyTorch's order, into those of Keras's order."""
        if self._is_same_order():
            copy.copy_(source)
            return
        parts = source.chunk(len(self.gates), -1)
        for target, gate in zip(copy.chunk(len(self.gates), -1), self.gates):
            target.copy_(parts[gate])

    def _torch_rows(self, rows):
        """Rows whose gates are in Keras's order, in PyTorch's."""
        if self._is_same_order():
            return rows
        parts = rows.chunk(len(self.gates), 0)
        return torch.cat([parts[self.gates.index(gate)] for gate in range(len(self.gates))])

    def _is_same_order(self):
        return self.gates == tuple(range(len(self.gates)))
