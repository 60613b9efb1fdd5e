"""The shapes of every step function and layer, with the dimension names of the README."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    inputs: tuple = (("I",),)  # without the axes T and B
    states: tuple = (("H",),)  # without the axis B
    constants: tuple = ()
    weights: dict = field(default_factory=dict)
    output_like_state: bool = True  # the output has the shape of states[0]
    rank_zero_states: int = 0  # states without any axis, after the others


SQUARE = ("H", "H")
PLAIN = {"kernel": ("I", "H"), "recurrent_kernel": SQUARE}
BIASED = {**PLAIN, "bias": ("H",)}
GRU = {"kernel": ("I", "3H"), "recurrent_kernel": ("H", "3H")}

STEPS = {
    "minimal": Step(weights=PLAIN),
    "simple_rnn": Step(weights=BIASED),
    "lstm": Step(
        states=(("H",), ("H",)),
        weights={"kernel": ("I", "4H"), "recurrent_kernel": ("H", "4H"), "bias": ("4H",)},
    ),
    "gru_reset_after": Step(weights={**GRU, "bias": ("2", "3H")}),
    "gru_reset_before": Step(weights={**GRU, "bias": ("3H",)}),
    "projected_output": Step(weights={**BIASED, "projection": ("H", "P")}, output_like_state=False),
    "nested_input": Step(
        inputs=(("I",), ("J",)),
        weights={"kernel_a": ("I", "H"), "kernel_b": ("J", "H"), "recurrent_kernel": SQUARE},
    ),
    "nested_output": Step(weights={**PLAIN, "kernel2": ("I", "P")}, output_like_state=False),
    "nested_state": Step(
        states=(("H",), ("H",)),
        weights={"kernel": ("I", "2H"), "recurrent_kernel": ("H", "2H")},
    ),
    "constants": Step(constants=(("B", "P"),), weights={**PLAIN, "constant_kernel": ("P", "H")}),
    "attention": Step(constants=(("B", "S", "H"),), weights={**PLAIN, "context_kernel": SQUARE}),
    "matrix_state": Step(states=(("R", "H"),), weights=PLAIN, output_like_state=False),
    "matrix_input": Step(inputs=(("R", "I"),), states=(("R", "H"),), weights=PLAIN),
    "counter": Step(states=(("H",), ("1",)), weights=BIASED, output_like_state=False),
    "stateless": Step(states=(), weights={"kernel": ("I", "H")}, output_like_state=False),
    "rank_zero_counter": Step(weights=BIASED, rank_zero_states=1),
}


def resolve(shape, sizes):
    """Converts a shape such as ("I", "4H") to numbers."""
    numbers = []
    for axis in shape:
        factor = axis.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        letter = axis[len(factor) :]
        numbers.append(int(factor or 1) * sizes.get(letter, 1))
    return tuple(numbers)


def cells_of(layer):
    """The descriptions of a layer's cells. LSTM(...) is one LSTMCell."""
    return layer["cells"] if layer["class"] == "RNN" else [layer]


def kind_of(cell):
    return cell["class"].removesuffix("Cell")


def cell_weights(cell, inputs):
    """{name: shape} of a cell's weights, in Keras's order. `inputs` are the shapes of a step's leaves."""
    units, input_size = cell["units"], inputs[0][-1]
    if kind_of(cell) == "Nested":
        return {"kernel_1": (input_size, units[0]), "kernel_2_3": inputs[1] + tuple(units[1:])}
    if kind_of(cell) == "NestedState":
        return {"kernel": (input_size, 2 * units), "recurrent_kernel": (units, 2 * units)}
    gates = {"LSTM": 4, "GRU": 3}.get(kind_of(cell), 1)
    weights = {"kernel": (input_size, gates * units), "recurrent_kernel": (units, gates * units)}
    if cell.get("use_bias"):
        bias = (gates * units,)
        weights["bias"] = (2,) + bias if cell.get("reset_after") else bias
    if kind_of(cell) == "InitialState":
        weights["initial"] = (units,)
    return weights


def directions_of(layer):
    """The layers of a Bidirectional, forward first; another layer is its only direction."""
    if layer["class"] != "Bidirectional":
        return {"": layer}
    return {"forward/": layer["layer"], "backward/": layer.get("backward_layer", layer["layer"])}


def is_convolutional(layer):
    return layer["class"].startswith("ConvLSTM")


def image_shape(layer, axes, channels):
    axes = tuple(axes)
    return (channels,) + axes if layer["data_format"] == "channels_first" else axes + (channels,)


def convolved(layer):
    """The spatial sizes of the result of the inputs' convolution."""
    sizes = []
    for n, k, stride, dilation in zip(layer["image"], layer["kernel_size"], layer["strides"], layer["dilation_rate"]):
        reach = 1 if layer["padding"] == "same" else (k - 1) * dilation + 1
        sizes.append((n - reach) // stride + 1)
    return sizes


def layer_inputs(layer, sizes):
    """The shapes of the inputs of a step without the axis B."""
    layer = next(iter(directions_of(layer).values()))
    if is_convolutional(layer):
        return [image_shape(layer, layer["image"], sizes["I"])]
    nested = kind_of(cells_of(layer)[0]) == "Nested" if layer["class"] == "RNN" else False
    return [(sizes["I"],), (sizes["J"], sizes["R"])] if nested else [(sizes["I"],)]


def layer_weights(layer, sizes):
    weights = {}
    for direction, one in directions_of(layer).items():
        weights.update({direction + name: shape for name, shape in direction_weights(one, sizes).items()})
    return weights


def direction_weights(layer, sizes):
    weights, inputs = {}, layer_inputs(layer, sizes)
    if is_convolutional(layer):
        size, gates = tuple(layer["kernel_size"]), 4 * layer["filters"]
        weights = {"kernel": size + (sizes["I"], gates), "recurrent_kernel": size + (layer["filters"], gates)}
        return {**weights, "bias": (gates,)} if layer["use_bias"] else weights
    for index, cell in enumerate(cells_of(layer)):
        prefix = f"{index}/" if layer["class"] == "RNN" else ""
        for name, shape in cell_weights(cell, inputs).items():
            weights[prefix + name] = shape
        inputs = [(cell["units"],)]
    return weights


def layer_states(layer):
    """The shape of every state leaf without the axis B."""
    return [shape for one in directions_of(layer).values() for cell in cells_of(one) for shape in cell_states(cell)]


def cell_states(cell):
    if is_convolutional(cell):
        return [image_shape(cell, convolved(cell), cell["filters"])] * 2
    units = cell["units"]
    if kind_of(cell) == "Nested":
        return [(units[0],), tuple(units[1:])]
    if kind_of(cell) == "NestedState":
        return [(units,), (units,), (1,)]
    return [(units,)] * (2 if kind_of(cell) == "LSTM" else 1)
