"""Sizes of states and outputs, and trees of arrays in their structure.

A tree is a tuple, a namedtuple, a list or a dict of trees. Rondo's C++ side has namedtuples and dicts as named fields,
so that the way back follows the structure of the cell's sizes.
"""

import operator

import numpy


class TensorShape:
    """The shape of a state without the batch axis, where it is not one number: TensorShape([3, 4])."""

    def __init__(self, dims):
        self._dims = [None if size is None else operator.index(size) for size in dims]

    def as_list(self):
        return list(self._dims)

    def __iter__(self):
        return iter(self._dims)

    def __getitem__(self, place):
        return self._dims[place]

    def __len__(self):
        return len(self._dims)

    def __eq__(self, other):
        return self._dims == list(other)

    __hash__ = None

    def __repr__(self):
        return f"TensorShape({self._dims})"


def is_named(tree):
    return isinstance(tree, tuple) and hasattr(tree, "_fields")


def is_tree(thing):
    return isinstance(thing, (tuple, list, dict))


def children(tree):
    """The branches; a dict is sorted, as tf.nest does."""
    return [tree[key] for key in sorted(tree)] if isinstance(tree, dict) else list(tree)


def leaves(tree):
    return [leaf for child in children(tree) for leaf in leaves(child)] if is_tree(tree) else [tree]


def map_leaves(function, tree):
    """The same structure with `function` of each leaf."""
    if isinstance(tree, dict):
        return {key: map_leaves(function, tree[key]) for key in sorted(tree)}
    if not is_tree(tree):
        return function(tree)
    mapped = [map_leaves(function, child) for child in tree]
    return type(tree)(*mapped) if is_named(tree) else (mapped if isinstance(tree, list) else tuple(mapped))


def to_native(tree, convert):
    """The tree as the C++ side takes it, with `convert` of each leaf."""
    if isinstance(tree, dict):
        return {str(key): to_native(tree[key], convert) for key in sorted(tree)}
    if is_named(tree):
        return {name: to_native(child, convert) for name, child in zip(tree._fields, tree)}
    if not is_tree(tree):
        return convert(tree)
    branches = [to_native(child, convert) for child in tree]
    return branches if isinstance(tree, list) else tuple(branches)


def from_native(native, like, convert):
    """The reverse of to_native, in the structure of `like`."""
    if isinstance(like, dict):
        return {key: from_native(native[str(key)], like[key], convert) for key in sorted(like)}
    if not is_tree(like):
        return convert(native)
    branches = native.values() if isinstance(native, dict) else native
    made = [from_native(child, branch, convert) for child, branch in zip(branches, like)]
    return type(like)(*made) if is_named(like) else (made if isinstance(like, list) else tuple(made))


def native_states(native):
    """The list of states that the C++ side passes to steps: the branches of a state, or the one state."""
    if isinstance(native, dict):
        return list(native.values())
    return list(native) if is_tree(native) else [native]


def shape_of(size):
    """The shape that a size stands for: a number, a TensorShape, or what has as_list()."""
    return tuple(size.as_list()) if hasattr(size, "as_list") else (operator.index(size),)


def dtype_name(dtype):
    """NumPy's name of a dtype of NumPy, PyTorch, JAX or TensorFlow, or of its name; None for None."""
    if dtype is None or isinstance(dtype, str) and dtype == "bfloat16":
        return dtype
    if type(dtype).__module__.partition(".")[0] == "torch":
        return str(dtype).rpartition(".")[2]
    return numpy.dtype(getattr(dtype, "as_numpy_dtype", dtype)).name


def numpy_dtype(name):
    """NumPy's dtype, of bfloat16 that of ml_dtypes."""
    if name == "bfloat16":
        import ml_dtypes

        return numpy.dtype(ml_dtypes.bfloat16)
    return numpy.dtype(name)
