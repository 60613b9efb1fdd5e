"""Networks from files: LoadedNetwork, its sessions, and safetensors, against what PyTorch, Keras and ONNX computed."""

import json
import re

import numpy as np
import pytest
from file_fixtures import GOLDENS, KERAS, read_safetensors

import rondo
from rondo import DirectionTensors, LayerTensors, NetworkTensors, _rondo, as_tensor

NUMBERED = re.compile(r"pytorch_(packed_)?(lstm|gru|simple_rnn)_\d+")
CASES = sorted(path.stem for path in GOLDENS.glob("pytorch_*.safetensors") if NUMBERED.fullmatch(path.stem))
TOLERANCE = 2e-6


class Run:
    """A run of a case of PyTorch, with all results."""

    def __init__(self, name):
        self.path = GOLDENS / f"{name}.safetensors"
        self.arrays, metadata = read_safetensors(self.path)
        self.case = json.loads(metadata["case"])
        self.network = rondo.pytorch_network(rondo.load_safetensors(self.path), self.case["kind"], prefix="module.",
                                             activation=self.case.get("nonlinearity", "tanh"))
        self.directions = 2 if self.case["bidirectional"] else 1
        self.states = ["h_n", "c_n"] if self.case["kind"] == "lstm" else ["h_n"]
        self.finals = {name: np.full_like(self.arrays[f"expected/{name}"], np.nan) for name in self.states}
        self.packed = "batch_sizes" in self.arrays
        self.y = np.full_like(self.arrays["expected/output"], np.nan)

    def run(self):
        x, y = self.arrays["x"], self.y
        if self.case.get("batch_first") and not self.packed:
            x, y = x.swapaxes(0, 1), y.swapaxes(0, 1)
        given = {name: as_tensor(self.arrays[name].astype("int32"), name)
                 for name in ("lengths", "batch_sizes", "row_indices") if name in self.arrays}
        sizes = (len(self.arrays["batch_sizes"]), self.finals["h_n"].shape[1]) if self.packed else x.shape[:2]
        session = self.network.session(T=sizes[0], B=sizes[1], has_lengths="lengths" in given, packed=self.packed)
        session.run(NetworkTensors(as_tensor(x), y=as_tensor(y, writable=True), layers=self._layers(), **given))
        assert session.finish() is False
        return session

    def _layers(self):
        made = []
        for layer in range(self.case["num_layers"]):
            both = []
            for direction in range(self.directions):
                place = layer * self.directions + direction
                initial = [as_tensor(self.arrays[f"initial/{name}"][place]) for name in self.states
                           if f"initial/{name}" in self.arrays]
                final = [as_tensor(self.finals[name][place], writable=True) for name in self.states]
                both.append(DirectionTensors(initial_state=initial, final_state=final))
            made.append(LayerTensors(*both))
        return made


@pytest.mark.parametrize("name", CASES)
def test_modules_of_pytorch(name):
    run = Run(name)
    assert run.network.input_features == run.arrays["x"].shape[-1]
    assert run.network.output_features == run.y.shape[-1]
    run.run()
    np.testing.assert_allclose(run.y, run.arrays["expected/output"], rtol=1e-6, atol=TOLERANCE)
    for state, array in run.finals.items():
        np.testing.assert_allclose(array, run.arrays[f"expected/{state}"], rtol=1e-6, atol=TOLERANCE)


@pytest.mark.parametrize("name", ["lstm_keras2.keras", "two_layers_keras3.keras", "trained_functional_keras3.keras"])
def test_layers_of_keras(name):
    pytest.importorskip("h5py")
    loaded = [layer for layer in rondo.keras.load(KERAS / name).layers.values() if layer.source.options]
    x = np.random.default_rng(2).normal(size=(2, 5, loaded[0].source.weights[0].shape[0])).astype("f")
    expected = x
    for layer in loaded:
        expected = layer(expected)
    network = rondo.keras_network(loaded)
    y = np.empty((5, 2, network.output_features), "f")
    network.session(T=5, B=2).run(NetworkTensors(as_tensor(x.swapaxes(0, 1)), y=as_tensor(y, writable=True)))
    whole = y.swapaxes(0, 1)
    np.testing.assert_allclose(whole if expected.ndim == 3 else whole[:, -1], expected, rtol=1e-6, atol=TOLERANCE)


