"""Prints the microseconds of the processor that calls from Python take for one step of an LSTM with 64 units."""

import importlib.util
import time

import numpy as np

import rondo
from rondo import _rondo, as_tensor
from sessions_reference import Problem, tensors


def microseconds(call, count=2000, rounds=7):
    """The least mean of several rounds."""
    best = float("inf")
    for _ in range(rounds):
        begin = time.thread_time()
        for _ in range(count):
            call()
        best = min(best, (time.thread_time() - begin) / count)
    return 1e6 * best


def main():
    rondo.set_threads(1)
    problem = Problem("lstm", T=1, B=1, I=64, H=64)
    session, bound, x = rondo.Session(problem.plan, tensors(problem.weights)), problem.bind(), as_tensor(problem.x)
    layer = _rondo.Layer([_rondo.KnownCell(problem.cell, tensors(problem.weights))], time_major=True)
    rows = [("Session.run", lambda: session.run(bound)),
            ("SessionTensors and Session.run", lambda: session.run(problem.bind())),
            ("Layer.__call__", lambda: layer(x)), ("as_tensor of a NumPy array", lambda: as_tensor(problem.x)),
            ("numpy.asarray of a Tensor", lambda: np.asarray(x))]
    for name, call in rows:
        print(f"{microseconds(call):8.2f} us  {name}")
    if importlib.util.find_spec("torch") is not None:
        print_modules()


def print_modules():
    """Those of modules for PyTorch, on weights of the same sizes."""
    import torch
    from rondo.torch import LSTM

    torch.set_num_threads(1)
    theirs, ours, watched = torch.nn.LSTM(64, 64), LSTM(64, 64), LSTM(64, 64)
    watched.weight_check = "versions"
    x, hx = torch.randn(1, 1, 64), (torch.zeros(1, 1, 64), torch.zeros(1, 1, 64))
    modules = {"torch.nn.LSTM": theirs, "rondo.torch.LSTM": ours, '... weight_check "versions"': watched}
    for name, module in modules.items():
        with torch.no_grad():
            print(f"{microseconds(lambda: module(x), 200, 50):8.2f} us  {name}")
            print(f"{microseconds(lambda: module(x, hx), 200, 50):8.2f} us  {name}, with states")
        print(f"{microseconds(lambda: module(x), 200, 50):8.2f} us  {name}, keeping what gradients need")


if __name__ == "__main__":
    main()
