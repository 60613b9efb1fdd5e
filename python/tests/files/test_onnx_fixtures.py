"""Models that ONNX Runtime and PyTorch ran: the outputs of their nodes."""

import json

import numpy
import pytest
from file_fixtures import GOLDENS, read_safetensors

onnx = pytest.importorskip("onnx")
import rondo.onnx  # noqa: E402

FILES = sorted([*GOLDENS.glob("onnx_*.safetensors"), *GOLDENS.glob("pytorch_export_*.safetensors")])


def case_of(path):
    """(arrays, the case's description, the bytes of the model)."""
    arrays, metadata = read_safetensors(path)
    case = json.loads(metadata["case"])
    return arrays, case, arrays["model"].tobytes()[:case["model_bytes"]]


def test_there_are_files():
    assert len(FILES) >= 126


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_node(path, tmp_path):
    arrays, case, data = case_of(path)
    file = tmp_path / "model.onnx"
    file.write_bytes(data)
    model = rondo.onnx.load(file)
    node = model.nodes[case["node"]]
    given = {name: arrays[name] for name in ("sequence_lens", "initial_h", "initial_c") if name in arrays}
    for _ in range(2):  # the second run uses the session of the first
        results = node(arrays["X"], **given)
        assert len(results) == (3 if node.kind == "lstm" else 2)
        for name, result in zip(("Y", "Y_h", "Y_c"), results):
            expected = arrays[f"expected/{name}"]
            assert isinstance(result, numpy.ndarray) and result.dtype == expected.dtype
            numpy.testing.assert_allclose(result, expected, rtol=0, atol=1e-12 if expected.dtype == "float64" else 1e-5)
    assert case["node"] in model.describe()


def test_takes_a_model_in_memory():
    arrays, case, data = case_of(FILES[0])
    node = rondo.onnx.load(onnx.ModelProto.FromString(data)).nodes[case["node"]]
    assert node.get_weights()["W"].shape[2] == arrays["X"].shape[2]
    assert node.inputs[1] and node.outputs[0]


def test_products_of_8_bits():
    arrays, case, data = case_of(GOLDENS / "pytorch_export_lstm.safetensors")
    proto = onnx.ModelProto.FromString(data)
    given = {name: arrays[name] for name in ("sequence_lens", "initial_h", "initial_c") if name in arrays}
    rounded = rondo.onnx.load(proto, math="int8").nodes[case["node"]](arrays["X"], **given)[0]
    numpy.testing.assert_allclose(rounded, arrays["expected/Y"], rtol=0, atol=2e-2)
    assert not numpy.array_equal(rounded, rondo.onnx.load(proto).nodes[case["node"]](arrays["X"], **given)[0])
    with pytest.raises(ValueError, match="math.*int4"):
        rondo.onnx.load(proto, math="int4").nodes[case["node"]](arrays["X"], **given)
