"""Random initial weights. Numbers depend on the seed, but are not those of TensorFlow."""

import math

import numpy

from ._constant_initializers import Initializer
from ._seeds import new_seed


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
    _arguments: tuple = ()

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
