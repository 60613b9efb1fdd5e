"""The arrays of the tests are small: one thread is fastest."""

import rondo

rondo.set_threads(1)
