"""Arguments that are refused, in PyTorch's classes and close to its words."""

import numbers
import warnings

import torch
from torch.nn.utils.rnn import PackedSequence


def check_constructor(module, dropout):
    """Checks a module's sizes and its dropout."""
    for name in ("input_size", "hidden_size", "num_layers"):
        size = getattr(module, name)
        if isinstance(size, bool) or not isinstance(size, int):
            raise TypeError(f"{name} should be of type int, got: {type(size).__name__}")
        if size <= 0:
            raise ValueError(f"{name} must be greater than zero, got {size}")
    if isinstance(dropout, bool) or not isinstance(dropout, numbers.Number) or not 0 <= dropout <= 1:
        raise ValueError("dropout should be a number in range [0, 1] representing the probability of an element being "
                         f"zeroed, got {dropout!r}")
    if dropout > 0 and module.num_layers == 1:
        warnings.warn("dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                      f"num_layers greater than 1, but got dropout={dropout} and num_layers=1", stacklevel=4)
    if module.proj_size < 0:
        raise ValueError(
            f"proj_size should be a positive integer or zero to disable projections, got {module.proj_size}"
        )
    if module.proj_size >= module.hidden_size:
        raise ValueError(
            f"proj_size has to be smaller than hidden_size, got {module.proj_size} and {module.hidden_size}"
        )


def check_input(module, x, packed):
    """Checks the input itself, batched or not; that of a PackedSequence is its data."""
    if packed and x.dim() != 2:
        raise RuntimeError(f"input must have 2 dimensions in a PackedSequence, got {x.dim()}")
    if x.dim() not in (2, 3):
        raise RuntimeError(f"input must have 2 dimensions (unbatched) or 3, got {x.dim()}")
    if x.size(-1) != module.input_size:
        raise RuntimeError(
            f"input.size(-1) must be equal to input_size. Expected {module.input_size}, got {x.size(-1)}"
        )


def check_dtype(name, tensor, weight):
    if tensor.dtype != weight.dtype:
        raise ValueError(f"{name} must have the type of the weights, {weight.dtype}, got type {tensor.dtype}")
    if tensor.device != weight.device:
        raise RuntimeError(
            f"Input and parameter tensors are not at the same device, found {name} at {tensor.device} and "
            f"parameter tensor at {weight.device}"
        )


def state_tensors(module, hx, name):
    """The tensors of `hx`: h alone, or those of the pair (h, c)."""
    count = len(module.state_sizes)
    if count == 1:
        if isinstance(hx, torch.Tensor):
            return (hx,)
        raise TypeError(f"{name}: got a {type(hx).__name__}, expected a torch.Tensor")
    if isinstance(hx, (tuple, list)) and len(hx) == count and all(isinstance(h, torch.Tensor) for h in hx):
        return tuple(hx)
    came = f"{len(hx)} entries" if isinstance(hx, (tuple, list)) else f"a {type(hx).__name__}"
    raise TypeError(f"{name}: got {came}, expected a pair of torch.Tensor, (h_0, c_0)")


def check_states(module, states, B, is_batched, name):
    """Checks the tensors of hx (D * num_layers, B, H), of an unbatched input (D * num_layers, H)."""
    rows = module.num_layers * module.directions
    expected_shapes = [(rows, B, size) if is_batched else (rows, size) for size in module.state_sizes]
    if all(state.shape == expected for state, expected in zip(states, expected_shapes)):
        return
    rank = 3 if is_batched else 2
    if any(state.dim() != rank for state in states):
        kind = "batched 3-D" if is_batched else "unbatched 2-D"
        came = ", ".join(f"{state.dim()}-D" for state in states)
        raise RuntimeError(f"For {kind} input, {name} should also be {rank}-D but got {came} tensor")
    for index, (state, expected) in enumerate(zip(states, expected_shapes)):
        if tuple(state.shape) != expected:
            which = f"hidden[{index}]" if len(states) > 1 else "hidden"
            raise RuntimeError(f"Expected {which} size {expected}, got {list(state.shape)}, as {name}")


def check_reset_states(module, states, B):
    """Checks the tensors of reset_state, of the shape of hx or without its axis of the batch."""
    for state, size in zip(states, module.state_sizes):
        rows = module.num_layers * module.directions
        if tuple(state.shape) not in ((rows, B, size), (rows, size)):
            raise RuntimeError(f"reset_state: got {list(state.shape)}, expected {(rows, B, size)} or {(rows, size)}")


def check_packed(input, lengths, mask):
    if isinstance(input, PackedSequence) and (lengths is not None or mask is not None):
        name = "lengths" if lengths is not None else "mask"
        raise ValueError(f"{name}: got a tensor, expected None with a PackedSequence, which has lengths of its own")
    if lengths is not None and mask is not None:
        raise ValueError("mask: got a tensor together with lengths, expected one of the two")


def check_time_tensor(name, tensor, expected):
    """Checks `mask` or `resets`."""
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name}: got a {type(tensor).__name__}, expected a torch.Tensor")
    if tuple(tensor.shape) != expected:
        raise RuntimeError(
            f"{name}: got {list(tensor.shape)}, expected {list(expected)}, as the input has batch and time"
        )


def check_lengths(lengths, B):
    if not isinstance(lengths, torch.Tensor):
        raise TypeError(f"lengths: got a {type(lengths).__name__}, expected a torch.Tensor")
    if lengths.dtype not in (torch.int32, torch.int64):
        raise RuntimeError(f"lengths: got {lengths.dtype}, expected torch.int64 or torch.int32")
    if tuple(lengths.shape) != (B,):
        raise RuntimeError(f"lengths: got {list(lengths.shape)}, expected {[B]}, one for each row of the batch")
