"""Recurrent networks of Rondo as modules of PyTorch, from 1.13 on.

    LSTM, GRU, RNN    torch.nn's modules: the same arguments, parameters and results. They read a PackedSequence without
                      padding, and also take lengths, masks and resets, which torch.nn's do not
    MGU               the minimal gated unit, likewise
    replace           exchanges torch.nn's modules in a model
    from_torch        makes Rondo's module for one of torch.nn, with the same parameters

    output, (h_n, c_n) = rondo.torch.LSTM(10, 20)(torch.randn(5, 3, 10), lengths=torch.tensor([5, 2, 4]))

A module works in training, threads, copies and processes as torch.nn's do, and under torch.compile, where a
PackedSequence breaks the graph and lengths do not. Four things differ. Gradients of gradients are a RuntimeError. Under
autocast a module runs in the dtype of its weights, and converts its input and states. An input without time steps gives
an empty output and the initial states. torch.jit.script does not compile the modules.
"""

from ._modules import GRU, LSTM, MGU, RNN
from ._replace import Left, Report, from_torch, replace

__all__ = ["GRU", "LSTM", "Left", "MGU", "RNN", "Report", "from_torch", "replace"]
