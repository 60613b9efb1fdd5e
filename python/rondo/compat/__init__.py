"""Recurrent functions of TensorFlow's older interfaces: rondo.compat.v1."""

from . import v1

__all__ = ["v1"]
