"""Entries of layers of several tensors: merges and attention."""

from .kit import entry, is_small, is_static


def joins(*conditions):
    """A condition of an entry: not in a chain, and all of the conditions."""
    return lambda kit, x: not kit.chain and all(condition(kit, x) for condition in conditions)


def merge(kit, name, x, count):
    return kit.make(name, [x] + [kit.partner(x) for _ in range(count - 1)])


def add_merge(name, most):
    @entry(name, rank=(2, 3), when=joins())
    def apply(kit, x):
        if name != "Subtract" and len(x.shape) == 3 and kit.flip(0.15):  # a vector beside a sequence
            return kit.make(name, [x, kit.make("Dense", kit.make("GlobalMaxPooling1D", x), int(x.shape[-1]))])
        return merge(kit, name, x, int(kit.rng.integers(2, most + 1)))

    return apply


for merge_name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
    add_merge(merge_name, 2 if merge_name == "Subtract" else 3)


@entry("Concatenate", rank=(2, 3), when=joins(is_small))
def concatenate(kit, x):
    other = kit.make("Dense", x, kit.units()) if kit.flip(0.4) else kit.partner(x)
    equal = other.shape[-1] == x.shape[-1]
    # Keras 2 cannot join a mask with a missing one along time.
    along_time = equal and len(x.shape) == 3 and kit.is_masked(other) == kit.is_masked(x) and kit.flip(0.5)
    return kit.make("Concatenate", [x, other], axis=1 if along_time else -1)


@entry("Dot", rank=(2, 3), when=joins(is_static, is_small))
def dot(kit, x):
    axes = -1 if len(x.shape) == 2 else kit.pick(-1, 1, 2)
    return kit.make("Dot", [x, kit.partner(x)], axes=axes, normalize=kit.flip(0.3))


def other_sequence(kit, x):
    """A sequence of the features of x, of the same or another length, with or without a mask."""
    others = [y for y in kit.pool if len(y.shape) == 3 and y.shape[-1] == x.shape[-1] and y is not x]
    if others and kit.flip(0.7):
        return others[int(kit.rng.integers(len(others)))]
    return kit.partner(x)


def score_options(kit):
    return {"use_causal_mask": True} if kit.flip(0.3) else {}


def attend(kit, layer, x):
    value = other_sequence(kit, x)
    arguments = [x, value]
    if kit.flip(0.3):
        arguments.append(kit.make("Dense", value, int(x.shape[-1])))
    options = score_options(kit)
    if kit.flip(0.2):
        options["return_attention_scores"] = True
    return kit.add(layer, arguments, **options)


@entry("Attention", rank=3, when=joins())
def attention(kit, x):
    options = kit.pick({}, {"use_scale": True}, {"score_mode": "concat"}, {"use_scale": True, "score_mode": "concat"})
    return attend(kit, kit.keras.layers.Attention(**options), x)


@entry("AdditiveAttention", rank=3, when=joins())
def additive_attention(kit, x):
    return attend(kit, kit.keras.layers.AdditiveAttention(**kit.pick({}, {"use_scale": False})), x)


def attention_mask(kit, x, value):
    """An input that says which step may look at which step: (B, T, S) booleans."""
    shape = (x.shape[1], value.shape[1])
    batch = {"batch_size": x.shape[0]} if kit.stateful else {}
    made = kit.keras.Input(shape=shape, dtype="bool", name=f"attention_mask_{len(kit.inputs)}", **batch)
    kit.inputs.append(made)
    return made


@entry("MultiHeadAttention", rank=3, when=joins())
def multi_head_attention(kit, x):
    options = kit.pick({}, {"use_bias": False}, {"value_dim": 3}, {"output_shape": 3})
    layer = kit.keras.layers.MultiHeadAttention(num_heads=2, key_dim=kit.pick(2, 3), **options)
    value = x if kit.flip(0.4) else other_sequence(kit, x)
    arguments = {"value": value} | score_options(kit)
    if kit.flip(0.2):
        arguments["key"] = kit.make("Dense", value, int(x.shape[-1]))
    if kit.flip(0.25):
        arguments["attention_mask"] = attention_mask(kit, x, value)
    if kit.flip(0.2):
        arguments["return_attention_scores"] = True
    return kit.add(layer, x, **arguments)


@entry("encoder and decoder", rank=3, when=joins(lambda kit, x: not kit.stateful))
def encoder_and_decoder(kit, x):
    """A decoder that begins with the last states of an encoder, as in translation."""
    name, units = kit.pick("LSTM", "GRU"), kit.units()
    layer = getattr(kit.keras.layers, name)
    target = other_sequence(kit, x)
    states = kit.add(layer(units, return_state=True), x)[1:]
    return kit.add(layer(units, return_sequences=True), target, initial_state=states)
