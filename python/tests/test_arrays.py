"""Arrays of NumPy, PyTorch and JAX go in and come out without a copy: the address is the same."""

import array as buffers

import numpy as np
import pytest

import rondo
from rondo import _rondo, as_tensor, from_tensor

DTYPES = ["float64", "float32", "float16", "int32", "int64", "bool", "uint8"]
SHAPES = [(), (1,), (0,), (2, 3), (2, 0, 3), (2, 3, 4), (1, 1, 1, 1, 1, 1, 1, 2)]


def values(shape, dtype):
    count = int(np.prod(shape, dtype=int))
    return (np.arange(count) % 5).reshape(shape).astype(dtype)


def address(array):
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_both_ways_without_a_copy(shape, dtype):
    x = values(shape, dtype)
    tensor = as_tensor(x)
    assert (tensor.shape, tensor.dtype, tensor.device, tensor.ndim) == (shape, dtype, "cpu", len(shape))
    y = from_tensor(tensor, "numpy")
    assert y.dtype == x.dtype and y.shape == x.shape and np.array_equal(x, y)
    if x.size:
        assert tensor.address == address(x) == address(y)
        y[...] = 1
        assert np.all(x == 1)


@pytest.mark.parametrize("cut",
                         [np.s_[::-1], np.s_[:, ::-1, ::-2], np.s_[1:, :, 2], np.s_[:, None, 1::2], np.s_[..., 0]])
def test_numpy_views_keep_their_strides(cut):
    x = values((2, 3, 4), "float32")[cut]
    tensor = as_tensor(x)
    assert tensor.shape == x.shape
    assert tuple(4 * stride for stride in tensor.strides) == x.strides
    assert tensor.address == address(x)
    y = from_tensor(tensor, "numpy")
    assert np.array_equal(x, y) and y.strides == x.strides
    assert np.array_equal(np.asarray(tensor.contiguous()), x)


def test_fortran_order_and_broadcast_arrays_are_views():
    x = np.asfortranarray(values((3, 4), "float64"))
    assert as_tensor(x).strides == (1, 3) and as_tensor(x).address == address(x)
    wide = np.broadcast_to(np.float32(2), (3, 4))
    tensor = as_tensor(wide)
    assert tensor.strides == (0, 0) and tensor.read_only
    assert np.array_equal(np.asarray(tensor.to("float64")), np.full((3, 4), 2.0))


def test_a_field_of_a_structured_array_is_a_view_where_its_strides_are_whole_elements():
    records = np.zeros(3, dtype=[("a", "f4"), ("b", "i4")])
    records["b"] = [1, 2, 3]
    tensor = as_tensor(records["b"])
    assert tensor.strides == (2,) and np.asarray(tensor).tolist() == [1, 2, 3]
    packed = np.zeros(3, dtype=[("a", "i1"), ("b", "f4")])
    with pytest.raises(ValueError, match="x: got a stride of 5 bytes, expected a multiple of .* 4"):
        as_tensor(packed["b"], "x")


def test_other_holders_of_memory_are_arrays():
    assert as_tensor(buffers.array("f", [1, 2])).dtype == "float32"
    memory = bytearray(b"abc")
    tensor = as_tensor(memory)
    assert tensor.dtype == "uint8" and not tensor.read_only
    np.asarray(tensor)[0] = ord("z")
    assert memory == b"zbc"
    assert as_tensor(memoryview(b"abc")).read_only


def test_every_name_of_an_integer_type_is_known():
    for name in ("intc", "int_", "longlong"):
        dtype = np.dtype(name)
        assert as_tensor(np.zeros(2, dtype)).dtype == f"int{8 * dtype.itemsize}"


def test_a_dtype_that_is_due_converts_into_a_copy():
    x = values((2, 3), "float64")
    tensor = as_tensor(x, dtype="float32")
    assert tensor.dtype == "float32" and tensor.address != address(x)
    assert np.array_equal(np.asarray(tensor), x)
    assert as_tensor(x, dtype="float64").address == address(x)


@pytest.mark.parametrize("shape", SHAPES[:-1])
@pytest.mark.parametrize("dtype", DTYPES + ["bfloat16"])
def test_torch_both_ways_without_a_copy(shape, dtype):
    torch = pytest.importorskip("torch")
    x = torch.ones(shape, dtype=getattr(torch, dtype))
    tensor = as_tensor(x)
    assert (tensor.shape, tensor.dtype) == (shape, dtype)
    y = from_tensor(tensor, "torch")
    assert y.dtype == x.dtype and y.shape == x.shape and torch.equal(x, y)
    if x.numel():
        assert tensor.address == x.data_ptr() == y.data_ptr()
        y.zero_()
        assert not x.any()


