"""Entries of layers along time: convolutions, poolings, paddings, recurrences."""

from .kit import entry, is_small, is_static


def is_long(kit, x):
    """Whether a kernel of 3 steps fits in."""
    del kit
    return x.shape[1] is None or x.shape[1] >= 3


@entry("Conv1D", rank=3, when=is_long)
def conv1d(kit, x):
    channels = int(x.shape[-1])
    options = {"padding": kit.pick("valid", "same", "causal"), "activation": kit.activation()}
    options |= kit.pick({}, {"strides": 2}, {"dilation_rate": 2}, {"use_bias": False})
    kernel = kit.pick(1, 2, 3)
    if options["padding"] == "valid" and "dilation_rate" in options:
        kernel = min(kernel, 2)
    filters = kit.units()
    if channels % 2 == 0 and kit.flip(0.3):
        options["groups"] = 2
        filters = kit.pick(2, 4)
    return kit.make("Conv1D", x, filters, kernel, **options)


def pooling(kit, name, x):
    options = {"padding": kit.pick("valid", "same"), "pool_size": kit.pick(2, 3)}
    if kit.flip(0.4):
        options["strides"] = kit.pick(1, 2, 3)
    return kit.make(name, x, **options)


@entry("MaxPooling1D", rank=3, when=is_long)
def max_pooling(kit, x):
    return pooling(kit, "MaxPooling1D", x)


@entry("AveragePooling1D", rank=3, when=is_long)
def average_pooling(kit, x):
    return pooling(kit, "AveragePooling1D", x)


@entry("GlobalMaxPooling1D", rank=3)
def global_max_pooling(kit, x):
    return kit.make("GlobalMaxPooling1D", x, keepdims=kit.flip(0.2))


@entry("GlobalAveragePooling1D", rank=3)
def global_average_pooling(kit, x):
    return kit.make("GlobalAveragePooling1D", x, keepdims=kit.flip(0.2))


@entry("ZeroPadding1D", rank=3, when=is_small)
def zero_padding(kit, x):
    return kit.make("ZeroPadding1D", x, padding=kit.pick(1, (0, 2), (2, 1)))


@entry("Cropping1D", rank=3, when=is_long)
def cropping(kit, x):
    return kit.make("Cropping1D", x, cropping=kit.pick(1, (0, 1), (2, 0)))


@entry("UpSampling1D", rank=3, when=is_small)
def up_sampling(kit, x):
    return kit.make("UpSampling1D", x, size=2)


def cell_options(kit):
    if kit.flip(0.6):
        return {}
    return kit.pick({"activation": "relu"}, {"use_bias": False}, {"activation": "softsign"}, {"dropout": 0.3})


def run_options(kit, sequences=None):
    options = {"return_sequences": kit.flip(0.65) if sequences is None else sequences}
    if kit.flip(0.2):
        options["go_backwards"] = True
    if kit.stateful:
        options["stateful"] = True
    return options


def recurrent(kit, name, x):
    options = cell_options(kit) | run_options(kit)
    if name == "GRU" and kit.flip(0.3):
        options["reset_after"] = False
    if name == "LSTM" and kit.flip(0.2):
        options["recurrent_activation"] = "hard_sigmoid"
    if not kit.chain and kit.flip(0.2):
        options["return_state"] = True
    return kit.make(name, x, kit.units(), **options)


@entry("SimpleRNN", rank=3)
def simple_rnn(kit, x):
    return recurrent(kit, "SimpleRNN", x)


@entry("LSTM", rank=3)
def lstm(kit, x):
    return recurrent(kit, "LSTM", x)


@entry("GRU", rank=3)
def gru(kit, x):
    return recurrent(kit, "GRU", x)


def random_cell(kit):
    return getattr(kit.keras.layers, kit.pick("SimpleRNNCell", "LSTMCell", "GRUCell"))(kit.units())


@entry("RNN", rank=3)
def rnn(kit, x):
    cell = random_cell(kit) if kit.flip() else [random_cell(kit), random_cell(kit)]
    return kit.make("RNN", x, cell, **run_options(kit))


@entry("Bidirectional", rank=3)
def bidirectional(kit, x):
    layers = kit.keras.layers
    name = kit.pick("LSTM", "GRU", "SimpleRNN")
    options = run_options(kit)
    options.pop("go_backwards", None)
    inner = getattr(layers, name)(kit.units(), **options)
    return kit.add(layers.Bidirectional(inner, merge_mode=kit.pick("concat", "sum", "mul", "ave")), x)


@entry("TimeDistributed", rank=(3, 4))
def time_distributed(kit, x):
    layers = kit.keras.layers
    inner = layers.Dense(kit.units(), activation=kit.activation())
    if len(x.shape) == 4 and kit.flip(0.7):
        inner = kit.pick(layers.Flatten, layers.GlobalAveragePooling1D, lambda: layers.LSTM(kit.units()))()
    elif len(x.shape) == 3 and is_small(kit, x) and is_static(kit, x) and kit.flip(0.3):
        inner = layers.RepeatVector(2)
    return kit.add(layers.TimeDistributed(inner), x)


def frames(kit, x, spatial):
    """A sequence (B, T, C) as frames (B, T, R..., F), with its mask."""
    layers = kit.keras.layers
    wide = kit.make("Dense", x, 6 if spatial == 1 else 18)
    return kit.add(layers.TimeDistributed(layers.Reshape((3, 2) if spatial == 1 else (3, 3, 2))), wide)


@entry("ConvLSTM1D", rank=3, when=lambda kit, x: x.shape[1] is not None and not kit.stateful)
def conv_lstm_1d(kit, x):
    padding = kit.pick("same", "valid")
    sequences = kit.flip(0.3)
    return kit.make("ConvLSTM1D", frames(kit, x, 1), 2, 2, padding=padding, return_sequences=sequences)


@entry("ConvLSTM2D", rank=3, when=lambda kit, x: x.shape[1] is not None and not kit.stateful)
def conv_lstm_2d(kit, x):
    made = kit.make("ConvLSTM2D", frames(kit, x, 2), 2, 2, padding=kit.pick("same", "valid"))
    return kit.make("Flatten", made)
