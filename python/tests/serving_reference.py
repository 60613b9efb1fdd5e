"""A small network, and what its streams give when each of them runs alone."""

import json
import struct

import numpy as np

import rondo

I, H = 3, 5


def safetensors(arrays):
    """The bytes of a safetensors file of float32 arrays."""
    header, data = {}, b""
    for name, array in arrays.items():
        piece = np.ascontiguousarray(array, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def network(kind="lstm", layers=2, seed=0):
    """A stack as torch.nn.LSTM(I, H, num_layers=layers) would have it, with random weights."""
    random, gates, arrays = np.random.default_rng(seed), {"lstm": 4, "gru": 3}[kind], {}
    for k in range(layers):
        for name, shape in (("weight_ih", (gates * H, I if k == 0 else H)), ("weight_hh", (gates * H, H)),
                            ("bias_ih", (gates * H,)), ("bias_hh", (gates * H,))):
            arrays[f"{name}_l{k}"] = random.normal(scale=0.5, size=shape)
    return rondo.pytorch_network(rondo.parse_safetensors(safetensors(arrays), "stack"), kind)


def alone(loaded, x):
    """The outputs (T, O) of one stream x (T, I), run from its beginning to its end."""
    y = np.empty((len(x), loaded.output_features), "f")
    session = loaded.session(T=len(x), B=1)
    session.run(rondo.NetworkTensors(rondo.as_tensor(x[:, None]), y=rondo.as_tensor(y[:, None], writable=True)))
    return y


def stream(seed, T):
    return np.random.default_rng(seed).normal(size=(T, I)).astype("f")
