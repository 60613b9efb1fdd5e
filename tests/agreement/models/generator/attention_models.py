"""Models with MultiHeadAttention in models within: which masks it sees, and which it takes away from later calls.

Keras 3 calls the layers that are farther from an output first, so a model with many layers behind its attention calls
that before a recurrence that reads the same tensor, and one with many layers behind the recurrence calls it later.
"""

from .graphs import start

MODELS = []


def model(function):
    MODELS.append(function)
    return function


def attend(kit, query, value=None, **arguments):
    layer = kit.keras.layers.MultiHeadAttention(num_heads=2, key_dim=kit.pick(2, 3))
    return kit.add(layer, query, value=query if value is None else value, **arguments)


def words(kit, length=5):
    """An embedding of words, four features; 0 is padding."""
    made = kit.keras.Input(shape=(length,), dtype="int32", name=f"tokens_{len(kit.inputs)}")
    kit.inputs.append(made)
    return kit.add(kit.keras.layers.Embedding(6, 4, mask_zero=True), made)


def tower(kit, inside, count=1, lengths=(5, 5)):
    """A model within: `inside` of its inputs."""
    begins = [kit.keras.Input(shape=(lengths[k], 4)) for k in range(count)]
    return kit.keras.Model(begins if count > 1 else begins[0], inside(*begins))


def far(kit, x, layers=4):
    """x behind layers that make all before it deep."""
    for _ in range(layers):
        x = kit.make("Dense", x, 4, activation="tanh")
    return x


def finished(kit, *outputs):
    return kit.keras.Model(kit.inputs, list(outputs) if len(outputs) > 1 else outputs[0])


@model
def a_mask_reaches_attention_within(kit):
    return finished(kit, kit.make("LSTM", kit.add(tower(kit, lambda a: attend(kit, a)), words(kit)), 3))


@model
def attention_within_takes_the_mask_away(kit):
    x = words(kit)
    y = far(kit, kit.add(tower(kit, lambda a: attend(kit, a)), x))
    return finished(kit, y, kit.make("LSTM", x, 3))


@model
def what_was_called_before_keeps_the_mask(kit):
    x = words(kit)
    y = far(kit, kit.make("LSTM", x, 3, return_sequences=True))
    return finished(kit, y, kit.add(tower(kit, lambda a: attend(kit, a)), x))


@model
def recurrences_above_each_other_lose_the_mask(kit):
    x = words(kit)
    y = far(kit, attend(kit, x), 6)
    z = kit.make("LSTM", kit.make("LSTM", x, 4, return_sequences=True), 3)
    return finished(kit, y, z)


@model
def recurrences_in_both_directions_lose_the_mask(kit):
    x = words(kit)
    layers = kit.keras.layers
    y = far(kit, kit.add(tower(kit, lambda a: attend(kit, a)), x), 6)
    z = kit.make("GRU", x, 4, return_sequences=True)
    z = kit.add(layers.Bidirectional(layers.LSTM(2, return_sequences=True)), z)
    return finished(kit, y, kit.make("LSTM", z, 3))


@model
def recurrences_in_both_directions_keep_the_mask(kit):
    layers = kit.keras.layers
    z = kit.make("GRU", words(kit), 4, return_sequences=True)
    z = kit.add(layers.Bidirectional(layers.LSTM(2, return_sequences=True)), z)
    return finished(kit, kit.make("LSTM", z, 3, return_sequences=True))


@model
def models_within_models(kit):
    x = words(kit)
    inner = tower(kit, lambda a: attend(kit, a))
    y = far(kit, kit.add(tower(kit, lambda a: kit.make("Dense", inner(a), 4)), x))
    return finished(kit, y, kit.make("GRU", x, 3))


@model
def dropout_hands_the_same_tensor_on(kit):
    x = words(kit)
    y = far(kit, kit.add(tower(kit, lambda a: attend(kit, kit.make("Dropout", a, 0.5))), x))
    return finished(kit, y, kit.make("GRU", x, 3))


@model
def a_linear_activation_hands_the_same_tensor_on(kit):
    x = words(kit)
    y = far(kit, kit.add(tower(kit, lambda a: attend(kit, kit.make("Activation", a, "linear"))), x))
    return finished(kit, y, kit.make("GRU", x, 3))


@model
def a_model_called_twice(kit):
    x = words(kit)
    shared = tower(kit, lambda a: attend(kit, a))
    return finished(kit, far(kit, kit.add(shared, x)), shared(x), kit.make("LSTM", x, 3))


