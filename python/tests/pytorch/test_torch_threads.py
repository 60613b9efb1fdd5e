"""Many threads in one module."""

import threading

import torch

import rondo.torch
from torch_reference import flat, loss_of, random_like


def test_eight_threads_in_one_module():
    ours = rondo.torch.LSTM(5, 6, num_layers=2, bidirectional=True)
    inputs = [torch.randn(7, batch, 5) for batch in range(1, 9)]
    weights = [random_like(ours(x)) for x in inputs]

    def run(x, weight):
        result = ours(x)
        gradients = torch.autograd.grad(loss_of(result, weight), list(ours.parameters()))
        return [tensor.detach() for tensor in flat(result)] + list(gradients)

    expected = [run(x, weight) for x, weight in zip(inputs, weights)]
    came = [[] for _ in inputs]

    def work(index):
        for _ in range(10):
            came[index].append(run(inputs[index], weights[index]))

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for runs, alone in zip(came, expected):
        assert len(runs) == 10
        for results in runs:
            assert all(torch.equal(one, other) for one, other in zip(results, alone))


def test_threads_with_weights_of_their_own_in_one_layer():
    """The layer below the modules, as functional calls share it: no thread runs on weights of another."""
    ours = rondo.torch.GRU(3, 4)
    x = torch.randn(400, 8, 3)
    sets = [[torch.randn_like(weight) for weight in ours._weights(0)] for _ in range(4)]

    def run(weights):
        return ours._layers[0].run(x, (), (), weights, rondo.torch._layer.Times(), False)[0]

    expected = [run(weights) for weights in sets]
    failures = []

    def work(index):
        failures.extend(index for _ in range(30) if not torch.equal(run(sets[index]), expected[index]))

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(sets))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