def test_torch_strides_and_offsets():
    torch = pytest.importorskip("torch")
    x = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4).transpose(0, 2)[1:, ::2]
    tensor = as_tensor(x)
    assert tensor.strides == x.stride() and tensor.address == x.data_ptr()
    assert np.asarray(tensor).tolist() == x.tolist()


@pytest.mark.parametrize("shape", SHAPES[:-1])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int32", "bool", "uint8"])
def test_jax_both_ways_without_a_copy(shape, dtype):
    jax = pytest.importorskip("jax")
    x = jax.numpy.ones(shape, dtype)
    tensor = as_tensor(x)
    assert (tensor.shape, tensor.dtype, tensor.read_only) == (shape, dtype, True)
    assert tensor.address == x.unsafe_buffer_pointer() or not x.size
    made = rondo.zeros(shape, dtype)
    y = from_tensor(made, "jax")
    assert isinstance(y, jax.Array) and y.dtype == x.dtype and y.shape == shape and not y.any()
    assert made.address == y.unsafe_buffer_pointer() or not y.size or made.address % 16 != 0


def test_jax_gets_a_copy_of_what_has_gaps_and_views_all_else():
    pytest.importorskip("jax")
    x = rondo.zeros((4, 64, 16))
    turned = x.swap_axes(0, 2)
    assert from_tensor(turned, "jax").unsafe_buffer_pointer() == turned.address
    gaps = as_tensor(values((2, 3, 4), "float32")[:, ::2])
    assert np.array_equal(from_tensor(gaps, "jax"), np.asarray(gaps))


def test_bfloat16_of_ml_dtypes():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = values((2, 3), ml_dtypes.bfloat16)[:, ::-1]
    tensor = as_tensor(x)
    assert tensor.dtype == "bfloat16" and tensor.address == address(x)
    y = from_tensor(tensor, "numpy")
    assert y.dtype == ml_dtypes.bfloat16 and np.array_equal(x, y)
    with pytest.raises(ValueError, match="^x: got"):
        as_tensor(np.zeros(3, ml_dtypes.float8_e4m3fn), "x")


class Exporter:
    """An array of a library that Rondo does not know, with the DLPack of before or after version 1.0."""

    def __init__(self, tensor, versioned):
        self.tensor, self.versioned = tensor, versioned

    def __dlpack_device__(self):
        return self.tensor.__dlpack_device__()

    def __dlpack__(self, **options):
        if not self.versioned and "max_version" in options:
            raise TypeError("unexpected keyword argument max_version")
        return self.tensor.__dlpack__(**options)


@pytest.mark.parametrize("versioned", [False, True])
def test_legacy_and_versioned_capsules_of_an_unknown_library(versioned):
    made = rondo.zeros((2, 3), "int64")
    tensor = as_tensor(Exporter(made, versioned))
    assert tensor.address == made.address and tensor.dtype == "int64" and not tensor.read_only
    names = {False: "dltensor", True: "dltensor_versioned"}
    version = {"max_version": (1, 0)} if versioned else {}
    assert f'"{names[versioned]}"' in repr(made.__dlpack__(**version))


@pytest.mark.parametrize("order", ["C", "F"])
def test_numpy_from_dlpack_views_a_tensor(order):
    made = rondo.zeros((2, 3))
    if order == "F":
        made = made.swap_axes(0, 1)
    x = np.from_dlpack(made)
    assert address(x) == made.address and x.shape == made.shape


def test_viewed_as_shares_bytes():
    x = np.array([1.0, -2.0], np.float32)
    assert np.asarray(as_tensor(x).viewed_as("int32")).tolist() == x.view(np.int32).tolist()
    with pytest.raises(ValueError, match="dtype: got float64, expected a dtype of the size of float32"):
        as_tensor(x).viewed_as("float64")


def test_copy_from_and_to():
    x = values((2, 3), "float32")
    made = rondo.empty((2, 3))
    made.copy_from(as_tensor(x))
    assert np.array_equal(np.asarray(made), x)
    with pytest.raises(ValueError):
        made.copy_from(as_tensor(x.T))
    assert np.array_equal(np.asarray(made.to("int64")), x.astype(np.int64))
    assert made.to().address == made.address
    assert _rondo.import_array(made).address == made.address
