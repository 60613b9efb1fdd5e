"""keras.layers.StackedRNNCells."""

from .. import _nest
from ._cells import build_cell, call_cell, check_cell, initial_state, output_sizes, takes
from ._layer import Layer
from ._libraries import library_of_nest
from ._shapes import entries, map_shapes, size_nest


class StackedRNNCells(Layer):
    """Cells on top of each other: the output of each is the input of the next. It has one state for each cell."""

    def __init__(self, cells, **kwargs):
        if not isinstance(cells, (list, tuple)) or not cells:
            raise ValueError(f"cells: got {cells!r}, expected a list of at least one cell")
        for cell in cells:
            check_cell(cell)
        if kwargs.pop("reverse_state_order", False):
            raise ValueError("reverse_state_order: got True, expected False: the states are in the order of the cells")
        super().__init__(**kwargs)
        self.cells = list(cells)

    @property
    def state_size(self):
        return tuple(cell.state_size for cell in self.cells)

    @property
    def output_size(self):
        return output_sizes(self.cells[-1])

    @property
    def accepts_constants(self):
        return any(takes(cell, "constants") for cell in self.cells)

    def build(self, input_shape):
        for cell in self.cells:
            build_cell(cell, input_shape)
            batch = _batch_of(input_shape)
            input_shape = _nest.map_leaves(lambda size: (batch, *size), output_sizes(cell))
        self.built = True

    def call(self, inputs, states, constants=None, training=None, dropout_call=0):
        """One step of all cells: (output, a list of the new state of each cell)."""
        given = {"constants": constants, "training": training, "dropout_call": dropout_call}
        if constants is None:
            del given["constants"]
        new_states = []
        for cell, state in zip(self.cells, states):
            inputs, new = call_cell(cell, inputs, entries(state), given)
            size = size_nest(cell.state_size)
            new_states.append(_nest.pack(size, _nest.flatten(new)) if _nest.is_nested(size) else new[0])
        return inputs, new_states

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        """One state for each cell."""
        library, like = "numpy", None
        if inputs is not None:
            first = _nest.flatten(inputs)[0]
            library, like, batch_size, dtype = library_of_nest(inputs), first, first.shape[0], self.dtype
        states = []
        for cell in self.cells:
            state = initial_state(cell, batch_size, dtype, library, like)
            states.append(state if _nest.is_nested(size_nest(cell.state_size)) else state[0])
        return tuple(states)

    def get_config(self):
        return {**super().get_config(), "cells": [cell_config(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        return cls([cell_from_config(cell) for cell in config.pop("cells")], **config)


def cell_config(cell):
    """A cell's class and its configuration. The class itself stands there, so that a cell of the caller's is found."""
    return {"class_name": type(cell), "config": cell.get_config()}


def cell_from_config(config):
    return config["class_name"].from_config(config["config"])


def _batch_of(input_shape):
    batches = []
    map_shapes(lambda shape: batches.append(shape[0]), input_shape)
    return batches[0]
