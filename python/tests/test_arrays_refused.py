"""What is no array, or cannot be viewed, is refused with an error that names the argument."""

import sys

import numpy as np
import pytest

import rondo
from rondo import _rondo, as_tensor, from_tensor


@pytest.mark.parametrize("thing",
                         [None, 3, 3.0, "abc", b"abc", [1.0, 2.0], (1.0,), {"a": 1}, object(), np.ndarray, np.float32,
                                   rondo.Tensor])
def test_what_is_no_array_is_a_type_error(thing):
    with pytest.raises(TypeError, match="^weights: got a"):
        as_tensor(thing, "weights")


@pytest.mark.filterwarnings("ignore:nanobind")
def test_a_tensor_that_was_never_made():
    with pytest.raises(TypeError, match="x: got a rondo.Tensor that was never made"):
        rondo.SessionTensors(rondo.Tensor.__new__(rondo.Tensor))
    with pytest.raises(TypeError):
        np.asarray(rondo.Tensor.__new__(rondo.Tensor).shape)


@pytest.mark.parametrize("dtype",
                         ["i1", "i2", "u2", "u4", "u8", "c8", "c16", "S3", "U3", "M8[s]", "m8[s]", "O", "V4", "g",
                                   ">f4", ">f8", ">i4"])
def test_other_elements_are_a_value_error(dtype):
    with pytest.raises(ValueError, match="^x: got"):
        as_tensor(np.zeros((2, 3), dtype), "x")


def test_a_structured_array_is_a_value_error():
    with pytest.raises(ValueError, match="^x: got elements of the format .*expected float64"):
        as_tensor(np.zeros(3, dtype=[("a", "f4"), ("b", "i4")]), "x")


def test_big_endian_elements_are_named():
    with pytest.raises(ValueError, match='x: got elements of the format ">f", which are big-endian'):
        as_tensor(np.zeros(3, ">f4"), "x")


def test_more_than_eight_axes():
    with pytest.raises(ValueError, match="x: got an array of 9 axes, expected at most 8"):
        as_tensor(np.zeros((1,) * 9), "x")


def frozen(shape=(3,)):
    x = np.zeros(shape, np.float32)
    x.flags.writeable = False
    return x


def test_read_only_memory_is_an_input_and_no_output():
    tensor = as_tensor(frozen(), "x")
    assert tensor.read_only
    for change in (lambda: as_tensor(frozen(), "y", writable=True), lambda: as_tensor(tensor, "y", writable=True),
                   lambda: _rondo.import_array(frozen(), "y", True), lambda: tensor.copy_from(rondo.zeros((3,)))):
        with pytest.raises(ValueError, match="read-only"):
            change()
    for view in (tensor, tensor.contiguous(), tensor.viewed_as("int32"), tensor.swap_axes(0, 0)):
        assert view.read_only and not np.asarray(view).flags.writeable
    assert not tensor.to("float64").read_only


def test_read_only_memory_leaves_only_to_receivers_that_know_it():
    tensor = as_tensor(frozen())
    with pytest.raises(BufferError, match="DLPack 1.0"):
        tensor.__dlpack__()
    with pytest.raises(BufferError, match="DLPack 1.0"):
        tensor.__dlpack__(max_version=(0, 8))
    tensor.__dlpack__(max_version=(1, 0))
    tensor.__dlpack__(copy=True)


def test_negative_strides_leave_as_numpy_arrays_alone():
    tensor = as_tensor(np.zeros((2, 3), np.float32)[::-1])
    for options in ({}, {"max_version": (1, 0)}):
        with pytest.raises(BufferError, match="negative stride"):
            tensor.__dlpack__(**options)
    tensor.__dlpack__(copy=True)
    assert from_tensor(tensor, "numpy").strides == (-12, 4)


