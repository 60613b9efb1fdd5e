"""Initial weights, by the rules of keras.initializers. Numbers depend on the seed, but are not those of TensorFlow."""

from ._constant_initializers import Constant, Identity, Initializer, Ones, Zeros
from ._random_initializers import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "get",
    "serialize",
]

_CLASSES = {cls.__name__: cls for cls in (
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal, LecunUniform, Ones, Orthogonal,
    RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling, Zeros)}
_NAMES = {"constant": Constant, "glorot_normal": GlorotNormal, "glorot_uniform": GlorotUniform, "he_normal": HeNormal,
          "he_uniform": HeUniform, "identity": Identity, "lecun_normal": LecunNormal, "lecun_uniform": LecunUniform,
          "normal": RandomNormal, "ones": Ones, "one": Ones, "orthogonal": Orthogonal, "random_normal": RandomNormal,
          "random_uniform": RandomUniform, "truncated_normal": TruncatedNormal, "uniform": RandomUniform,
          "variance_scaling": VarianceScaling, "zeros": Zeros, "zero": Zeros, **_CLASSES}


def get(identifier):
    """The initializer of a name, of a configuration, or of a class; a callable is returned as it is."""
    if isinstance(identifier, dict):
        return get(identifier["class_name"]).from_config(identifier["config"])
    if isinstance(identifier, str) and identifier in _NAMES:
        return _NAMES[identifier]()
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier):
        return identifier
    raise ValueError(f"initializer: got {identifier!r}, expected a callable, or one of the names "
                     f"{', '.join(sorted(_NAMES))}")


def serialize(initializer):
    """The configuration of an initializer of this module; other callables are kept as they are."""
    if type(initializer) in _CLASSES.values():
        return {"class_name": type(initializer).__name__, "config": initializer.get_config()}
    return initializer