def test_nodes_of_onnx():
    onnx = pytest.importorskip("onnx")
    make, random = onnx.helper, np.random.default_rng(4)
    weights = [onnx.numpy_helper.from_array(random.normal(size=shape, scale=0.4).astype("f"), name)
               for name, shape in (("W", (2, 15, 3)), ("R", (2, 15, 5)), ("B", (2, 30)))]
    node = make.make_node("GRU", ["X", "W", "R", "B"], ["Y"], name="gru", hidden_size=5, direction="bidirectional")
    ends = [make.make_tensor_value_info(name, 1, None) for name in ("X", "Y")]
    model = make.make_model(make.make_graph([node], "graph", ends[:1], ends[1:], weights))
    loaded = list(rondo.onnx.load(model).nodes.values())
    network, x = rondo.onnx_network(loaded), random.normal(size=(4, 2, 3)).astype("f")
    y = np.empty((4, 2, 10), "f")
    network.session(T=4, B=2).run(NetworkTensors(as_tensor(x), y=as_tensor(y, writable=True)))
    expected = loaded[0](x)[0]  # (T, D, B, H)
    np.testing.assert_allclose(y, expected.transpose(0, 2, 1, 3).reshape(y.shape), rtol=1e-6, atol=TOLERANCE)


def test_what_a_network_says_of_itself():
    run = Run(next(name for name in CASES if "packed" not in name and Run(name).directions == 2))
    layers = run.network.layers
    assert len(layers) == run.case["num_layers"] == len(run.network.weights)
    assert layers[0]["I"] == run.network.input_features and layers[0]["forward"].kind == run.case["kind"]
    assert layers[0]["backward"].units == layers[0]["forward"].units
    forward, backward = run.network.weights[0]
    assert [weight.shape for weight in forward] == [weight.shape for weight in backward]
    session = run.run()
    assert "cpu" in session.explain() and session.workspace_bytes > 0
    assert run.network.to("cpu").output_features == run.network.output_features
    before = run.y.copy()
    session.reload_weights()
    run.run()
    assert np.array_equal(run.y, before)


def test_safetensors():
    path = GOLDENS / f"{CASES[0]}.safetensors"
    arrays, metadata = read_safetensors(path)
    for file in (rondo.load_safetensors(path), rondo.parse_safetensors(path.read_bytes(), str(path))):
        assert file.file == str(path) and file.metadata == metadata and len(file) == len(arrays)
        assert sorted(file.names) == sorted(arrays) and "x" in file and "no_such" not in file
        for name, array in arrays.items():
            assert np.array_equal(np.asarray(file.tensor(name)), array)
    with pytest.raises(ValueError, match="no_such"):
        file.tensor("no_such")


def test_what_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no such file"):
        rondo.load_safetensors(tmp_path / "missing.safetensors")
    with pytest.raises(ValueError, match="short: "):
        rondo.parse_safetensors(b"\1", "short")
    run = Run("pytorch_lstm_031")
    file = rondo.load_safetensors(run.path)
    with pytest.raises(ValueError, match="weight_ih_l0"):
        rondo.pytorch_network(file, "lstm", prefix="other.")
    with pytest.raises(ValueError, match="kind: got \"transformer\""):
        rondo.pytorch_network(file, "transformer")
    with pytest.raises(ValueError, match="got none"):
        rondo.onnx_network([])
    session = run.network.session(T=2, B=4)
    x = as_tensor(run.arrays["x"])
    frozen = np.zeros((2, 4, 3), "f")
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="y: got .* read-only"):
        NetworkTensors(x, y=as_tensor(frozen))
    with pytest.raises(ValueError, match="final_state: got .* read-only"):
        DirectionTensors(final_state=[as_tensor(frozen)])
    with pytest.raises(ValueError, match="y: "):
        session.run(NetworkTensors(x, y=rondo.zeros((2, 4, 4))))
    with pytest.raises(ValueError, match="lengths"):
        session.run(NetworkTensors(x, y=rondo.zeros((2, 4, 3)), lengths=as_tensor(np.ones(4, "int32"))))
    with pytest.raises(TypeError):
        _rondo.NetworkSession()
    with pytest.raises(ValueError, match="executor"):
        run.network.session(T=2, B=4, executor="no_such")
