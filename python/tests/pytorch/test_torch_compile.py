"""torch.compile, and the operator behind it. The operator's functions are tested with every PyTorch."""

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

import rondo.torch
from rondo.torch import _custom_op
from torch_reference import flat, relative

needs_operators = pytest.mark.skipif(
    not hasattr(torch.library, "custom_op"), reason="torch.library.custom_op is of 2.4"
)

MODULES = [("LSTM", {"num_layers": 2, "bidirectional": True, "batch_first": True}), ("GRU", {"bidirectional": True}),
           ("LSTM", {"proj_size": 2, "peepholes": True}), ("MGU", {}), ("RNN", {"bias": False})]
OPTIONS = [{}, {"lengths": torch.tensor([3, 5])}, {"resets": torch.rand(5, 2) < 0.3}]


class Context:
    """Stands for the context that autograd hands to `keep` and `backward`."""

    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors


@pytest.mark.parametrize("kind, options", MODULES)
def test_functions_of_the_operator(kind, options):
    """The shapes it tells are those it has, and its gradients are those of the module."""
    module = getattr(rondo.torch, kind)(3, 4, **{**options, "num_layers": 1, "batch_first": False})
    layer, weights = module._layers[0], module._weights(0)
    x = torch.randn(5, 2, 3, requires_grad=True)
    states = [torch.randn(2, size) for _ in range(layer.directions) for size in layer.state_sizes]
    inputs = (layer.name, True, x, states, [], weights, torch.tensor([3, 5]), None, None, None, None)
    output, finals, token = came = _custom_op.recurrence(*inputs)
    told = _custom_op.recurrence_shapes(*inputs)
    for one, other in zip([output, *finals, token], [told[0], *told[1], told[2]]):
        assert one.shape == other.shape and one.dtype == other.dtype and one.stride() == other.stride()
    context = Context()
    _custom_op.keep(context, inputs, came)
    gradients = _custom_op.recurrence_gradients(
        token, torch.ones_like(output), [torch.zeros_like(f) for f in finals], x, states, [], weights
    )
    hx = [torch.stack(states[index::len(layer.state_sizes)]) for index in range(len(layer.state_sizes))]
    expected = module(x, tuple(hx) if len(hx) > 1 else hx[0], lengths=inputs[6])[0]
    expected = torch.autograd.grad(expected.sum(), [x, *weights])
    for one, other in zip([gradients[0], *gradients[1 + len(states):]], expected):
        assert torch.equal(one, other) and one.is_contiguous()
    assert [g.shape for g in gradients[1:1 + len(states)]] == [s.shape for s in states]
    assert context.counts == (len(states), 0, len(weights)) and context.saved_tensors[0] is token


def test_shapes_of_packed_data():
    module = rondo.torch.GRU(3, 4)
    packed = pack_padded_sequence(torch.randn(5, 2, 3), [2, 5], enforce_sorted=False)
    inputs = (
        module._layers[0].name,
        False,
        packed.data,
        [],
        [],
        module._weights(0),
        None,
        None,
        None,
        packed.batch_sizes,
        packed.sorted_indices,
    )
    output, finals, token = _custom_op.recurrence(*inputs)
    told = _custom_op.recurrence_shapes(*inputs)
    assert (
        output.shape == told[0].shape and finals[0].shape == told[1][0].shape and token.numel() == told[2].numel() == 0
    )


def test_a_module_that_is_gone():
    with pytest.raises(
        RuntimeError, match="layer: got the name 'gru of before', expected that of a module that is alive"
    ):
        _custom_op.layer_of("gru of before")


@needs_operators
@pytest.mark.parametrize("kind, options", MODULES)
def test_compile(kind, options):
    torch._dynamo.reset()
    module = getattr(rondo.torch, kind)(3, 4, **options)
    compiled = torch.compile(module, backend="aot_eager", fullgraph=True)
    x = torch.randn((2, 5, 3) if module.batch_first else (5, 2, 3), requires_grad=True)

    def run(function, given):
        module.zero_grad()
        tensors = flat(function(x, **given))
        gradients = torch.autograd.grad(sum(tensor.sin().sum() for tensor in tensors), [x, *module.parameters()])
        return [*tensors, *gradients]

    for given in OPTIONS:
        if "resets" in given and module.batch_first:
            given = {"resets": given["resets"].t()}
        for one, other in zip(run(compiled, given), run(module, given)):
            assert relative(one, other, 1e-3) < 1e-6
    with torch.no_grad():
        module.weight_ih_l0.mul_(2)
        assert torch.equal(compiled(x)[0], module(x)[0])


@needs_operators
def test_operator_by_the_checks_of_torch():
    module = rondo.torch.LSTM(3, 4)
    x = torch.randn(5, 2, 3, requires_grad=True)
    inputs = (
        module._layers[0].name,
        True,
        x,
        [torch.zeros(2, 4), torch.zeros(2, 4)],
        [],
        module._weights(0),
        None,
        None,
        None,
        None,
        None,
    )
    torch.library.opcheck(_custom_op._recurrence, inputs,
                          test_utils=("test_schema", "test_autograd_registration", "test_faketensor"))
