"""LSTM, GRU, RNN and MGU."""

from ._base import ModuleOptions, RecurrentModule


class LSTM(RecurrentModule):
    """torch.nn.LSTM, run by Rondo. The first ten arguments are its own.

    peepholes             parameters `peephole_l0` (3, H): i and f read c as it was before the step, o reads the new c
    cell_clip             c stays within this of zero
    projection_clip       the projected h stays within this of zero; with proj_size
    activation            of the candidate and of c: a name of Keras's, such as "tanh" or "relu"
    recurrent_activation  of the gates: "sigmoid", "hard_sigmoid", ...

    >>> lstm = LSTM(10, 20, num_layers=2)
    >>> output, (h_n, c_n) = lstm(torch.randn(5, 3, 10), lengths=torch.tensor([5, 2, 4]))
    """

    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
                 bidirectional=False, proj_size=0, device=None, dtype=None, *, peepholes=False, cell_clip=None,
                 projection_clip=None, activation="tanh", recurrent_activation="sigmoid"):
        cell = _changed(use_peepholes=(peepholes, False), cell_clip=(cell_clip, None),
                        projection_clip=(projection_clip, None), activation=(activation, "tanh"),
                        recurrent_activation=(recurrent_activation, "sigmoid"))
        super().__init__("lstm", ModuleOptions(
            input_size=input_size, hidden_size=hidden_size, num_layers=num_layers, bias=bias, batch_first=batch_first,
            dropout=dropout, bidirectional=bidirectional, proj_size=proj_size, device=device, dtype=dtype, cell=cell))


class GRU(RecurrentModule):
    """torch.nn.GRU, run by Rondo. The first nine arguments are its own.

    reset_after           False: r multiplies h before U does, as in TensorFlow 1; True: after, as in torch.nn
    activation            of the candidate
    recurrent_activation  of the gates
    """

    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
                 bidirectional=False, device=None, dtype=None, *, reset_after=True, activation="tanh",
                 recurrent_activation="sigmoid", **refused):
        _refuse(refused)
        cell = _changed(reset_after=(reset_after, True), activation=(activation, "tanh"),
                        recurrent_activation=(recurrent_activation, "sigmoid"))
        super().__init__("gru", ModuleOptions(
            input_size=input_size, hidden_size=hidden_size, num_layers=num_layers, bias=bias, batch_first=batch_first,
            dropout=dropout, bidirectional=bidirectional, device=device, dtype=dtype, cell=cell))


class RNN(RecurrentModule):
    """torch.nn.RNN, run by Rondo, with its arguments. `nonlinearity` is any activation that Rondo knows."""

    def __init__(self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True, batch_first=False,
                 dropout=0.0, bidirectional=False, device=None, dtype=None, **refused):
        _refuse(refused)
        cell = _changed(activation=(nonlinearity, "tanh"))
        super().__init__("simple_rnn", ModuleOptions(
            input_size=input_size, hidden_size=hidden_size, num_layers=num_layers, bias=bias, batch_first=batch_first,
            dropout=dropout, bidirectional=bidirectional, device=device, dtype=dtype, cell=cell))
        self.nonlinearity = nonlinearity


class MGU(RecurrentModule):
    """The minimal gated unit, with the arguments of torch.nn.GRU; its gates are f n, in parameters of 2 H rows."""

    def __init__(self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
                 bidirectional=False, device=None, dtype=None, *, activation="tanh", recurrent_activation="sigmoid",
                 **refused):
        _refuse(refused)
        cell = _changed(activation=(activation, "tanh"), recurrent_activation=(recurrent_activation, "sigmoid"))
        super().__init__("mgu", ModuleOptions(
            input_size=input_size, hidden_size=hidden_size, num_layers=num_layers, bias=bias, batch_first=batch_first,
            dropout=dropout, bidirectional=bidirectional, device=device, dtype=dtype, cell=cell))


def _changed(**options):
    """The options that differ from their defaults."""
    return {name: value for name, (value, default) in options.items() if value != default}


def _refuse(arguments):
    if "proj_size" in arguments:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
    for name in arguments:
        raise TypeError(f"__init__() got an unexpected keyword argument '{name}'")
