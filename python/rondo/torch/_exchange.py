"""Tensors of PyTorch as tensors of Rondo and back, without a copy.

`rondo._arrays` does this for every library. Here the tensors are known to be PyTorch's, and small calls count: capsules
go from one library to the other without the checks that `torch.Tensor.__dlpack__` makes in Python.
"""

import torch
from torch.utils.dlpack import from_dlpack, to_dlpack

from .. import _rondo


def to_rondo(tensor, argument):
    """A view of a torch.Tensor; None stays None."""
    if tensor is None:
        return None
    if tensor.dtype is torch.bool:  # PyTorch 1.13 does not export booleans
        return to_rondo(tensor.view(torch.uint8), argument).viewed_as("bool")
    if tensor.is_cpu:
        return _rondo.import_capsule(to_dlpack(tensor), argument)  # also of one that requires a gradient
    return _rondo.import_array(tensor.detach(), argument)


def to_torch(tensor):
    """A torch.Tensor that shares the memory of a rondo.Tensor; None stays None."""
    if tensor is None:
        return None
    if tensor.device == "cpu":
        return from_dlpack(tensor.__dlpack__())
    return from_dlpack(tensor)
