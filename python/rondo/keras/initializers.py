"""Initial weights, by the rules of keras.initializers. Numbers depend on the seed, but are not those of TensorFlow."""

import math

import numpy

from ._libraries import numpy_dtype
from ._seeds import new_seed

__all__ = ["Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "Initializer",
           "LecunNormal",
           "LecunUniform", "Ones", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling",
           "Zeros", "get", "serialize"]


class Initializer:
    """Makes the array of a weight: call it with a shape and the name of a dtype."""

    def __call__(self, shape, dtype=None):
        """An array of `shape` in `dtype`, by default float32. Numbers are drawn in float64 and rounded once."""
        return numpy.asarray(self._values(tuple(shape))).astype(numpy_dtype(dtype or "float32"))

    def _values(self, shape):
        raise NotImplementedError(f"{type(self).__name__} has to define __call__(shape, dtype)")

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class Zeros(Initializer):
    def _values(self, shape):
        return numpy.zeros(shape)


class Ones(Initializer):
    def _values(self, shape):
        return numpy.ones(shape)


class Constant(Initializer):
    def __init__(self, value=0):
        self.value = value

    def _values(self, shape):
        return numpy.broadcast_to(numpy.asarray(self.value, "float64"), shape)

    def get_config(self):
        return {"value": self.value}


class Identity(Initializer):
    def __init__(self, gain=1.0):
        self.gain = gain

    def _values(self, shape):
        if len(shape) != 2:
            raise ValueError(f"Identity matrix initializer can only be used for 2D matrices. Received: shape={shape}")
        return self.gain * numpy.eye(*shape)

    def get_config(self):
        return {"gain": self.gain}


class _Random(Initializer):
    """With a seed, each call gives the same numbers, as in Keras; without one, each call gives others."""

    def __init__(self, seed=None):
        self.seed = seed

    def _generator(self):
        return numpy.random.default_rng(new_seed() if self.seed is None else self.seed)

    def get_config(self):
        return {"seed": self.seed}


class RandomUniform(_Random):
    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def _values(self, shape):
        return self._generator().uniform(self.minval, self.maxval, shape)

    def get_config(self):
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class RandomNormal(_Random):
    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def _values(self, shape):
        return self._generator().normal(self.mean, self.stddev, shape)

    def get_config(self):
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class TruncatedNormal(RandomNormal):
    """A normal distribution whose values beyond two standard deviations are drawn again."""

    def _values(self, shape):
        return self.mean + self.stddev * _truncated(self._generator(), shape)


def _truncated(generator, shape):
    values = generator.standard_normal(shape)
    while (beyond := numpy.abs(values) > 2).any():
        values = numpy.where(beyond, generator.standard_normal(shape), values)
    return values


def _fans(shape):
    """The number of inputs and outputs of one unit, for kernels (..., inputs, outputs)."""
    if len(shape) < 2:
        return (shape[0],) * 2 if shape else (1, 1)
    receptive = math.prod(shape[:-2])
    return receptive * shape[-2], receptive * shape[-1]


class VarianceScaling(_Random):
    """Keeps the variance of what goes through: mode is a fan, scale its factor."""

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None):
        super().__init__(seed)
        if scale <= 0:
            raise ValueError(f"`scale` must be positive float. Received: scale={scale}.")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Invalid `mode` argument: {mode}. Please use one of 'fan_in', 'fan_out', 'fan_avg'")
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(f"Invalid `distribution` argument: {distribution}. "
                             "Allowed values are 'uniform', 'truncated_normal', 'untruncated_normal'")
        self.scale, self.mode, self.distribution = scale, mode, distribution

    def _values(self, shape):
        fan_in, fan_out = _fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        generator = self._generator()
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return generator.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return generator.normal(0, math.sqrt(variance), shape)
        return _truncated(generator, shape) * math.sqrt(variance) / 0.87962566103423978  # the deviation of what is left

    def get_config(self):
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed}


class _Scaled(VarianceScaling):
    _arguments = ()

    def __init__(self, seed=None):
        super().__init__(*self._arguments, seed=seed)

    def get_config(self):
        return {"seed": self.seed}


class GlorotUniform(_Scaled):
    _arguments = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    _arguments = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Scaled):
    _arguments = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    _arguments = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    _arguments = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    _arguments = (1.0, "fan_in", "truncated_normal")


class Orthogonal(_Random):
    """A matrix whose rows or columns, whichever are fewer, are orthonormal; leading axes count as rows."""

    def __init__(self, gain=1.0, seed=None):
        super().__init__(seed)
        self.gain = gain

    def _values(self, shape):
        if len(shape) < 2:
            raise ValueError(f"The tensor to initialize must be at least two-dimensional. Received: shape={shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        normal = self._generator().standard_normal((max(rows, columns), min(rows, columns)))
        q, r = numpy.linalg.qr(normal)
        q = q * numpy.where(numpy.diagonal(r) < 0, -1.0, 1.0)  # makes the distribution uniform
        return self.gain * (q if rows >= columns else q.T).reshape(shape)

    def get_config(self):
        return {"gain": self.gain, "seed": self.seed}


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
