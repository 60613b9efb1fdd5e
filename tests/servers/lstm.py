"""An LSTM with random weights: its file, as PyTorch would write it, and what it computes, in double precision."""

import json
import struct

import numpy as np

I, H = 40, 128


def weights(seed=1, inputs=I, units=H):
    random = np.random.default_rng(seed)
    scale = 1 / np.sqrt(units)
    shapes = {'weight_ih_l0': (4 * units, inputs), 'weight_hh_l0': (4 * units, units), 'bias_ih_l0': (4 * units,),
              'bias_hh_l0': (4 * units,)}
    return {f'lstm.{name}': random.uniform(-scale, scale, shape).astype(np.float32) for name, shape in shapes.items()}


def save_safetensors(path, tensors):
    header, data = {}, b''
    for name, tensor in tensors.items():
        content = tensor.tobytes()
        kind = {'float32': 'F32', 'float64': 'F64', 'float16': 'F16'}[tensor.dtype.name]
        header[name] = {'dtype': kind, 'shape': list(tensor.shape), 'data_offsets': [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    path.write_bytes(struct.pack('<Q', len(text)) + text + data)


def run(tensors, x):
    """Outputs (T, H) of the inputs (T, I) from zero states."""
    w = {name.removeprefix('lstm.'): tensor.astype(np.float64) for name, tensor in tensors.items()}
    units = w['weight_hh_l0'].shape[1]
    h, c, outputs = np.zeros(units), np.zeros(units), []
    for row in x.astype(np.float64):
        gates = w['weight_ih_l0'] @ row + w['bias_ih_l0'] + w['weight_hh_l0'] @ h + w['bias_hh_l0']
        i, f, g, o = np.split(gates, 4)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        outputs.append(h)
    return np.array(outputs)
