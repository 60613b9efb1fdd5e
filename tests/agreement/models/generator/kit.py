"""What all entries of the catalogue build with: Keras, random choices, and the tensors made so far."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """A class of layer, and how a random one of it is put behind a tensor."""

    name: str
    fits: callable  # (kit, tensor) -> bool
    apply: callable  # (kit, tensor) -> a tensor or a list of tensors
    versions: tuple = (2, 3)


CATALOGUE: list[Entry] = []


def entry(name, rank=None, when=None, versions=(2, 3)):
    """Registers a function as an entry for tensors of some ranks, batch included."""
    ranks = (rank,) if isinstance(rank, int) else rank

    def fits(kit, x):
        if ranks is not None and len(x.shape) not in ranks:
            return False
        return x.shape[-1] is not None and (when is None or when(kit, x))

    def register(function):
        CATALOGUE.append(Entry(name, fits, function, versions))
        return function

    return register


def is_static(kit, x):
    """Whether all sizes but the batch are known."""
    del kit
    return all(size is not None for size in x.shape[1:])


def row_size(x):
    """Elements of a row; an unknown length counts as 5."""
    size = 1
    for n in x.shape[1:]:
        size *= 5 if n is None else n
    return size


def is_small(kit, x):
    del kit
    return row_size(x) <= 24


def is_small_and_static(kit, x):
    return is_static(kit, x) and is_small(kit, x)


@dataclass
class Kit:
    keras: object
    rng: object  # numpy.random.Generator
    stateful: bool = False
    chain: bool = False  # layers of one input and one output only, as Sequential has them
    empty_rows: bool = True  # whether a row may have no step that counts; its mean is no number
    pool: list = field(default_factory=list)
    inputs: list = field(default_factory=list)
    mask_values: dict = field(default_factory=dict)  # name of an input: the value that its masked steps have
    layers: list = field(default_factory=list)  # in the order of their making

    @property
    def version(self):
        return int(self.keras.__version__.split(".")[0])

    def pick(self, *choices):
        return choices[int(self.rng.integers(len(choices)))]

    def flip(self, probability=0.5):
        return bool(self.rng.random() < probability)

    def add(self, layer, x, **arguments):
        """Calls a layer, which becomes part of the model."""
        result = layer(x, **arguments)
        self.layers.append(layer)
        return result

    def make(self, name, x, *arguments, **options):
        return self.add(getattr(self.keras.layers, name)(*arguments, **options), x)

    def activation(self):
        if self.flip(0.7):
            return self.pick("tanh", "relu", "linear", "sigmoid")
        return self.pick("elu", "selu", "softplus", "softsign", "gelu", "hard_sigmoid", "swish")

    def units(self):
        return self.pick(2, 3, 4)

    def is_masked(self, x):
        tensors = x if isinstance(x, (list, tuple)) else [x]
        return any(getattr(tensor, "_keras_mask", None) is not None for tensor in tensors)

    def without_mask(self, x):
        """A tensor of the same shape without a mask: of a layer through which no mask goes."""
        if len(x.shape) == 3:
            return self.make("UpSampling1D", x, size=1)
        return self.make("Reshape", x, tuple(x.shape[1:])) if is_static(self, x) else x

    def partner(self, x):
        """Another tensor of the shape of x: one there is, or a new one; with x's mask, another mask or none."""
        equal = [other for other in self.pool if other is not x and tuple(other.shape) == tuple(x.shape)]
        if equal and is_static(self, x) and self.flip(0.6):  # unknown lengths may differ
            return equal[int(self.rng.integers(len(equal)))]
        other = self.make("Dense", x, int(x.shape[-1]), activation=self.pick("tanh", "sigmoid"))
        if self.flip(0.3):
            return self.without_mask(other)
        if len(x.shape) == 3 and self.flip(0.3):
            return self.make("Masking", self.make("ReLU", self.make("Dense", x, int(x.shape[-1]))), mask_value=0.0)
        return other
