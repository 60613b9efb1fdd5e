"""The golden cases of tf.keras.layers through NumPy, and through PyTorch's autograd where it records."""

import numpy
import pytest
import keras_steps as steps
from golden import GoldenCase, case_names

from rondo import _nest
from rondo.keras import layers
from rondo.keras._shapes import first_shape, shape_nest

_NAMES = case_names("layer", "bidirectional")


def _make_cell(description, dtype):
    arguments = dict(description, dtype=dtype)
    name = arguments.pop("class")
    return getattr(layers, name, None or getattr(steps, name, None))(**arguments)


def _make_layer(description, options, dtype):
    arguments = dict(description)
    name = arguments.pop("class")
    arguments.pop("image", None)
    flags = {key: value for key, value in options.items() if key != "calls"}
    if name.startswith("ConvLSTM"):
        flags.pop("unroll")
    if name != "RNN":
        return getattr(layers, name)(**arguments, **flags, dtype=dtype)
    cells = [_make_cell(cell, dtype) for cell in arguments.pop("cells")]
    return layers.RNN(cells[0] if len(cells) == 1 else cells, **arguments, **flags, dtype=dtype)


def _make(case):
    description, dtype = case.description["layer"], case.dtype
    if description["class"] != "Bidirectional":
        return _make_layer(description, case.options, dtype)
    forward = _make_layer(description["layer"], case.options, dtype)
    backward = None
    if "backward_layer" in description:
        options = dict(case.options, go_backwards=not case.options["go_backwards"])
        backward = _make_layer(description["backward_layer"], options, dtype)
    merge_mode = description["merge_mode"]
    return layers.Bidirectional(forward, None if merge_mode == "none" else merge_mode, backward_layer=backward)


def _weights(case, layer, prefix="weight/"):
    """The arrays in the order of get_weights: for each layer and each cell, by the names of its weights."""
    if isinstance(layer, layers.Bidirectional):
        return [*_weights(case, layer.forward_layer, prefix + "forward/"),
                *_weights(case, layer.backward_layer, prefix + "backward/")]
    single = not isinstance(layer.cell, layers.StackedRNNCells)
    cells = [layer.cell] if single else layer.cell.cells
    numbered = type(layer) is layers.RNN
    return [case.arrays[f"{prefix}{k}/{record.name}" if numbered else prefix + record.name]
            for k, cell in enumerate(cells) for record in cell.records()]


def _pack(layer, leaves):
    """Flat states in the structure of the layer's; as they are where their number is wrong on purpose."""
    if not leaves:
        return None
    parts = [layer.forward_layer, layer.backward_layer] if isinstance(layer, layers.Bidirectional) else [layer]
    structure = [state for part in parts for state in part.state_structure()]
    return _nest.pack(structure, leaves) if len(leaves) == len(_nest.flatten(structure)) else leaves


def _call(case, layer, prefix, training, convert):
    def get(name):
        return case.get(prefix + name)

    inputs = _nest.map_leaves(convert, case.nest(prefix + "input"))
    given = {name: get(name) for name in ("mask", "lengths", "resets") if get(name) is not None}
    states = {argument: _pack(layer, [convert(leaf) for leaf in case.leaves(prefix + name)])
              for argument, name in (("initial_state", "initial_state"), ("reset_state", "piece_state"))}
    shape = layer.compute_output_shape(shape_nest(inputs))
    result = layer(inputs, **given, **states, training=training)
    count = len(case.leaves(prefix + "expected/output")) or 1
    flat = _nest.flatten(list(result) if isinstance(result, (list, tuple)) else [result])
    assert first_shape(shape) == tuple(flat[0].shape)
    assert all(hasattr(leaf, "requires_grad") == hasattr(_nest.flatten(inputs)[0], "requires_grad") for leaf in flat)
    flat = [leaf.detach() if hasattr(leaf, "detach") else leaf for leaf in flat]
    case.check(prefix + "expected/output", flat[:count])
    case.check(prefix + "expected/state", flat[count:])


def _check(case, convert):
    layer = _make(case)
    calls = case.options.get("calls", [{}])
    prefixes = [f"call/{n}/" for n in range(len(calls))] if "calls" in case.options else [""]
    layer.build_once(shape_nest(case.nest(prefixes[0] + "input")))
    layer.set_weights(_weights(case, layer))
    for call, prefix in zip(calls, prefixes):
        if call.get("reset_states_before") is True:
            layer.reset_states()
        elif call.get("reset_states_before") == "states":
            layer.reset_states(_pack(layer, case.leaves(prefix + "reset_state")))
        _call(case, layer, prefix, call.get("training", False), convert)


def _recorded(array):
    torch = pytest.importorskip("torch")
    return torch.from_numpy(array.copy()).requires_grad_()


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("convert", [lambda array: array, _recorded], ids=["numpy", "torch_recorded"])
def test_golden(name, convert):
    case = GoldenCase(name)
    with numpy.errstate(all="ignore"):
        if case.description.get("raises"):
            with pytest.raises(ValueError):
                _check(case, convert)
        else:
            _check(case, convert)


def test_there_are_many_cases():
    assert len(_NAMES) > 600
