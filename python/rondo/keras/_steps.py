"""Cells of the caller's over time, by keras.backend.rnn."""

import numpy

from .. import _nest
from .._dtypes import numpy_dtype
from ._cells import call_cell, initial_state, output_sizes
from ._libraries import library_of_nest, to_library
from ._loop import rnn


def run_cell(layer, inputs, arguments, states, go_backwards, zero_output_for_mask):
    """(output, states) of a layer whose cell runs step by step; the output is that of all steps or of the last one."""
    library = library_of_nest(inputs)
    like = _nest.flatten(inputs)[0]
    T, B = like.shape[:2] if layer.time_major else like.shape[1::-1]
    if not states:
        states = initial_state(layer.cell, B, layer.dtype, library, like)
    if T == 0:
        return _zero_output(layer, B, library, like), states
    constants = arguments["constants"] or []
    context = {"training": arguments["training"], "dropout_call": arguments["dropout_call"]}

    def step(x, carried):
        count = len(states)
        given = dict(context, constants=list(carried[count:])) if constants else context
        return call_cell(layer.cell, x, list(carried[:count]), given)

    last_output, outputs, new_states = rnn(
        step, inputs, states, constants=constants, go_backwards=go_backwards, mask=arguments["mask"],
        unroll=layer.unroll, input_length=arguments["lengths"], time_major=layer.time_major,
        zero_output_for_mask=zero_output_for_mask, return_all_outputs=layer.return_sequences,
        resets=arguments["resets"], reset_state=arguments["reset_state"])
    return outputs if layer.return_sequences else last_output, new_states


def _zero_output(layer, B, library, like):
    """The output of no time steps."""
    def zeros(size):
        shape = ((0, B) if layer.time_major else (B, 0)) if layer.return_sequences else (B,)
        return to_library(numpy.zeros((*shape, *size), numpy_dtype(layer.dtype)), library, like)
    return _nest.map_leaves(zeros, output_sizes(layer.cell))
