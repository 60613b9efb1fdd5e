"""What differs between NumPy, PyTorch, JAX and CuPy, for the few places that compute with a caller's arrays."""

import importlib

from .. import _nest
from .._arrays import as_tensor, from_tensor, library_of
from .._dtypes import name_of_dtype, numpy_dtype

_NAMESPACES = {"numpy": "numpy", "torch": "torch", "jax": "jax.numpy", "cupy": "cupy"}


def namespace(library):
    """The module with the functions of a library's arrays."""
    if library in _NAMESPACES:
        return importlib.import_module(_NAMESPACES[library])
    raise TypeError(f"got arrays of {library}, expected those of NumPy, PyTorch, JAX or CuPy, which can be computed "
                    f"with")


def library_of_nest(nest, argument="inputs"):
    """The library of a nest's first array. Raises TypeError where there is none."""
    library = library_of(*_nest.flatten(nest))
    if library is None:
        raise TypeError(f"{argument}: got {type(nest).__name__}, expected arrays of NumPy, PyTorch, JAX or CuPy")
    return library


def common_library(*arrays):
    """The library that NumPy's arrays among `arrays` are to be converted to, and an array of it."""
    for array in arrays:
        library = library_of(array)
        if library not in (None, "numpy"):
            return library, array
    return "numpy", None


def to_library(array, library, like=None):
    """`array` as one of `library`, on the device of `like`. Arrays of NumPy are converted, those of others must fit."""
    if library_of(array) == library or library == "rondo" and library_of(array) is None:
        return array
    if library == "torch":
        converted = from_tensor(as_tensor(array), "torch")
        return converted if like is None else converted.to(like.device)
    return from_tensor(as_tensor(array), "rondo") if library == "rondo" else namespace(library).asarray(array)


def detached(array):
    """A view for Rondo: PyTorch's tensors without the graph that computed them."""
    return array.detach() if library_of(array) == "torch" else array


def needs_gradients(*nests):
    """Whether PyTorch records what is computed with one of these arrays."""
    leaves = [leaf for nest in nests for leaf in _nest.flatten(nest) if library_of(leaf) == "torch"]
    if not any(leaf.requires_grad for leaf in leaves):
        return False
    return namespace("torch").is_grad_enabled()


def cast_floats(nest, dtype):
    """The nest with floating arrays in `dtype`; integers and booleans stay as they are."""
    def cast(array):
        if library_of(array) is None:
            raise TypeError(f"inputs: got {type(array).__name__}, expected arrays of NumPy, PyTorch, JAX or CuPy")
        name = name_of_dtype(array)
        if name == dtype or not (name.startswith("float") or name == "bfloat16"):
            return array
        library = library_of(array)
        if library == "torch":
            return array.to(getattr(namespace("torch"), dtype))
        if library == "rondo":
            return array.to(dtype)
        return array.astype(numpy_dtype(dtype))
    return _nest.map_leaves(cast, nest)


def flipped(array, axis):
    """The array in reverse order along one axis."""
    library = library_of(array)
    if library == "torch":
        return array.flip(axis)
    return namespace(library).flip(array, axis)


def concatenated(arrays, axis=-1):
    library, like = common_library(*arrays)
    arrays = [to_library(array, library, like) for array in arrays]
    functions = namespace(library)
    return functions.cat(arrays, axis) if library == "torch" else functions.concatenate(arrays, axis)
