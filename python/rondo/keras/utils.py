"""The part of keras.utils that recurrent networks need."""

from ._seeds import set_random_seed

__all__ = ["set_random_seed"]
