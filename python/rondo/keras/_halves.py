"""The two layers of a Bidirectional: what they share, and how their states and outputs come together."""

from .. import _nest
from ._libraries import concatenated
from ._rnn import RNN

SHARED = ("return_sequences", "return_state", "stateful", "time_major")


def check_halves(forward, backward):
    """Raises ValueError for a backward layer that does not fit the forward one."""
    if not isinstance(backward, RNN):
        raise ValueError("`backward_layer` need to be a `rondo.keras.layers.RNN` instance. "
                         f"Received: {backward!r}")
    if forward.go_backwards == backward.go_backwards:
        raise ValueError("Forward layer and backward layer should have different `go_backwards` value. Received: "
                         f"forward_layer.go_backwards {forward.go_backwards}, "
                         f"backward_layer.go_backwards={backward.go_backwards}")
    for name in (*SHARED, "dtype"):
        if getattr(forward, name) != getattr(backward, name):
            raise ValueError("Forward layer and backward layer are expected to have the same value for attribute "
                             f'"{name}", got "{getattr(forward, name)}" for forward layer and '
                             f'"{getattr(backward, name)}" for backward layer')


def half_states(name, states):
    """The states of the forward layer and of the backward one, of a list of both."""
    if states is None:
        return None, None
    if not isinstance(states, (list, tuple)) or len(states) % 2:
        raise ValueError("If passing `initial_state` to a Bidirectional RNN, the state should be a list containing an "
                         f"even number of states. Received for {name}: {_nest.describe(states)}")
    return states[:len(states) // 2], states[len(states) // 2:]


def merged(forward, backward, merge_mode):
    """The output of a Bidirectional, of those of its layers."""
    if merge_mode is None:
        return forward, backward
    if _nest.is_nested(forward) or _nest.is_nested(backward):
        raise ValueError(f"merge_mode: got {merge_mode!r} for cells with several outputs, expected None")
    if merge_mode == "concat":
        return concatenated([forward, backward])
    if tuple(forward.shape) != tuple(backward.shape):
        raise ValueError(
            f"backward_layer: got an output {tuple(backward.shape)}, expected {tuple(forward.shape)} as of "
            f"the forward layer, for merge_mode {merge_mode!r}"
        )
    if merge_mode == "mul":
        return forward * backward
    return forward + backward if merge_mode == "sum" else (forward + backward) / 2


def layer_config(layer):
    return {"class_name": type(layer), "config": layer.get_config()}


def mirrored(layer):
    """A layer with the same configuration that reads time in the other direction."""
    config = layer.get_config()
    config["name"] = "backward_" + layer.name
    config["go_backwards"] = not layer.go_backwards
    _raise_seeds(config)
    return type(layer).from_config(config)


def _raise_seeds(config):
    """Makes each seed of dropout greater by one, else both directions would drop the same elements."""
    if isinstance(config.get("seed"), int):
        config["seed"] += 1
    for value in config.values():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, dict) and isinstance(child.get("class_name"), type):
                _raise_seeds(child["config"])