def test_a_tensor_that_requires_a_gradient():
    torch = pytest.importorskip("torch")
    for x in (torch.zeros(3, requires_grad=True), torch.nn.Parameter(torch.zeros(3))):
        with pytest.raises(ValueError, match="x: got a torch.Tensor that requires a gradient"):
            as_tensor(x, "x")
        assert as_tensor(x.detach(), "x").address == x.data_ptr()


def test_tensors_of_torch_that_are_no_plain_memory():
    torch = pytest.importorskip("torch")
    for x in (torch.zeros(2, 3).to_sparse(), torch.zeros(3, device="meta"), torch._neg_view(torch.ones(3)),
              torch.quantize_per_tensor(torch.zeros(3), 1.0, 0, torch.quint8),
              torch.zeros(3, dtype=torch.complex64).conj(),
              torch.zeros(3, dtype=torch.int8), torch.zeros(3, dtype=torch.complex64)):
        with pytest.raises(ValueError):
            as_tensor(x, "x")


def test_arrays_of_jax_are_no_outputs():
    jax = pytest.importorskip("jax")
    with pytest.raises(ValueError, match="y: got .* read-only"):
        as_tensor(jax.numpy.zeros(3), "y", writable=True)


@pytest.mark.parametrize("shape, kind", [((-1,), ValueError), ((2**62,), ValueError), ((2**62, 4), ValueError),
                                         ((2**41,), MemoryError), ((2**70,), TypeError), ((1,) * 9, ValueError),
                                         ("ab", TypeError), (None, TypeError), ((1.5,), TypeError)])
def test_shapes_that_cannot_be(shape, kind):
    for make in (rondo.zeros, rondo.empty):
        with pytest.raises(kind):
            make(shape)


def test_names_that_do_not_exist():
    with pytest.raises(ValueError, match="dtype: got the dtype float33"):
        rondo.zeros((2,), "float33")
    with pytest.raises(ValueError, match='device: got the device "gpu"'):
        rondo.zeros((2,), device="gpu")
    with pytest.raises(ValueError, match="axis: got 5"):
        rondo.zeros((2,)).swap_axes(0, 5)
    if rondo.cuda_device_count() == 0:
        with pytest.raises(ValueError, match="device: got cuda:3, expected cpu"):
            rondo.zeros((2,)).to(device="cuda:3")


class Broken:
    """Says that it exports by DLPack, and hands out what it was given."""

    def __init__(self, capsule):
        self.capsule = capsule

    def __dlpack_device__(self):
        return (1, 0)

    def __dlpack__(self, **options):
        if isinstance(self.capsule, Exception):
            raise self.capsule
        return self.capsule


def test_a_capsule_is_used_once():
    exporter = Broken(rondo.zeros((2, 3)).__dlpack__())
    assert as_tensor(exporter).shape == (2, 3)
    with pytest.raises(TypeError, match="x: got .*expected a capsule that nobody has used"):
        as_tensor(exporter, "x")


def test_broken_exporters():
    for thing in (3, None, "dltensor", sys):
        with pytest.raises(TypeError, match="^x: got"):
            as_tensor(Broken(thing), "x")
    with pytest.raises(ValueError, match="x: got an array that its library does not export: no"):
        as_tensor(Broken(BufferError("no")), "x")
    with pytest.raises((TypeError, ValueError)):
        as_tensor(type("Half", (), {"__dlpack__": 1, "__dlpack_device__": 2})(), "x")


def test_capsules_are_for_this_device():
    with pytest.raises(BufferError, match="another device"):
        rondo.zeros((2,)).__dlpack__(dl_device=(2, 0))
    with pytest.raises(TypeError):
        rondo.Tensor()


def test_a_capsule_is_taken_once():
    x = np.arange(6, dtype="f").reshape(2, 3)
    capsule = x.__dlpack__()
    assert np.array_equal(np.asarray(_rondo.import_capsule(capsule, "x")), x)
    for thing in (capsule, x, None, 3):
        with pytest.raises(TypeError, match="^x: got"):
            _rondo.import_capsule(thing, "x")
