"""Dropout with the numbers of Philox4x32-10 instead of TensorFlow's: docs/semantics.md says which number drops what."""

from functools import partial

import numpy as np

from .reference_steps import ACTIVATIONS
from .shapes import cells_of, kind_of

INPUTS, STATES = 0, 1


def philox4x32_10(counter, key):
    """counter: four arrays of 32-bit numbers; key: two numbers. Salmon et al., SC 2011."""
    low = np.uint64(0xFFFFFFFF)
    c = [np.asarray(word, np.uint64) for word in counter]
    k = [int(word) for word in key]
    for _ in range(10):
        first, second = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [
            (second >> np.uint64(32)) ^ c[1] ^ np.uint64(k[0]), second & low,
            (first >> np.uint64(32)) ^ c[3] ^ np.uint64(k[1]), first & low,
        ]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return c


def mask(rate, shape, seed, call, dropped, gate, position):
    """A mask of zeros and of 1 / (1 - rate)."""
    if rate >= 1:
        raise ValueError("a rate of 1 in training")
    count = int(np.prod(shape))
    blocks = np.arange((count + 3) // 4)
    place = gate + (dropped << 8) + (position << 16)
    counter = [blocks, *(np.full_like(blocks, word) for word in (place, call % 2**32, call >> 32))]
    words = np.stack(philox4x32_10(counter, (seed % 2**32, seed >> 32)), axis=-1).reshape(-1)[:count]
    return np.where((words >> np.uint64(8)) / 2.0**24 >= rate, 1 / (1 - rate), 0.0).reshape(shape)


def gates_of(cell):
    return {"LSTM": 4, "GRU": 3}.get(kind_of(cell), 1)


def implementation(cell):
    return 1 if cell.get("recurrent_dropout", 0) else cell.get("implementation", 2)


def cell_masks(cell, weights, B, position, call):
    """The masks of the inputs and of the states for every gate, for the reference; [] where nothing is dropped."""
    count = gates_of(cell) if implementation(cell) == 1 else 1
    widths = {INPUTS: weights["kernel"].shape[0], STATES: cell["units"]}
    found = []
    for dropped, rate in ((INPUTS, cell.get("dropout", 0)), (STATES, cell.get("recurrent_dropout", 0))):
        rate = min(1.0, max(0.0, rate))
        shape, seed = (B, widths[dropped]), cell.get("seed", 0)
        one = [mask(rate, shape, seed, call, dropped, gate, position) for gate in range(count)]
        found.append((one * gates_of(cell) if count == 1 else one) if rate else [])
    return found


def step(cell, weights, masks):
    """A step of the reference: every gate's x and h, times its masks."""
    gates = gates_of(cell)
    act = ACTIVATIONS[cell["activation"]]
    rec = ACTIVATIONS[cell.get("recurrent_activation", "sigmoid")]
    W = np.split(weights["kernel"], gates, axis=-1)
    U = np.split(weights["recurrent_kernel"], gates, axis=-1)
    has_second = [[1], [bool(cell.get("reset_after"))]]
    bias = np.broadcast_to(weights.get("bias", 0.0), (2, gates * cell["units"])) * has_second
    b, rb = (np.split(row, gates) for row in bias)

    def run(inputs, states):
        x = [(inputs[0] * masks[0][k] if masks[0] else inputs[0]) @ W[k] + b[k] for k in range(gates)]
        dropped = [states[0] * masks[1][k] if masks[1] else states[0] for k in range(gates)]
        h = [dropped[k] @ U[k] + rb[k] for k in range(gates)]
        if gates == 1:
            new = [act(x[0] + h[0])]
        elif gates == 4:
            c = rec(x[1] + h[1]) * states[1] + rec(x[0] + h[0]) * act(x[2] + h[2])
            new = [rec(x[3] + h[3]) * act(c), c]
        else:
            z, r = rec(x[0] + h[0]), rec(x[1] + h[1])
            of_state = r * h[2] if cell["reset_after"] else (r * dropped[2]) @ U[2]
            new = [z * states[0] + (1 - z) * act(x[2] + of_state)]
        return [new[0]], new

    return run


def drawn(seed, rate, dropped, position, call, inputs, training, count=1):
    """Replacements of a Keras cell's _create_dropout_mask and _create_recurrent_dropout_mask."""
    import tensorflow as tf

    ones = tf.ones_like(inputs)
    if training and rate >= 1:
        return tf.nn.dropout(ones, rate)  # raises
    made = [
        tf.constant(mask(rate, tuple(inputs.shape), seed, call, dropped, gate, position), inputs.dtype)
        if training else ones for gate in range(count)
    ]
    return made if count > 1 else made[0]


def use_philox(made, spec, call):
    """Has the cells of a Keras layer draw their masks here. Keras's code asks for masks, keeps and shares them."""
    from keras.src import backend

    # Keras's path for cuDNN drops other inputs at every time step, so it is switched off.
    if hasattr(made, "_could_use_gpu_kernel"):
        made._could_use_gpu_kernel = False
    for position, cell_spec in enumerate(cells_of(spec)):
        cell = made.cell.cells[position] if len(cells_of(spec)) > 1 else made.cell
        draw = partial(drawn, cell_spec.get("seed", 0))
        cell._dropout_mask_cache = backend.ContextValueCache(partial(draw, cell.dropout, INPUTS, position, call))
        cell._recurrent_dropout_mask_cache = backend.ContextValueCache(
            partial(draw, cell.recurrent_dropout, STATES, position, call))
