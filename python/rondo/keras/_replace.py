"""rondo.keras.replace: the recurrent layers of a living Keras 3 model run by Rondo."""

import json
import sys

from .. import _rondo
from .._arrays import as_tensor
from .._report import Left, Report
from ._files_layers import make_layer
from ._replace_calls import RondoCall

_RECURRENT = ("SimpleRNN", "LSTM", "GRU", "RNN", "Bidirectional")
_ATTRIBUTES = ("layers", "_layers", "layer")  # of models, of every layer of Keras 3, of wrappers


def replace(model) -> Report:
    """Has the recurrent layers in `model`, a Keras 3 model or layer, run by Rondo from now on, in place. Returns a
    Report.

    Only the computation of a call changes: the model keeps its layers, names and weights, and can be saved. A call
    after the weights have changed uses the new ones. Keras's own code still runs with training=True, and, with a
    warning at the first time, where PyTorch would record gradients (outside of torch.no_grad()), and while JAX or
    TensorFlow traces a function, as predict() does unless the model is compiled with run_eagerly=True. TensorFlow's
    GradientTape does not see through a call with training=False.

    Stays as it is: a subclass, a stateful layer, one without weights yet, one that computes in another dtype than its
    weights have, and one with a cell, an activation or an option that Rondo does not have. The report says why.

    >>> print(rondo.keras.replace(model))
    replaced encoder
    left decoder: it is stateful, and Keras keeps its states
    """
    report = Report([], [])
    _visit(model, getattr(model, "name", "model"), report, set(), is_root=True)
    return report


def _visit(layer, path, report, seen, is_root=False):
    if id(layer) in seen:
        return
    seen.add(id(layer))
    if _is_recurrent(layer):
        _replace_layer(layer, path, report)
        return
    for child in _children(layer):
        name = getattr(child, "name", type(child).__name__)
        _visit(child, name if is_root else f"{path}/{name}", report, seen)


def _children(layer):
    for attribute in _ATTRIBUTES:
        found = getattr(layer, attribute, None)
        found = found if isinstance(found, (list, tuple)) else [found]
        yield from (child for child in found if hasattr(child, "get_config") and hasattr(child, "get_weights"))


def _is_recurrent(layer):
    return any(base.__name__ in _RECURRENT and _is_keras(base) for base in type(layer).__mro__)


def _is_keras(kind):
    return kind.__module__.partition(".")[0] in ("keras", "tf_keras")


def _replace_layer(layer, path, report):
    reason = _why_not(layer)
    if reason is None:
        try:
            call = RondoCall(layer, lambda: _loaded(layer, path))
        except (ValueError, TypeError) as error:
            reason = str(error)
    if reason is not None:
        report.left.append(Left(path, reason))
        return
    vars(layer)["call"] = call  # not setattr, which Keras and PyTorch watch for layers and weights
    report.replaced.append(path)


def _why_not(layer):
    """Why Rondo cannot run the layer, as far as its attributes tell; None otherwise."""
    if type(layer).__name__ not in _RECURRENT and _is_keras(type(layer)):
        return f"Rondo replaces no {type(layer).__name__}"
    if not _is_keras(type(layer)):
        return f"it is a subclass, {type(layer).__qualname__}, which may compute something else"
    if int(_version(layer).partition(".")[0]) < 3:
        return f"it is a layer of Keras {_version(layer)}, expected Keras 3"
    if not getattr(layer, "built", True):
        return "it has no weights yet: call the model first"
    own = vars(layer).get("call")
    if own is not None and not isinstance(own, RondoCall):
        return "its call is replaced"
    if getattr(layer, "stateful", False):
        return "it is stateful, and Keras keeps its states"
    compute, variable = (str(getattr(layer, name, None)) for name in ("compute_dtype", "variable_dtype"))
    if compute != variable:
        return f"it computes in {compute} with weights of {variable}"
    return None


def _version(layer):
    """The version of the Keras that the layer is of; "3" where that is not to be seen."""
    module = sys.modules.get(type(layer).__module__.partition(".")[0])
    return getattr(module, "__version__", "3")


def _loaded(layer, path):
    """A layer of Rondo's with the configuration and the weights that Keras's layer has now."""
    configuration = json.dumps({"class_name": type(layer).__name__, "config": _plain(layer.get_config())})
    weights = [as_tensor(weight, f"{path}: weights") for weight in layer.get_weights()]
    source = _rondo.read_keras_layer(configuration, _version(layer), path, weights)
    if source.problem:
        raise ValueError(source.problem)
    return make_layer(source)


def _plain(config):
    """A configuration as JSON has it: tuples as lists, and anything else by its name."""
    if isinstance(config, dict):
        return {str(key): _plain(value) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [_plain(value) for value in config]
    if config is None or isinstance(config, (bool, int, float, str)):
        return config
    if hasattr(config, "item"):
        return config.item()  # a number of NumPy's
    if hasattr(config, "get_config"):
        return {"class_name": type(config).__name__, "config": _plain(config.get_config())}
    return getattr(config, "__name__", repr(config))
