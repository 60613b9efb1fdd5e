"""TensorShape, and the shapes that sizes stand for."""

import operator


class TensorShape:
    """The shape of one tensor. In a state_size, a TensorShape is one state, where a tuple of numbers is several."""

    def __init__(self, dims):
        self.dims = tuple(None if size is None else operator.index(size) for size in dims)

    def as_list(self):
        return list(self.dims)

    def __len__(self):
        return len(self.dims)

    def __iter__(self):
        return iter(self.dims)

    def __getitem__(self, index):
        return self.dims[index]

    def __eq__(self, other):
        return self.dims == tuple(other)

    def __hash__(self):
        return hash(self.dims)

    def __repr__(self):
        return f"TensorShape({list(self.dims)})"


def shape_of(size):
    """The shape that a size stands for: a number, a TensorShape, or what has as_list()."""
    return tuple(size.as_list()) if hasattr(size, "as_list") else (operator.index(size),)
