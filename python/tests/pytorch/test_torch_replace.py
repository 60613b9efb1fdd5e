"""rondo.torch.replace."""

import pytest
import torch
from torch import nn

import rondo.torch


class Subclass(nn.LSTM):
    pass


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, 2, dropout=0.2, batch_first=True)
        self.inner = nn.ModuleList([nn.GRU(4, 4, bidirectional=True), nn.RNN(8, 4, nonlinearity="relu")])
        self.projected = nn.LSTM(4, 6, proj_size=4)
        self.same = self.projected
        self.subclass = Subclass(4, 4)
        self.hooked = nn.GRU(4, 4)
        self.hooked.register_forward_hook(lambda *_: None)
        self.normed = nn.utils.weight_norm(nn.GRU(4, 4), "weight_hh_l0")

    def forward(self, x):
        x = self.lstm(x)[0]
        for module in (*self.inner, self.projected, self.same, self.subclass, self.hooked):
            x = module(x)[0]
        return x


def test_replace():
    model = Model().eval()
    x = torch.randn(2, 5, 3)
    expected, parameters = model(x), dict(model.named_parameters())
    report = rondo.torch.replace(model)
    assert report.replaced == ["lstm", "projected", "same", "inner.0", "inner.1"]
    assert {left.name: left.reason.split(",")[0].split(":")[0] for left in report.left} == {
        "subclass": "it is a subclass", "hooked": "it has hooks", "normed": "its parameters are not torch.nn's own"}
    assert "replaced inner.0\n" in str(report) and "left hooked: it has hooks" in str(report)
    assert model.same is model.projected and isinstance(model.projected, rondo.torch.LSTM)
    assert not model.lstm.training and model.lstm.dropout == 0.2
    after = dict(model.named_parameters())
    assert list(after) == list(parameters) and all(after[name] is parameters[name] for name in after)
    torch.testing.assert_close(model(x), expected, rtol=1e-5, atol=1e-6)


def test_a_parametrised_module_stays():
    model = nn.Sequential(nn.GRU(3, 4))
    nn.utils.parametrizations.orthogonal(model[0], "weight_hh_l0")
    report = rondo.torch.replace(model)
    assert report.replaced == [] and report.left[0].reason == "it is parametrised"


def test_a_model_that_is_a_module_of_its_own():
    theirs = nn.GRU(3, 4)
    assert rondo.torch.replace(theirs).left[0].name == "the model itself"
    ours = rondo.torch.from_torch(theirs)
    x = torch.randn(5, 2, 3)
    torch.testing.assert_close(ours(x), theirs(x))
    assert ours.weight_ih_l0 is theirs.weight_ih_l0
    with pytest.raises(TypeError, match="got a Linear"):
        rondo.torch.from_torch(nn.Linear(3, 4))
    with pytest.raises(TypeError, match="got a Subclass.*it is a subclass"):
        rondo.torch.from_torch(Subclass(3, 4))
    assert str(rondo.torch.replace(nn.Linear(3, 4))) == "nothing recurrent"
