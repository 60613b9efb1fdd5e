"""The execution provider in the package's own module. tests/servers/onnxruntime tests what it computes."""

import ctypes

import numpy
import pytest
from file_fixtures import GOLDENS

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
import rondo  # noqa: E402
import rondo.onnx  # noqa: E402

MODEL = GOLDENS.parent / "onnx_files/whole_models/tf_plain.onnx"

if not hasattr(ctypes.CDLL(rondo._rondo.__file__), "CreateEpFactories"):
    with pytest.raises(ValueError, match="a build without ONNX Runtime's headers"):
        rondo.onnx.register()
    pytest.skip("this build has no execution provider", allow_module_level=True)


def inputs_of(session):
    random = numpy.random.default_rng(1)
    shapes = {one.name: [size if isinstance(size, int) else 3 for size in one.shape] for one in session.get_inputs()}
    return {name: random.standard_normal(shape).astype("float32") for name, shape in shapes.items()}


def test_models_answer_the_same():
    provider = rondo.onnx.register()
    before = provider.counts
    ours = onnxruntime.InferenceSession(MODEL, provider.session_options(threads=1))
    theirs = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
    given = inputs_of(ours)
    for answer, expected in zip(ours.run(None, given), theirs.run(None, given)):
        numpy.testing.assert_allclose(answer, expected, rtol=0, atol=1e-6)
    claimed, runs = (provider.counts[name] - before[name] for name in ("claimed", "runs"))
    assert claimed > 0 and runs == claimed


def test_once_a_process():
    assert rondo.onnx.register() is rondo.onnx.register()
    assert [device.ep_name for device in rondo.onnx.register().devices] == ["RondoExecutionProvider"]


def test_options_that_do_not_fit():
    with pytest.raises(Exception, match="threads: got '0'"):
        onnxruntime.InferenceSession(MODEL, rondo.onnx.register().session_options(threads=0))


def test_other_libraries():
    with pytest.raises(ValueError, match="which this process has registered"):
        rondo.onnx.register(__file__)