@model
def a_model_called_with_its_own_answer(kit):
    shared = tower(kit, lambda a: attend(kit, a))
    y = kit.add(shared, words(kit))
    return finished(kit, kit.make("LSTM", shared(y), 3))


@model
def query_and_value_have_masks_of_their_own(kit):
    query, value = words(kit), words(kit)
    y = far(kit, kit.add(tower(kit, lambda q, v: attend(kit, q, v), 2), [query, value]))
    return finished(kit, y, kit.make("LSTM", query, 3), kit.make("LSTM", value, 3))


@model
def a_key_of_its_own(kit):
    query, value = words(kit), words(kit)
    inside = tower(kit, lambda q, v: attend(kit, q, v, key=kit.make("Dense", v, 4), use_causal_mask=True), 2)
    y = far(kit, kit.add(inside, [query, value]))
    return finished(kit, y, kit.make("LSTM", value, 3))


@model
def only_the_value_has_a_mask(kit):
    query = kit.keras.Input(shape=(5, 4), name="sequence_0")
    kit.inputs.append(query)
    value = words(kit)
    y = far(kit, kit.add(tower(kit, lambda q, v: attend(kit, q, v), 2), [query, value]))
    return finished(kit, y, kit.make("LSTM", value, 3))


@model
def masking_within(kit):
    x = start(kit, "sequence", 5)
    x = kit.make("Dense", x, 4, activation="relu")
    inside = tower(kit, lambda a: attend(kit, kit.make("Masking", a)))
    return finished(kit, far(kit, kit.add(inside, x)), kit.make("LSTM", x, 3))


@model
def the_input_comes_out_again(kit):
    x = words(kit)
    again, y = kit.add(tower(kit, lambda a: [a, attend(kit, a)]), x)
    return finished(kit, kit.make("LSTM", again, 3), kit.make("LSTM", y, 3))


@model
def a_recurrence_beside_attention_within(kit):
    def inside(a):
        return [far(kit, attend(kit, a)), kit.make("LSTM", a, 3)]

    y, z = kit.add(tower(kit, inside), words(kit))
    return finished(kit, y, z)


@model
def scores_come_out(kit):
    y, scores = kit.add(tower(kit, lambda a: attend(kit, a, return_attention_scores=True)), words(kit))
    return finished(kit, kit.make("LSTM", y, 3), scores)


@model
def a_transformer_block_twice(kit):
    def block(a):
        y = kit.make("LayerNormalization", kit.make("Add", [a, attend(kit, a)]))
        return kit.make("LayerNormalization", kit.make("Add", [y, kit.make("Dense", y, 4, activation="relu")]))

    y = kit.add(tower(kit, block), kit.add(tower(kit, block), words(kit)))
    return finished(kit, kit.make("GlobalAveragePooling1D", y))


@model
def attention_beside_its_input(kit):
    x = words(kit)
    y = kit.add(tower(kit, lambda a: attend(kit, a)), x)
    return finished(kit, kit.make("GRU", kit.make("Concatenate", [x, y]), 3, return_sequences=True))


@model
def a_decoder_that_looks_at_an_encoder(kit):
    source, target = words(kit, None), words(kit, None)
    encoded = kit.make("LSTM", source, 4, return_sequences=True)
    decoded = kit.make("LSTM", target, 4, return_sequences=True)
    inside = tower(kit, lambda q, v: attend(kit, attend(kit, q, use_causal_mask=True), v), 2, (None, None))
    y = far(kit, kit.add(inside, [decoded, encoded]), 5)
    return finished(kit, y, kit.make("GRU", encoded, 3), kit.make("GRU", decoded, 3))


@model
def a_sequence_of_layers(kit):
    layers = kit.keras.layers
    x = words(kit)
    inside = kit.keras.Sequential([kit.keras.Input((5, 4)), tower(kit, lambda a: attend(kit, a)), layers.Dense(4)])
    y = far(kit, kit.add(inside, x))
    return finished(kit, y, kit.make("LSTM", x, 3))


@model
def attention_around_a_model(kit):
    x = words(kit)
    inside = tower(kit, lambda a: kit.make("GRU", a, 4, return_sequences=True))
    y = far(kit, attend(kit, x), 6)
    return finished(kit, y, kit.make("GRU", kit.add(inside, x), 3))
