"""A module's call: the layers one after the other, with torch.nn's forms of input, states and results."""

import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import PackedSequence

from . import _checks
from ._custom_op import is_compiling, run_compiled_layer
from ._function import run_layer
from ._layer import NO_TIMES, Times


def run_module(module, input, hx, lengths, mask, resets, reset_state):
    """RecurrentModule.forward."""
    _checks.check_packed(input, lengths, mask)
    if isinstance(input, PackedSequence):
        return _run_packed(module, input, hx, resets, reset_state)
    _checks.check_input(module, input, packed=False)
    is_batched = input.dim() == 3
    batch_axis = 0 if module.batch_first else 1
    x = input if is_batched else input.unsqueeze(batch_axis)
    B = x.size(batch_axis)
    states = _states(module, hx, B, is_batched)
    reset_states = _reset_states(module, reset_state, B)
    times = _times(lengths, mask, resets, input, batch_axis, B)
    output, finals = _run_layers(module, x, states, reset_states, times)
    if not is_batched:
        output = output.squeeze(batch_axis)
        finals = [final.squeeze(1) for final in finals]
    return output, finals[0] if len(finals) == 1 else tuple(finals)


def _times(lengths, mask, resets, input, batch_axis, B):
    """The arguments that say which steps a row has, checked, with the axis of the batch."""
    if lengths is None and mask is None and resets is None:
        return NO_TIMES
    if lengths is not None:
        lengths = lengths if input.dim() == 3 else lengths.reshape(1)
        _checks.check_lengths(lengths, B)
    return Times(lengths=lengths, mask=_time_tensor("mask", mask, input, batch_axis),
                 resets=_time_tensor("resets", resets, input, batch_axis))


def _run_packed(module, input, hx, resets, reset_state):
    """A PackedSequence, without padding. States are in the order of the rows before they were sorted."""
    data, batch_sizes, sorted_indices, unsorted_indices = input
    _checks.check_input(module, data, packed=True)
    B = int(batch_sizes[0])
    if isinstance(resets, PackedSequence):
        resets = resets.data
    if resets is not None:
        _checks.check_time_tensor("resets", resets, tuple(data.shape[:1]))
    times = Times(resets=_as_bool(resets), batch_sizes=batch_sizes,
                  row_indices=None if sorted_indices is None else sorted_indices.cpu())
    output, finals = _run_layers(
        module, data, _states(module, hx, B, True), _reset_states(module, reset_state, B), times
    )
    packed = PackedSequence(output, batch_sizes, sorted_indices, unsorted_indices)
    return packed, finals[0] if len(finals) == 1 else tuple(finals)


def _run_layers(module, x, states, reset_states, times):
    """(output, final states) of all layers; each state is (num_layers * directions, B, H)."""
    run = run_compiled_layer if is_compiling() else run_layer
    finals = []
    for k in range(module.num_layers):
        weights = module._weights(k)
        if k == 0:
            x, states, reset_states = _converted(x, states, reset_states, weights[0])
        x, last = run(module._layer(k), x, _rows(module, states, k), _rows(module, reset_states, k), weights, times)
        finals.append(last)
        if k + 1 < module.num_layers and module.dropout > 0 and module.training:
            x = _dropped(x, module.dropout, module.batch_first and times.batch_sizes is None)
    return x, _stacked(module, finals)


def _rows(module, states, k):
    """The states of layer k in Rondo's order: those of the forward direction, then those of the reverse one."""
    if not states:
        return ()
    rows = range(k * module.directions, (k + 1) * module.directions)
    return [state.select(0, row) for row in rows for state in states]


def _converted(x, states, reset_states, weight):
    """The input and the states, of the dtype of the weights: autocast converts them, and else another one is
    refused."""
    if _casts(weight):
        return x.to(weight.dtype), [s.to(weight.dtype) for s in states], [s.to(weight.dtype) for s in reset_states]
    _checks.check_dtype("input", x, weight)
    for name, group in (("hx", states), ("reset_state", reset_states)):
        for state in group:
            _checks.check_dtype(name, state, weight)
    return x, states, reset_states


_ASKS_BY_DEVICE = hasattr(torch, "get_autocast_dtype")  # from PyTorch 2.4 on one function answers for all devices


def _casts(weight):
    """Whether autocast is on. A module then runs in the dtype of its weights, and converts its input and states."""
    if _ASKS_BY_DEVICE:
        return torch.is_autocast_enabled("cpu" if weight.is_cpu else weight.device.type)
    return torch.is_autocast_cpu_enabled() if weight.is_cpu else torch.is_autocast_enabled()


def _stacked(module, finals):
    count = len(module.state_sizes)
    if len(finals) == 1 and module.directions == 1:
        return [state.unsqueeze(0) for state in finals[0]]
    return [torch.stack([state for last in finals for state in last[index::count]]) for index in range(count)]


def _dropped(x, rate, is_batch_major):
    """Dropout between layers, with the numbers of torch.nn, which draws them by time and then by batch."""
    if not is_batch_major:
        return F.dropout(x, rate, True)
    noise = F.dropout(torch.ones(x.size(1), x.size(0), x.size(2), dtype=x.dtype, device=x.device), rate, True)
    return x * noise.transpose(0, 1)


def _states(module, hx, B, is_batched):
    if hx is None:
        return ()
    states = _checks.state_tensors(module, hx, "hx")
    _checks.check_states(module, states, B, is_batched, "hx")
    return states if is_batched else tuple(state.unsqueeze(1) for state in states)


def _reset_states(module, reset_state, B):
    if reset_state is None:
        return ()
    states = _checks.state_tensors(module, reset_state, "reset_state")
    _checks.check_reset_states(module, states, B)
    return states


def _time_tensor(name, tensor, input, batch_axis):
    """`mask` or `resets` as booleans with the batch axis; None stays None."""
    if tensor is None:
        return None
    _checks.check_time_tensor(name, tensor, tuple(input.shape[:-1]))
    tensor = _as_bool(tensor)
    return tensor if input.dim() == 3 else tensor.unsqueeze(batch_axis)


def _as_bool(tensor):
    return tensor if tensor is None or tensor.dtype is torch.bool else tensor != 0
