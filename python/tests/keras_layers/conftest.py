"""Makes the helpers beside the tests importable. The arrays of the tests are small: one thread is fastest."""

import pathlib
import sys

import rondo

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1])]
rondo.set_threads(1)
try:
    import torch
except ImportError:
    pass
else:
    torch.set_num_threads(1)
