"""The golden cases of TensorFlow 1's functions, by the names that their tests use."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from golden import GoldenCase, case_names  # noqa: E402


class Case(GoldenCase):
    """One file, whose arrays a test may write to."""

    def __init__(self, name):
        super().__init__(name)
        self.about = self.description
        self.arrays = {key: array.copy() for key, array in self.arrays.items()}
        self.list = self.leaves
        self.tree = self.nest


def names(api):
    """Names of all cases of TensorFlow 1's or contrib's `api`, sorted."""
    return [name for name in case_names(api) if name.startswith(("v1", "contrib"))]


load = Case
