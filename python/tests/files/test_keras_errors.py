"""Keras files that are refused, and what the messages say."""

import io
import json
import shutil
import sys
import zipfile

import numpy
import pytest
from file_fixtures import KERAS

h5py = pytest.importorskip("h5py")
from rondo.keras._files import load  # noqa: E402

WEIGHTS, CONFIGURATION, METADATA = "model.weights.h5", "config.json", "metadata.json"
BIAS = "layers/lstm/cell/vars/2"


def members(name="lstm_keras3.keras"):
    with zipfile.ZipFile(KERAS / name) as archive:
        return {member: archive.read(member) for member in archive.namelist()}


def written(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def with_weights(path, change, name="lstm_keras3.keras"):
    """A .keras file whose weights `change` has changed."""
    files = members(name)
    inside = io.BytesIO(files[WEIGHTS])
    with h5py.File(inside, "r+") as file:
        change(file)
    files[WEIGHTS] = inside.getvalue()
    return written(path, files)


def with_configuration(path, old, new):
    files = members()
    text = files[CONFIGURATION].decode()
    assert old in text
    files[CONFIGURATION] = text.replace(old, new).encode()
    return written(path, files)


def problem_of(layer):
    problems = [layer.problem] + [problem_of(inner) for inner in layer.inner]
    return next(filter(None, problems), "")


def refused(path, *words):
    """The file cannot be loaded, or has a layer that cannot be called."""
    with pytest.raises(ValueError) as caught:
        problems = [problem_of(layer) for layer in load(path).layers.values()]
        if any(problems):
            raise ValueError(next(filter(None, problems)))
    for word in (str(path), *words):
        assert word in str(caught.value)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.keras"


def test_no_file_of_keras(path, tmp_path):
    refused(path, "no such file")
    refused(tmp_path, "a directory")
    for data, words in ((b"", "an empty file"), (b"text", "a file of unknown kind"), (b"PK", "a file of unknown kind"),
                        (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer"), (b"{}", "a weight_map")):
        path.write_bytes(data)
        refused(path, words)
    with pytest.raises(ValueError, match="torch.save"):
        load(KERAS.parent / "kinds" / "state.pt")


@pytest.mark.parametrize("name", ["lstm_keras3.keras", "lstm_keras2.keras", "lstm_keras2.h5", "lstm_keras3.weights.h5"])
def test_truncated(name, tmp_path):
    data = (KERAS / name).read_bytes()
    for size in (16, len(data) // 4, len(data) // 2, len(data) - 40):
        cut = tmp_path / name
        cut.write_bytes(data[:size])
        refused(cut)


@pytest.mark.parametrize("member", [WEIGHTS, CONFIGURATION, METADATA])
def test_missing_and_broken_members(member, path):
    files = members()
    data = files.pop(member)
    refused(written(path, files), f"no {member}")
    start = written(path, {member: data, **files}).read_bytes()
    at = start.index(data) + len(data) // 2
    path.write_bytes(start[:at] + bytes([start[at] ^ 0xFF]) + start[at + 1:])
    refused(path, member, "broken content")


def test_content_of_members(path):
    for member, data, words in [
        (WEIGHTS, b"no HDF5", [WEIGHTS, "a broken HDF5 file"]),
        (WEIGHTS, b"", [WEIGHTS, "HDF5"]),
        (CONFIGURATION, b"[", ["configuration", "parse error"]),
        (CONFIGURATION, b"\xff", [CONFIGURATION, "UTF-8"]),
        (METADATA, b"{}", ["metadata.json: keras_version: got nothing"]),
        (METADATA, b'{"keras_version": "new"}', ["keras_version", "'new'"]),
    ]:
        refused(written(path, {**members(), member: data}), *words)


@pytest.mark.parametrize("old, new, words", [
    ('"units": 4', '"units": "four"', ["layer 'lstm': units", '"four"']),
    ('"activation": "tanh"', '"activation": "softmax"', ["layer 'lstm': activation", "softmax"]),
    ('"units": 4', '"units": 5', ["layer 'lstm'", "kernel"]),
    ('"use_bias": true', '"use_bias": false', ["layer 'lstm': weights: got 3, expected 2"]),
])
def test_configurations(old, new, words, path):
    refused(with_configuration(path, old, new), *words)


def replaced(name, array):
    def change(file):
        del file[name]
        if array is not None:
            file[name] = array
    return change


@pytest.mark.parametrize(
    "change, words",
    [
        (replaced(BIAS, None), ["layer 'lstm': weights", "got 2", "3 for its LSTM"]),
        (replaced(BIAS, numpy.zeros((4, 4), "f")), ["layer 'lstm'", "bias", "f32(4, 4)", "f32(16,)"]),
        (replaced(BIAS, numpy.zeros(16)), ["layer 'lstm'", "bias", "f64(16,)", "f32(16,)"]),
        (replaced(BIAS, numpy.zeros(16, "u4")), ["layer 'lstm'", "bias", "i64(16,)"]),
        (replaced(BIAS, numpy.zeros(16, "i1")), ["layer 'lstm'", "bias", "i32(16,)"]),
        (replaced(BIAS, numpy.zeros(16, "u1")), ["layer 'lstm'", "bias", "u8(16,)"]),
        (replaced(BIAS, numpy.zeros(16, "u8")), ["vars/2", "another element type", "f64, f32, f16"]),
        (replaced(BIAS, numpy.zeros((1,) * 8 + (16,), "f")), ["vars/2", "9 axes", "at most 8 axes"]),
        (replaced(BIAS, h5py.SoftLink("/layers/lstm/cell/vars/1")), ["vars/2", "a link to elsewhere"]),
        (replaced(BIAS, h5py.ExternalLink("/etc/hostname", "/")), ["vars/2", "a link to elsewhere"]),
        (
            lambda file: file.__setitem__("layers/lstm/x", [1.0]),
            ["layer 'lstm': weight", "'layers/lstm/x'", "a part of its LSTM"],
        ),
        (lambda file: file.__setitem__("layers/x", [1.0]), ["datasets", "'layers/x'", "belong to no layer"]),
        (lambda file: file.__delitem__("layers"), ["layer_names", "'layers'"]),
        (lambda file: file.__delitem__("layers/lstm/cell"), ["layer 'lstm': weights", "got 0", "3 for its LSTM"]),
    ],
)
def test_weights(change, words, path):
    refused(with_weights(path, change), WEIGHTS if "layer 'lstm'" not in words[0] else "lstm", *words)


def test_a_claim_of_many_elements(path):
    def change(file):
        del file[BIAS]
        file.create_dataset(BIAS, (1 << 40,), "f")  # without stored bytes
    refused(with_weights(path, change), "vars/2", "0 stored bytes")


def test_groups_that_contain_each_other(path):
    def change(file):
        file["layers/lstm/cell/loop"] = file["layers"]
    refused(with_weights(path, change), "nested deeper")


def test_bytes_in_another_file(tmp_path):
    path = tmp_path / "w.weights.h5"
    shutil.copy(KERAS / "lstm_keras3.weights.h5", path)
    with h5py.File(path, "r+") as file:
        del file[BIAS]
        file.create_dataset(BIAS, (16,), "f", external=[("/etc/hostname", 0, 64)])
    refused(path, BIAS, "bytes in another file")


def test_attributes(tmp_path):
    path = tmp_path / "lstm.h5"
    shutil.copy(KERAS / "lstm_keras2.h5", path)
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = 3
    refused(path, "attribute model_config", "another type", "strings")


def test_long_list_of_names_in_parts(tmp_path):
    path = tmp_path / "lstm.h5"
    shutil.copy(KERAS / "lstm_keras2.h5", path)
    with h5py.File(path, "r+") as file:
        group = file["model_weights/lstm"]
        names = list(group.attrs["weight_names"])
        del group.attrs["weight_names"]
        group.attrs["weight_names0"], group.attrs["weight_names1"] = names[:2], names[2:]
    assert len(load(path).layers["lstm"].get_weights()) == 3


def test_bfloat16(path):
    """Keras stores NumPy's bfloat16 as two opaque bytes and names it in an attribute."""
    def change(file):
        for name in ("0", "1", "2"):
            values = file[f"layers/lstm/cell/vars/{name}"][()].astype("f")
            del file[f"layers/lstm/cell/vars/{name}"]
            file[f"layers/lstm/cell/vars/{name}"] = (values.view("u4") >> 16).astype("u2").view("V2")
            file[f"layers/lstm/cell/vars/{name}"].attrs["dtype"] = "bfloat16"
    layer = load(with_weights(path, change)).layers["lstm"]
    assert [weight.dtype for weight in layer.source.weights] == ["bfloat16"] * 3
    expected = load(KERAS / "lstm_keras3.keras").layers["lstm"].get_weights()
    for weight, whole in zip(layer.source.weights, expected):
        cut = (whole.view("u4") & 0xFFFF0000).view("f")
        numpy.testing.assert_array_equal(numpy.asarray(weight.to("float32")), cut)


def test_a_class_that_rondo_does_not_know(tmp_path):
    path = tmp_path / "lstm.h5"
    shutil.copy(KERAS / "lstm_keras3.h5", path)
    with h5py.File(path, "r+") as file:
        configuration = json.loads(file.attrs["model_config"])
        configuration["config"]["layers"][-1]["class_name"] = "Mystery"
        file.attrs["model_config"] = json.dumps(configuration)
    layer = load(path).layers["lstm"]
    assert len(layer.get_weights()) == 3
    with pytest.raises(
        ValueError, match="layer 'lstm': class: got 'Mystery', expected SimpleRNN, LSTM, GRU, CuDNNLSTM"
    ):
        layer(numpy.zeros((1, 2, 3), "f"))


def test_without_h5py(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    for name in ("lstm_keras3.keras", "lstm_keras2.h5"):
        with pytest.raises(ImportError, match=r"pip install rondo\[keras\]"):
            load(KERAS / name)
