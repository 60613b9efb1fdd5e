from . import activations, backend, initializers, layers, utils
from ._shapes import Input, TensorShape
