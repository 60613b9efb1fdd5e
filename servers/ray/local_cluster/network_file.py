"""The network that replicas load: a function that Ray can send to them."""

import functools
import json
import struct

import numpy as np

import rondo


def write_lstm(path, inputs, units, seed=1):
    """A safetensors file of torch.nn.LSTM(inputs, units) with random weights."""
    random, scale = np.random.default_rng(seed), 1 / np.sqrt(units)
    header, data = {}, b''
    for name, shape in (('weight_ih_l0', (4 * units, inputs)), ('weight_hh_l0', (4 * units, units)),
                        ('bias_ih_l0', (4 * units,)), ('bias_hh_l0', (4 * units,))):
        piece = random.uniform(-scale, scale, shape).astype('<f4').tobytes()
        header[name] = {'dtype': 'F32', 'shape': shape, 'data_offsets': [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack('<Q', len(text)) + text + data)


def load(path):
    rondo.set_threads(1)
    return rondo.pytorch_network(rondo.load_safetensors(path), 'lstm')


def loader(path):
    return functools.partial(load, str(path))


def offline(path, x, max_steps):
    """The outputs (T, H) of x (T, I), run as one stream of a pool."""
    pool = rondo.StatePool(load(str(path)), slots=1, max_rows=1, max_steps=max_steps)
    slot = pool.open()
    pieces = [x[t:t + max_steps] for t in range(0, len(x), max_steps)]
    return np.concatenate([pool.run([rondo.StreamChunk(slot, len(piece))], piece) for piece in pieces])
