"""Entries of layers that keep or change the features: dense, activations, dropouts, normalizations."""

from .kit import entry, is_small, is_static

SEQUENCES_AND_VECTORS = (2, 3)


@entry("Dense", rank=(2, 3, 4))
def dense(kit, x):
    return kit.make("Dense", x, kit.units(), activation=kit.activation(), use_bias=kit.flip(0.8))


@entry("Activation", rank=SEQUENCES_AND_VECTORS)
def activation(kit, x):
    return kit.make("Activation", x, kit.activation())


@entry("ReLU", rank=SEQUENCES_AND_VECTORS)
def relu(kit, x):
    options = kit.pick({}, {"max_value": 1.0}, {"negative_slope": 0.25}, {"max_value": 2.0, "threshold": 0.5})
    return kit.make("ReLU", x, **options)


@entry("LeakyReLU", rank=SEQUENCES_AND_VECTORS)
def leaky_relu(kit, x):
    slope = "alpha" if kit.version == 2 else "negative_slope"
    return kit.make("LeakyReLU", x, **kit.pick({}, {slope: 0.125}))


@entry("PReLU", rank=SEQUENCES_AND_VECTORS, when=is_static)
def prelu(kit, x):
    shared = {"shared_axes": [1]} if len(x.shape) == 3 and kit.flip() else {}
    return kit.make("PReLU", x, **shared)


@entry("ELU", rank=SEQUENCES_AND_VECTORS)
def elu(kit, x):
    return kit.make("ELU", x, **kit.pick({}, {"alpha": 0.5}))


@entry("ThresholdedReLU", rank=SEQUENCES_AND_VECTORS, versions=(2,))
def thresholded_relu(kit, x):
    return kit.make("ThresholdedReLU", x, theta=0.25)


@entry("Softmax", rank=SEQUENCES_AND_VECTORS, when=lambda kit, x: not kit.is_masked(x))
def softmax(kit, x):
    return kit.make("Softmax", x, axis=kit.pick(-1, -1, 1))


@entry("Dropout", rank=SEQUENCES_AND_VECTORS)
def dropout(kit, x):
    return kit.make("Dropout", x, 0.5)


@entry("SpatialDropout1D", rank=3)
def spatial_dropout(kit, x):
    return kit.make("SpatialDropout1D", x, 0.5)


@entry("GaussianDropout", rank=SEQUENCES_AND_VECTORS)
def gaussian_dropout(kit, x):
    return kit.make("GaussianDropout", x, 0.5)


@entry("GaussianNoise", rank=SEQUENCES_AND_VECTORS)
def gaussian_noise(kit, x):
    return kit.make("GaussianNoise", x, 0.5)


@entry("AlphaDropout", rank=SEQUENCES_AND_VECTORS)
def alpha_dropout(kit, x):
    return kit.make("AlphaDropout", x, 0.5)


@entry("ActivityRegularization", rank=SEQUENCES_AND_VECTORS)
def activity_regularization(kit, x):
    return kit.make("ActivityRegularization", x, l1=0.01)


@entry("BatchNormalization", rank=(2, 3, 4))
def batch_normalization(kit, x):
    options = kit.pick({}, {"scale": False}, {"center": False}, {"epsilon": 0.01})
    if len(x.shape) == 3 and x.shape[1] is not None and kit.flip(0.2):
        options["axis"] = 1
    return kit.make("BatchNormalization", x, **options)


@entry("LayerNormalization", rank=(2, 3, 4))
def layer_normalization(kit, x):
    options = kit.pick({}, {"scale": False}, {"center": False}, {"epsilon": 0.01})
    if len(x.shape) == 3 and x.shape[1] is not None and kit.flip(0.3):
        options["axis"] = kit.pick([1, 2], 1)
    return kit.make("LayerNormalization", x, **options)


@entry("GroupNormalization", rank=(2, 3, 4), when=lambda kit, x: x.shape[-1] % 2 == 0 and is_static(kit, x))
def group_normalization(kit, x):
    return kit.make("GroupNormalization", x, groups=kit.pick(2, 1, -1), epsilon=0.01, scale=kit.flip(0.7))


@entry("UnitNormalization", rank=SEQUENCES_AND_VECTORS)
def unit_normalization(kit, x):
    return kit.make("UnitNormalization", x, axis=kit.pick(-1, -1, 1) if len(x.shape) == 3 else -1)


@entry("RMSNormalization", rank=SEQUENCES_AND_VECTORS, versions=(3,))
def rms_normalization(kit, x):
    return kit.make("RMSNormalization", x, epsilon=0.01)


@entry("Normalization", rank=SEQUENCES_AND_VECTORS)
def normalization(kit, x):
    features = int(x.shape[-1])
    options = {"axis": -1}
    if kit.flip(0.3):
        options = {"mean": [0.25 * k for k in range(features)], "variance": [0.5 + 0.25 * k for k in range(features)]}
    elif kit.flip(0.2) and kit.version == 3:
        options["invert"] = True
    return kit.make("Normalization", x, **options)


@entry("Flatten", rank=(2, 3, 4), when=is_static)
def flatten(kit, x):
    return kit.make("Flatten", x)


@entry("Reshape", rank=(2, 3, 4), when=is_static)
def reshape(kit, x):
    size = 1
    for n in x.shape[1:]:
        size *= int(n)
    halves = [(size // 2, 2), (2, -1)] if size % 2 == 0 else [(size, 1), (-1,)]
    return kit.make("Reshape", x, kit.pick(*halves))


@entry("Permute", rank=(3, 4), when=is_static)
def permute(kit, x):
    return kit.make("Permute", x, (2, 1) if len(x.shape) == 3 else kit.pick((2, 1, 3), (3, 1, 2)))


@entry("RepeatVector", rank=2, when=is_small)
def repeat_vector(kit, x):
    return kit.make("RepeatVector", x, kit.pick(2, 3, 4))


@entry("Masking", rank=SEQUENCES_AND_VECTORS)
def masking(kit, x):
    if len(x.shape) == 2:
        return kit.make("Masking", x, mask_value=0.0)
    rectified = kit.make("Dense", x, kit.pick(2, 3), activation="relu")
    return kit.make("Masking", rectified, mask_value=0.0)
