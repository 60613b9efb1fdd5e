"""Whether weights are still those that were packed."""

import ctypes
import weakref

import torch

_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_memcmp.restype = ctypes.c_int

CONTENTS = "contents"
VERSIONS = "versions"


def is_comparable(tensor):
    """Whether the host can compare the elements as bytes."""
    return tensor.is_cpu and tensor.is_contiguous()


class Snapshot:
    """What weights were when they were packed.

    A version says that a tensor was changed through itself. It does not say that it was changed through `.data`, which
    exponential averages and weight clipping use, or by another process that shares its memory. So the elements
    themselves are compared where they are on the host, against copies. Elements on a GPU are compared by versions
    alone.
    """

    def __init__(self, weights, check):
        self._references = [weakref.ref(weight) for weight in weights]
        self._marks = [_mark(weight) for weight in weights]
        self._copies = None
        if check == CONTENTS and all(is_comparable(weight) for weight in weights):
            self._copies = [weight.detach().clone() for weight in weights]
            self._spans = [(copy.data_ptr(), copy.numel() * copy.element_size()) for copy in self._copies]

    def equals(self, weights):
        if self._copies is not None and all(map(is_comparable, weights)):
            for weight, (address, size) in zip(weights, self._spans):
                if _memcmp(weight.data_ptr(), address, size) != 0:
                    return False
            return True
        for weight, reference, mark in zip(weights, self._references, self._marks):
            if mark is None or reference() is not weight or _mark(weight) != mark:
                return False
        return True


def _mark(weight):
    """Changes whenever the tensor is changed in place; None where PyTorch does not count changes."""
    if weight.is_inference():
        return None
    return weight._version, weight.data_ptr()
