"""ONNX files that are refused, and what the messages say."""

import sys

import numpy
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import rondo.onnx  # noqa: E402


def lstm(W=None, R=None, inputs=("X", "W", "R"), op_type="LSTM", **attributes):
    """A model of one node "n" with I = 3 and H = 2."""
    node = helper.make_node(op_type, list(inputs), ["Y"], name="n", **{"hidden_size": 2, **attributes})
    W = numpy_helper.from_array(numpy.zeros((1, 8, 3), "f"), "W") if W is None else W
    R = numpy_helper.from_array(numpy.zeros((1, 8, 2), "f"), "R") if R is None else R
    return helper.make_model(helper.make_graph([node], "g", [], [], [W, R]), producer_name="somebody")


def load(model, tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    return rondo.onnx.load(path)


def test_good_model(tmp_path):
    model = load(lstm(), tmp_path)
    assert model.producer == "somebody" and model.opset > 0 and list(model.nodes) == ["n"]
    node = model.nodes["n"]
    assert node.kind == "lstm" and node.direction == "forward"
    Y, Y_h, Y_c = node(numpy.ones((5, 4, 3), "f"))
    assert Y.shape == (5, 1, 4, 2) and Y_h.shape == Y_c.shape == (1, 4, 2)
    for first, second in zip(model(numpy.ones((5, 4, 3), "f")), (Y, Y_h, Y_c)):
        numpy.testing.assert_array_equal(first, second)
    with pytest.raises(KeyError, match="node: got 'x', expected one of 'n'"):
        model.nodes["x"]
    model.nodes.clear()
    with pytest.raises(ValueError, match="m.onnx: node: got none, expected a model of one recurrent node"):
        model(numpy.ones((5, 4, 3), "f"))


@pytest.mark.parametrize("attributes, words", [
    ({"direction": "up"}, ["'direction'", "'up'", "'reverse'"]),
    ({"direction": 1}, ["'direction'", "a string"]),
    ({"layout": 2}, ["'layout'", "2", "0 or 1"]),
    ({"clip": 0.0}, ["'clip'", "a number above 0"]),
    ({"clip": 1}, ["'clip'", "a float"]),
    ({"hidden_size": 0}, ["'hidden_size'", "at least 1"]),
    ({"linear_before_reset": 1}, ["attribute", "'linear_before_reset'"]),
    ({"activations": ["Sigmoid", "Softmax", "Tanh"]}, ["'activations'", "'Softmax'"]),
    ({"activations": ["Tanh"]}, ["'activations'", "3 for a forward lstm"]),
    ({"inputs": ("X", "W")}, ["inputs", "2", "from 3 to 8"]),
])
def test_refused_attributes(attributes, words, tmp_path):
    node = load(lstm(**attributes), tmp_path).nodes["n"]
    with pytest.raises(ValueError) as caught:
        node.get_weights()
    assert words[-1] in node.describe()
    for word in ["m.onnx", "node 'n'", *words]:
        assert word in str(caught.value)


def test_refused_weights(tmp_path):
    def refused(words, **parts):
        node = load(lstm(**parts), tmp_path).nodes["n"]
        with pytest.raises(ValueError) as caught:
            node(numpy.ones((5, 4, 3), "f"))
        for word in words:
            assert word in str(caught.value)

    refused(
        ["node 'n'", "W", "f32(1, 7, 3)", "f32(1, 8, 3)"], W=numpy_helper.from_array(numpy.zeros((1, 7, 3), "f"), "W")
    )
    short = TensorProto(name="W", data_type=1, dims=[1, 8, 3], raw_data=b"\0" * 95)
    refused(["m.onnx: tensor 'W'", "95 bytes", "96 bytes"], W=short)
    refused(["data_type", "8", "1 (FLOAT)"], W=TensorProto(name="W", data_type=8, dims=[1, 8, 3]))
    outside = TensorProto(name="W", data_type=1, dims=[1, 8, 3], data_location=1)
    outside.external_data.add(key="location", value="../w.bin")
    refused(["tensor 'W'", "'../w.bin'", "a path within the folder of the file"], W=outside)


def test_data_beside_the_model_and_tensors_of_other_nodes(tmp_path):
    W = TensorProto(name="W", data_type=1, dims=[1, 8, 3], data_location=1)
    W.external_data.add(key="location", value="w.bin")
    (tmp_path / "w.bin").write_bytes(numpy.arange(24, dtype="f").tobytes())
    model = lstm(W=W)
    model.graph.node.append(helper.make_node("Transpose", ["R"], ["turned"], perm=[0, 2, 1]))
    model.graph.initializer.append(numpy_helper.from_array(numpy.array([-1, 2], "int8"), "small"))
    found = load(model, tmp_path)
    numpy.testing.assert_array_equal(found.nodes["n"].get_weights()["W"].ravel(), numpy.arange(24))
    numpy.testing.assert_array_equal(found.tensor("W").ravel(), numpy.arange(24))
    assert found.tensor("turned").shape == (1, 2, 8)
    assert found.tensor("small").tolist() == [-1, 2] and found.tensors["small"] == "INT8(2,)"
    assert "1 Transpose" in found.describe()
    with pytest.raises(ValueError, match="tensor: got 'none', expected one of 'W'"):
        found.tensor("none")
    with pytest.raises(ValueError, match="of a model in memory"):
        rondo.onnx.load(model).tensor("W")


def test_nodes_in_bodies(tmp_path):
    model = lstm()
    body = helper.make_graph(list(model.graph.node), "the body", [], [])
    del model.graph.node[:]
    model.graph.node.append(helper.make_node("Loop", ["", ""], [], name="loop", body=body))
    found = load(model, tmp_path)
    assert list(found.nodes) == ["loop/body/n"] and found.nodes["n"] is found.nodes["loop/body/n"]
    assert found.nodes["n"](numpy.ones((5, 4, 3), "f"))[0].shape == (5, 1, 4, 2)


@pytest.mark.parametrize("field, data_type, dtype", [("float_data", 1, "float32"), ("double_data", 11, "float64"),
                                                     ("int32_data", 10, "float16")])
def test_lists_of_elements(field, data_type, dtype, tmp_path):
    values = numpy.arange(24).astype(dtype)
    listed = values.view("uint16") if dtype == "float16" else values
    W = TensorProto(name="W", data_type=data_type, dims=[1, 8, 3], **{field: listed.tolist()})
    R = numpy_helper.from_array(numpy.zeros((1, 8, 2), dtype), "R")
    found = load(lstm(W=W, R=R), tmp_path).nodes["n"].get_weights()["W"]
    assert found.dtype == dtype
    numpy.testing.assert_array_equal(found.ravel(), values)


def test_constant_nodes_and_computed_weights(tmp_path):
    model = lstm()
    constant = helper.make_node("Constant", [], ["W"], value=numpy_helper.from_array(numpy.ones((1, 8, 3), "f"), "v"))
    model.graph.node.insert(0, constant)
    del model.graph.initializer[0]
    assert load(model, tmp_path).nodes["n"].get_weights()["W"].all()
    del model.graph.node[0]
    node = load(model, tmp_path).nodes["n"]
    assert "cannot run" in node.describe()
    with pytest.raises(ValueError, match="m.onnx: node 'n': W: got 'W', which nothing in the model makes"):
        node(numpy.ones((5, 4, 3), "f"))


def test_refused_inputs(tmp_path):
    node = load(lstm(), tmp_path).nodes["n"]
    x = numpy.ones((5, 4, 3), "f")
    for arguments, words in [
            ({"X": x[..., :2]}, "X: got f32.5, 4, 2"), ({"X": x.astype("float64")}, "X: got f64"),
            ({"X": x, "sequence_lens": numpy.array([1, 2, 3, 6], "i")}, "sequence_lens.*6"),
            ({"X": x, "sequence_lens": numpy.array([1, 2, 3, 4])}, "sequence_lens: got i64"),
            ({"X": x, "initial_h": numpy.zeros((4, 2), "f")}, "initial_h: got f32")]:
        with pytest.raises(ValueError, match=words):
            node(arguments.pop("X"), **arguments)
    with pytest.raises(TypeError, match="X"):
        node("text")


def test_no_model(tmp_path):
    path = tmp_path / "m.onnx"
    with pytest.raises(ValueError, match="m.onnx: got no such file, expected a file"):
        rondo.onnx.load(path)
    with pytest.raises(ValueError, match="got a directory"):
        rondo.onnx.load(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="m.onnx: got a message without a graph"):
        rondo.onnx.load(path)
    path.write_bytes(lstm().SerializeToString()[:-7])
    with pytest.raises(ValueError, match="m.onnx: got bytes that are no such protobuf message"):
        rondo.onnx.load(path)


def test_without_the_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install rondo\[onnx\]"):
        rondo.onnx.load(tmp_path / "m.onnx")
