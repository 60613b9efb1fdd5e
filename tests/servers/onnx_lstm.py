"""The file of an ONNX model with one LSTM node, written byte by byte: the tests' Python has no library for it."""

import numpy as np

ONNX_FROM_PYTORCH = [0, 3, 1, 2]  # gates i o f c, of i f c o


def _number(value):
    encoded = b''
    while value > 0x7f:
        encoded += bytes([value & 0x7f | 0x80])
        value >>= 7
    return encoded + bytes([value])


def _field(number, value):
    """A field of a protobuf message: a number, or bytes."""
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    content = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | 2) + _number(len(content)) + content


def _tensor(name, array):
    array = np.ascontiguousarray(array, np.float32)
    return b''.join(_field(1, size) for size in array.shape) + _field(2, 1) + _field(8, name) + _field(9, array.tobytes())


def _value(name, shape):
    dims = b''.join(_field(1, _field(2, size) if isinstance(size, str) else _field(1, size)) for size in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, dims)))


def save(path, tensors, inputs, units):
    """Writes the LSTM whose weights lstm.weights gave, with x (T, B, I) and y (T, 1, B, H)."""
    gates = {name.removeprefix('lstm.'): array.reshape(4, units, -1)[ONNX_FROM_PYTORCH].reshape(1, 4 * units, -1)
             for name, array in tensors.items()}
    biases = np.concatenate([gates['bias_ih_l0'][..., 0], gates['bias_hh_l0'][..., 0]], axis=1)
    node = (b''.join(_field(1, name) for name in ('x', 'W', 'R', 'B')) + _field(2, 'y') + _field(3, 'lstm')
            + _field(4, 'LSTM') + _field(5, _field(1, 'hidden_size') + _field(3, units) + _field(20, 2)))
    initializers = {'W': gates['weight_ih_l0'], 'R': gates['weight_hh_l0'], 'B': biases}
    graph = (_field(1, node) + _field(2, 'lstm')
             + b''.join(_field(5, _tensor(name, array)) for name, array in initializers.items())
             + _field(11, _value('x', ['T', 'B', inputs])) + _field(12, _value('y', ['T', 1, 'B', units])))
    path.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(1, '') + _field(2, 14)))
