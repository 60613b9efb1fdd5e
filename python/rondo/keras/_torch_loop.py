"""The loop of keras.backend.rnn in operations that PyTorch's autograd records.

Its values are those of Rondo's own loop, whose checks it uses; its gradients are those of docs/semantics.md.
"""

import torch

from .._arrays import from_tensor


class _Checked(Exception):
    """Raised by the first step of Rondo's own loop, whose arguments are then checked."""


def run_recorded(loop, options):
    """(last_output, outputs, new_states), each flat."""
    from ._loop import run_here

    def stop(inputs, states):
        raise _Checked

    try:
        last_output, outputs, _ = run_here(loop, stop, options)
    except _Checked:
        return _RecordedLoop(loop, options).run()
    return last_output, outputs, loop.states  # no steps: the states are the initial ones


def _flags(tensor, time_major):
    """A mask or resets of any dtype and layout as booleans (T, B)."""
    if tensor is None:
        return None
    flags = from_tensor(tensor, "torch")
    flags = flags.squeeze(2) if flags.dim() == 3 else flags
    flags = flags if time_major else flags.transpose(0, 1)
    return flags != 0


def _rows(rows, taken, other):
    """Rows of `taken` where `rows` is true, else those of `other`; what has no rows is taken."""
    if taken.dim() == 0:
        return taken
    return torch.where(rows.reshape(-1, *[1] * (taken.dim() - 1)), taken, other)


class _RecordedLoop:
    def __init__(self, loop, options):
        self.loop = loop
        self.options = options
        self.time_axis = 0 if options["time_major"] else 1
        self.T, self.B = loop.inputs[0].shape[self.time_axis], loop.inputs[0].shape[1 - self.time_axis]
        self.live = _flags(options["mask"], options["time_major"])
        self.resets = _flags(options["resets"], options["time_major"])
        if self.live is None and options["input_length"] is not None:
            self.live = self._within_length(options["input_length"])
            self.resets = None if self.resets is None else self.resets & self.live
        given = loop.reset_state or [torch.zeros_like(state) for state in loop.states]
        self.reset_state = [state.expand_as(like) for state, like in zip(given, loop.states)]

    def _within_length(self, length):
        device = self.loop.inputs[0].device
        steps = torch.arange(self.T, device=device)[:, None]
        length = length if isinstance(length, int) else from_tensor(length, "torch").to(device)[None, :]
        return (steps < length).expand(self.T, self.B)

    def run(self):
        order = range(self.T)
        states, last, emitted = self.loop.states, None, []
        for t in reversed(order) if self.options["go_backwards"] else order:
            states, last = self._begin_pieces(t, states, last)
            states, last = self._step(t, states, last)
            if self.options["return_all_outputs"]:
                emitted.append(last)
        if not self.options["return_all_outputs"]:
            return last, [leaf.unsqueeze(self.time_axis) for leaf in last], states
        return last, [torch.stack(leaves, self.time_axis) for leaves in zip(*emitted)], states

    def _begin_pieces(self, t, states, last):
        mark = t + 1 if self.options["go_backwards"] else t
        if self.resets is None or mark == self.T:
            return states, last
        begins = self.resets[mark]
        states = [_rows(begins, new, old) for new, old in zip(self.reset_state, states)]
        if last is not None:
            last = [_rows(begins, torch.zeros_like(leaf), leaf) for leaf in last]
        return states, last

    def _step(self, t, states, last):
        inputs = [leaf.select(self.time_axis, t) for leaf in self.loop.inputs]
        if self.live is None:
            output, new_states = self.loop.step(inputs, states)
            self._check(output, new_states, states, last)
            return new_states, output
        live = self.live[t]
        # Behind these two, autograd drops what a dead row's step computes, NaN included.
        inputs = [_rows(live, leaf, torch.zeros_like(leaf)) for leaf in inputs]
        read = [_rows(live, leaf, leaf.detach()) for leaf in states]
        output, new_states = self.loop.step(inputs, read)
        self._check(output, new_states, states, last)
        dead = last
        if dead is None or self.options["zero_output_for_mask"]:
            dead = [torch.zeros_like(leaf) for leaf in output]
        return ([_rows(live, new, old) for new, old in zip(new_states, states)],
                [_rows(live, new, old) for new, old in zip(output, dead)])

    def _check(self, output, new_states, states, last):
        for leaf in output:
            if leaf.dim() == 0 or leaf.shape[0] != self.B:
                raise ValueError(f"step_function: output: got {_described(leaf)}, expected a first axis of B = "
                                 f"{self.B}")
        _check_like("step_function: new states", new_states, states)
        if last is not None:
            _check_like("step_function: output", output, last)


def _check_like(argument, leaves, expected):
    for leaf, like in zip(leaves, expected):
        if leaf.shape != like.shape or leaf.dtype != like.dtype:
            raise ValueError(f"{argument}: got {_described(leaf)}, expected {_described(like)}")


def _described(leaf):
    return f"{str(leaf.dtype).rpartition('.')[2]}{tuple(leaf.shape)}"
