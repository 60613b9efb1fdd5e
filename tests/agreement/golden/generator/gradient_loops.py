"""TensorFlow's loops over time. Each one takes a `Loop`, the time-major inputs and the initial states of its rows.

A loop gives (y, last output, final states), with y in the order of the case's rules. All of them can run under a tape;
`dynamic_rnn` needs a graph.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1


@dataclass
class Loop:
    """A recurrence over some rows and steps. `mask` and `lengths` are NumPy arrays or None, and count input steps."""

    run: dict
    rules: dict
    cell: object  # TensorFlow's cell
    mask: np.ndarray
    lengths: np.ndarray
    dtype: tf.DType

    def live(self, T):
        """(T,B) booleans by input step, or None if every step is live."""
        if self.lengths is None:
            return self.mask
        within = np.arange(T)[:, None] < self.lengths
        return within if self.mask is None else within & self.mask

    def turned(self, values):
        """The values, of shape (T,B,...), between the order of the input and that in which it is read, either way."""
        if self.rules["read"] == "reversed_within_length":
            return tf.reverse_sequence(values, tf.constant(self.lengths), seq_axis=0, batch_axis=1)
        return tf.reverse(values, [0]) if self.rules["read"] == "reversed" else values

    def written(self, outputs):
        """The outputs, which are in the order of reading, in the order of the rules."""
        return self.turned(outputs) if self.rules["write"] == "input" else outputs


def backend_rnn(loop, x, states):
    read, live = loop.rules["read"], loop.live(x.shape[0])
    options = {"mask": None if live is None else tf.constant(live)}
    if read == "reversed_within_length":
        x, options = loop.turned(x), {"mask": loop.turned(tf.constant(live))}
    elif loop.mask is None and live is not None and read == "forward" and not loop.run["unroll"]:
        options = {"input_length": tf.constant(loop.lengths)}
    last, outputs, finals = tf.keras.backend.rnn(
        lambda inputs, before: loop.cell(inputs, before), x, states, go_backwards=read == "reversed", time_major=True,
        unroll=loop.run["unroll"], zero_output_for_mask=loop.rules["dead"] == "zeros", **options)
    return loop.written(outputs), last, list(finals)


def contrib_rnn(loop, x, states):
    """The loop of tf.contrib.keras.backend.rnn at r1.1: a masked step emits the incoming states[0]."""
    T, B = x.shape[:2]
    live = loop.live(T)
    live = loop.turned(tf.ones([T, B], tf.bool) if live is None else tf.constant(live))
    x, outputs = loop.turned(x), []
    for t in range(T):
        output, after = loop.cell(x[t], states)
        outputs.append(tf.where(live[t][:, None], output, states[0]))
        states = [tf.where(live[t][:, None], new, old) for new, old in zip(after, states)]
    return loop.written(tf.stack(outputs)), outputs[-1], states


def dynamic_rnn(loop, x, states):
    """The direction of bidirectional_dynamic_rnn that the rules ask for. Its last output is that of the last step."""
    assert loop.mask is None and loop.rules["dead"] == "zeros"
    lstm = len(states) == 2
    state = v1.nn.rnn_cell.LSTMStateTuple(c=states[1], h=states[0]) if lstm else states[0]
    lengths = None if loop.lengths is None else tf.constant(loop.lengths)
    outputs, final = v1.nn.dynamic_rnn(
        loop.cell, loop.turned(x), sequence_length=lengths, initial_state=state, time_major=True, dtype=loop.dtype)
    return loop.written(outputs), outputs[-1], [final.h, final.c] if lstm else [final]


LOOPS = {"backend.rnn": backend_rnn, "contrib": contrib_rnn, "dynamic_rnn": dynamic_rnn}
