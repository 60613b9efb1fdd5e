"""Arrays of NumPy, PyTorch, JAX and CuPy as tensors of Rondo and back, without a copy.

A library is a name: "numpy", "torch", "jax", "cupy" or "rondo". No library is imported before one of its arrays comes.
"""

import sys
from typing import Any, Optional

from . import _rondo
from ._rondo import Tensor

_LIBRARIES = {"numpy": "numpy", "torch": "torch", "jax": "jax", "jaxlib": "jax", "cupy": "cupy", "rondo": "rondo"}


def library_of(*objects):
    """The library of the first array among `objects`; None where there is none."""
    for thing in objects:
        if isinstance(thing, type):
            continue  # the class of arrays has the attributes of arrays
        if hasattr(thing, "__dlpack__") or hasattr(thing, "__array_interface__"):
            for base in type(thing).__mro__:
                library = _LIBRARIES.get(base.__module__.partition(".")[0])
                if library is not None:
                    return library
            return "numpy"  # an array of an unknown library: the results are NumPy's
    return None


def as_tensor(array: object, argument: str = "array", *, dtype: Optional[str] = None, writable: bool = False) -> Tensor:
    """A view of `array` as a Tensor. With `dtype`, elements of another dtype are converted into a copy.

    Raises TypeError for what is no array, and ValueError, naming `argument`, for elements that Rondo does not have, a
    PyTorch tensor that requires a gradient while torch.is_grad_enabled(), and with `writable` for an array that must
    not be written to.
    """
    importer = _IMPORTERS.get(library_of(array), _import)
    tensor = array if isinstance(array, Tensor) else importer(array, argument, writable)
    if writable and tensor.read_only:
        raise ValueError(f"{argument}: got a read-only {tensor!r}, expected an array that may be written to")
    return tensor if dtype is None or tensor.dtype == dtype else tensor.to(dtype)


def from_tensor(tensor: Tensor, library: str) -> Any:
    """`tensor` as an array of `library`, which shares its memory."""
    return _EXPORTERS[library](tensor)


def to_step(tensor, library):
    """What a step function gets: a view that NumPy keeps from being written to."""
    return from_tensor(tensor.as_read_only() if library == "numpy" else tensor, library)


def to_result(tensor, library):
    """What a caller gets of a step's results: a copy where a step has returned what it was given."""
    return from_tensor(tensor.copy() if library == "numpy" and tensor.read_only else tensor, library)


def _import(array, argument, writable):
    return _rondo.import_array(array, argument, writable)


def _import_numpy(array, argument, writable):
    if getattr(getattr(array, "dtype", None), "name", None) == "bfloat16":
        # Of ml_dtypes: the buffer protocol cannot describe its elements.
        return _rondo.import_array(array.view("float16"), argument, writable).viewed_as("bfloat16")
    return _rondo.import_array(array, argument, writable)


def _import_torch(array, argument, writable):
    torch = sys.modules["torch"]
    if array.requires_grad:
        if torch.is_grad_enabled():
            raise ValueError(
                f"{argument}: got a torch.Tensor that requires a gradient, expected one that does not, because "
                "no gradient is computed here: call under torch.no_grad(), pass its detach(), or use "
                "rondo.torch"
            )
        array = array.detach()
    if array.is_neg():  # the bytes of its storage are those of the negated numbers, which DLPack does not tell
        raise ValueError(f"{argument}: got a torch.Tensor that is a negated view, expected its resolve_neg()")
    if array.dtype == torch.bool:  # PyTorch 1.13 does not export booleans
        return _rondo.import_array(array.view(torch.uint8), argument, writable).viewed_as("bool")
    return _rondo.import_array(array, argument, writable)


def _import_jax(array, argument, writable):
    # The buffer protocol says that JAX's arrays are read-only; DLPack, which their bfloat16 comes by, does not.
    return _rondo.import_array(array, argument).as_read_only()


def _export_numpy(tensor):
    import numpy

    if tensor.device != "cpu":
        tensor = tensor.to(device="cpu")
    array = numpy.asarray(tensor)
    if tensor.dtype == "bfloat16":
        import ml_dtypes

        return array.view(ml_dtypes.bfloat16)
    return array


def _export_torch(tensor):
    import torch
    from torch.utils.dlpack import from_dlpack

    if tensor.read_only:  # PyTorch has no such tensors
        tensor = tensor.copy()
    if tensor.dtype == "bool":
        return from_dlpack(tensor.viewed_as("uint8")).view(torch.bool)
    return from_dlpack(tensor)


def _export_jax(tensor):
    import jax.dlpack

    # JAX writes to no array, and does not know read-only ones.
    return jax.dlpack.from_dlpack(_rondo.unprotected(tensor if _is_compact(tensor) else tensor.contiguous()))


def _is_compact(tensor):
    """Whether the elements lie without gaps in some order of the axes: JAX has no other arrays."""
    expected = 1
    for stride, size in sorted(zip(tensor.strides, tensor.shape)):
        if size != 1 and stride != expected:
            return 0 in tensor.shape
        expected *= size
    return True


def _export_cupy(tensor):
    import cupy

    return cupy.from_dlpack(tensor)


_IMPORTERS = {"numpy": _import_numpy, "torch": _import_torch, "jax": _import_jax}
_EXPORTERS = {"numpy": _export_numpy, "torch": _export_torch, "jax": _export_jax, "cupy": _export_cupy,
              "rondo": lambda tensor: tensor}
