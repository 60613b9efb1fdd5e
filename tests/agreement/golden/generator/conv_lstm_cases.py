"""Cases of ConvLSTM1D, ConvLSTM2D and ConvLSTM3D."""

from .draw import layer_case
from .hazards import BACK, SEQUENCES

FIRST = {"data_format": "channels_first"}


def conv(image, kernel_size, **other):
    """A layer for images of this spatial size."""
    axes = len(image)
    return {
        "class": f"ConvLSTM{axes}D", "filters": 2, "image": image, "kernel_size": kernel_size, "strides": [1] * axes,
        "padding": "valid", "data_format": "channels_last", "dilation_rate": [1] * axes, "activation": "tanh",
        "recurrent_activation": "hard_sigmoid", "use_bias": True, **other,
    }


# name -> layer
LAYERS = {
    "1d": conv([6], [3]), "1d_same": conv([5], [2], padding="same", filters=3),
    "1d_strides": conv([7], [3], strides=[2], padding="same", use_bias=False),
    "1d_dilation": conv([8], [3], dilation_rate=[2], activation="relu", recurrent_activation="sigmoid"),
    "1d_first": conv([6], [3], **FIRST, filters=3),
    "2d": conv([5, 4], [3, 2]), "2d_same": conv([4, 5], [2, 3], padding="same", filters=3),
    "2d_strides": conv([7, 6], [3, 2], strides=[2, 3]),
    "2d_strides_same": conv([5, 6], [3, 4], strides=[2, 2], padding="same"),
    "2d_dilation": conv([6, 5], [2, 3], dilation_rate=[3, 2]), "2d_even": conv([4, 3], [4, 2], padding="same", **FIRST),
    "2d_first": conv([4, 5], [3, 2], **FIRST, filters=3, recurrent_activation="sigmoid"),
    "2d_pointwise": conv([3, 2], [1, 1], use_bias=False),
    "3d": conv([3, 4, 3], [2, 3, 2], padding="same"),
}


def conv_lstm_cases(base_seed):
    for k, (name, layer) in enumerate(LAYERS.items()):
        more = [
            {**SEQUENCES}, {"return_state": True, "initial_state": True}, {**BACK, **SEQUENCES, "dtype": "f64"},
            {"mask": "holes", "masked_values": "nan", **SEQUENCES},
        ][k % 4]
        yield layer_case("conv_lstm_" + name, layer, {"sizes": {"B": 2}, **more}, base_seed)
    series = [{"mask": "right"}, {"T": 3}, {"reset": True}, {"reset": "states"}]
    for name in ("1d_same", "2d", "2d_first"):
        settings = {"sizes": {"B": 2}, "stateful": True, "return_state": True, "calls": series}
        yield layer_case("conv_lstm_stateful_" + name, LAYERS[name], settings, base_seed)
    for name, mask in (("1d", "first"), ("2d_same", "everything"), ("2d_first", "left")):
        settings = {"mask": mask, "return_state": True, **BACK}
        yield layer_case("conv_lstm_masked_" + name, LAYERS[name], settings, base_seed)
    for name in ("1d", "2d"):
        settings = {"mask": "holes", "return_sequences": True, "zero_output_for_mask": True}
        yield layer_case("conv_lstm_zero_" + name, LAYERS[name], settings, base_seed)
        settings = {"sizes": {"T": 0}, **SEQUENCES}
        yield layer_case("conv_lstm_no_steps_" + name, LAYERS[name], settings, base_seed)
        settings = {"sizes": {"B": 0}, **SEQUENCES}
        yield layer_case("conv_lstm_no_rows_" + name, LAYERS[name], settings, base_seed)
    for name, merge_mode in (("1d_same", "concat"), ("2d", "ave")):
        both = {"class": "Bidirectional", "merge_mode": merge_mode, "layer": LAYERS[name]}
        yield layer_case("conv_lstm_bidirectional_" + name, both, {"return_sequences": True}, base_seed)
        settings = {"mask": "right", "return_state": True, "return_sequences": merge_mode == "ave"}
        yield layer_case("conv_lstm_bidirectional_masked_" + name, both, settings, base_seed)
    yield from initial_states(base_seed)


def initial_states(base_seed):
    """Cases in both directions, and with masks that are not boolean."""
    for k, (name, merge_mode) in enumerate((("1d_same", "concat"), ("2d", "none"), ("2d_first", "sum"), ("3d", "mul"))):
        both = {"class": "Bidirectional", "merge_mode": merge_mode, "layer": LAYERS[name]}
        common = {"sizes": {"B": 2, "T": 3}, "initial_state": True, "return_state": True}
        settings = {**common, "return_sequences": k % 2 == 0, "dtype": "f64" if k == 2 else "f32"}
        yield layer_case("conv_lstm_bidirectional_initial_" + name, both, settings, base_seed)
        settings = {**common, "mask": "holes", "mask_dtype": ("f32", "i32", "u8", "i64")[k], **BACK}
        yield layer_case("conv_lstm_bidirectional_initial_masked_" + name, both, settings, base_seed)
    both = {"class": "Bidirectional", "merge_mode": "concat", "layer": LAYERS["1d_same"]}
    wrong = {"sizes": {"B": 2}, "initial_state": True, "raises": "ValueError"}
    for given in (3, 2):
        settings = {**wrong, "states_given": given}
        yield layer_case(f"conv_lstm_bidirectional_raises_{given}_states", both, settings, base_seed)
