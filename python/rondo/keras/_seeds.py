"""The generator of all numbers that have no seed of their own."""

import threading

import numpy

_lock = threading.Lock()
_generator = numpy.random.default_rng()


def set_random_seed(seed):
    """Makes all initial weights and dropout seeds that are drawn from now on depend on `seed` alone."""
    global _generator
    with _lock:
        _generator = numpy.random.default_rng(seed)


def new_seed():
    """A seed for a generator, or for dropout."""
    with _lock:
        return int(_generator.integers(2**63))
