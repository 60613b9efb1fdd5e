"""torch.nn's recurrent modules replaced by Rondo's."""

import torch
from torch import nn

from .._report import Left, Report
from ._modules import GRU, LSTM, RNN

_CLASSES = {nn.LSTM: LSTM, nn.GRU: GRU, nn.RNN: RNN}
_DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "_state_dict_hooks",
          "_load_state_dict_pre_hooks")


def replace(model: nn.Module) -> Report:
    """Replaces torch.nn's LSTM, GRU and RNN in `model`, in place, by Rondo's with the same parameters.

    Optimizers that have the parameters go on. A subclass, a module whose weights are parametrised, and one with hooks
    stay, because Rondo's module would not do what they add. The report names them.

    >>> print(replace(model))
    replaced encoder.lstm
    left decoder.lstm: it has hooks
    """
    replaced, left, made = [], [], {}
    if isinstance(model, nn.RNNBase):
        left.append(Left("the model itself", "it cannot be exchanged in place: use rondo.torch.from_torch"))
    for name, parent in list(model.named_modules()):
        for child_name, child in list(parent._modules.items()):
            if not isinstance(child, nn.RNNBase):
                continue
            path = f"{name}.{child_name}" if name else child_name
            reason = why_not(child)
            if reason is not None:
                left.append(Left(path, reason))
                continue
            if id(child) not in made:
                made[id(child)] = from_torch(child)
            setattr(parent, child_name, made[id(child)])
            replaced.append(path)
    return Report(replaced, left)


def from_torch(module):
    """Rondo's module for one of torch.nn, with the same parameters. Raises TypeError, and says why, where there is
    none."""
    if not isinstance(module, nn.RNNBase):
        raise TypeError(f"module: got a {type(module).__name__}, expected a torch.nn.LSTM, GRU or RNN")
    reason = why_not(module)
    if reason is not None:
        raise TypeError(f"module: got a {type(module).__name__}, expected one that Rondo can stand for: {reason}")
    options = {"nonlinearity": module.nonlinearity} if isinstance(module, nn.RNN) else {}
    if module.proj_size:
        options["proj_size"] = module.proj_size
    made = _CLASSES[type(module)](
        module.input_size, module.hidden_size, module.num_layers, bias=module.bias, batch_first=module.batch_first,
        bidirectional=module.bidirectional, device="meta", **options)
    made.dropout = module.dropout  # here, since the constructor would warn of it again
    for name, parameter in module._parameters.items():
        made._parameters[name] = parameter
    return made.train(module.training)


def why_not(module):
    """Why Rondo's module cannot stand for `module`; None where it can."""
    if type(module) not in _CLASSES:
        kind = (
            "is parametrised" if hasattr(module, "parametrizations") else f"is a subclass, {type(module).__qualname__}"
        )
        return f"it {kind}"
    expected = {name for names in module._all_weights for name in names}
    names = {name for name, parameter in module._parameters.items() if parameter is not None}
    if names != expected:
        return f"its parameters are not torch.nn's own: {', '.join(sorted(names ^ expected))}"
    if module._buffers or module._modules:
        return "it has buffers or modules of its own"
    if any(getattr(module, hooks, None) for hooks in _HOOKS):
        return "it has hooks"
    if "forward" in vars(module):
        return "its forward is replaced"
    dtypes = {parameter.dtype for parameter in module.parameters()}
    if len(dtypes) != 1 or dtypes.pop() not in _DTYPES:
        return "its parameters are not of one dtype that Rondo has"
    return None
