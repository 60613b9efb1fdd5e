"""Random models: chains and graphs of entries of the catalogue."""

from . import joining_layers, plain_layers, time_layers  # noqa: F401, they fill the catalogue
from .kit import CATALOGUE, Kit, entry, is_static, row_size

LARGEST_ROW = 96


def batch_of(kit):
    return {"batch_size": 3} if kit.stateful else {}


def start(kit, kind, length):
    """A new input, and what often follows it: an Embedding, a Masking."""
    layers, number = kit.keras.layers, len(kit.inputs)
    shape = {"tokens": (length,), "sequence": (length, kit.pick(2, 3)), "vector": (kit.pick(3, 4),)}[kind]
    dtype = "int32" if kind == "tokens" else "float32"
    made = kit.keras.Input(shape=shape, dtype=dtype, name=f"{kind}_{number}", **batch_of(kit))
    kit.inputs.append(made)
    if kind == "tokens":
        return kit.add(layers.Embedding(6, kit.pick(2, 3, 4), mask_zero=kit.flip(0.65)), made)
    if kind == "sequence" and kit.flip(0.65):
        value = kit.pick(0.0, -1.0)
        kit.mask_values[made.name.split(":")[0]] = value
        return kit.add(layers.Masking(value), made)
    return made


def choose(kit, counts, sources, unwanted=()):
    """The entry and the tensor that were together the least often so far."""
    offers = []
    for age, x in enumerate(reversed(sources)):
        masked = kit.is_masked(x)
        for candidate in CATALOGUE:
            if kit.version in candidate.versions and candidate.name not in unwanted and candidate.fits(kit, x):
                rank = counts.get((candidate.name, masked), 0) + 2 * kit.rng.random() + (1 if age > 1 else 0)
                offers.append((rank, candidate.name, candidate, x, masked))
    return min(offers, key=lambda offer: offer[:2])[2:]


def count(counts, name, masked):
    counts[name, masked] = counts.get((name, masked), 0) + 1


def chain(kit, counts, x, steps, unwanted=()):
    """Layers behind each other, from x on."""
    for _ in range(steps):
        chosen, x, masked = choose(kit, counts, [x], unwanted)
        x = chosen.apply(kit, x)
        count(counts, chosen.name, masked)
    return x


# What needs to know of a mask, or to have other tensors, when the layer is made.
NOT_INSIDE = ("Softmax", "nested Functional", "nested Sequential", "Normalization")


def inner_kit(kit):
    return Kit(kit.keras, kit.rng, stateful=kit.stateful, chain=True)


def inner_chain(kit, x):
    inner = inner_kit(kit)
    size = {"batch_size": x.shape[0]} if kit.stateful else {}
    begin = kit.keras.Input(shape=tuple(x.shape[1:]), **size)
    return inner, begin, chain(inner, {}, begin, kit.pick(2, 3), NOT_INSIDE)


@entry("nested Functional", rank=(2, 3), when=lambda kit, x: row_size(x) <= 36)
def nested_functional(kit, x):
    _, begin, end = inner_chain(kit, x)
    return kit.add(kit.keras.Model(begin, end), x)


@entry("nested Sequential", rank=(2, 3), when=lambda kit, x: row_size(x) <= 36)
def nested_sequential(kit, x):
    inner, begin, _ = inner_chain(kit, x)
    return kit.add(kit.keras.Sequential([begin, *inner.layers]), x)


def sequential_model(kit, counts, steps):
    kit.chain = True
    length = None if kit.flip(0.3) else kit.pick(4, 5, 6)
    end = chain(kit, counts, start(kit, kit.pick("tokens", "sequence"), length), steps)
    del end
    return kit.keras.Sequential([kit.inputs[0], *kit.layers])


def share(kit, results):
    """Calls a layer a second time, on another tensor of the shape that the layer was made for."""
    for layer in kit.layers:
        shape = getattr(layer, "input_shape", None) if kit.version == 2 else getattr(getattr(layer, "input", None), "shape", None)
        if not isinstance(shape, tuple) or not layer.weights or kit.stateful:
            continue
        fitting = [x for x in kit.pool if tuple(x.shape) == shape and x is not layer.input]
        if fitting:
            results.append(layer(fitting[0]))
            return True
    return False


def functional_model(kit, counts, steps, kinds, shared=False):
    length = None if kit.flip(0.35) else kit.pick(4, 5, 6)
    kit.pool = [start(kit, kind, length) for kind in kinds]
    used, results = set(), list(kit.pool)
    for _ in range(steps):
        sources = [x for x in kit.pool if row_size(x) <= LARGEST_ROW]
        chosen, x, masked = choose(kit, counts, sources)
        made = chosen.apply(kit, x)
        used.add(id(x))
        made = list(made) if isinstance(made, (list, tuple)) else [made]
        kit.pool += made
        results += made
        count(counts, chosen.name, masked)
    if shared and share(kit, results):
        count(counts, "shared layer", False)
    outputs = [x for x in results if id(x) not in used]
    return kit.keras.Model(kit.inputs, outputs if len(outputs) > 1 else outputs[0])


__all__ = ["functional_model", "sequential_model", "is_static"]
