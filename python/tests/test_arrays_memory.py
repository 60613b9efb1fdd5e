"""Memory lives as long as something views it, whoever made it."""

import gc
import weakref

import numpy as np
import pytest

import rondo
from rondo import as_tensor, from_tensor


class Counted(np.ndarray):
    """An array whose death can be watched."""


def counted(shape=(64, 64)):
    array = np.ones(shape, np.float32).view(Counted)
    return array, weakref.ref(array)


def test_a_tensor_keeps_the_memory_of_numpy():
    array, alive = counted()
    tensor = as_tensor(array)
    views = [tensor.swap_axes(0, 1), tensor.viewed_as("int32"), tensor.contiguous()]
    del array, tensor
    gc.collect()
    assert alive() is not None and np.asarray(views[0]).sum() == 64 * 64
    del views
    gc.collect()
    assert alive() is None


def test_numpy_keeps_the_memory_of_a_tensor():
    x = np.asarray(rondo.zeros((1000, 1000)))
    for _ in range(3):
        rondo.empty((1000, 1000)).copy_from(as_tensor(np.ones((1000, 1000), np.float32)))
    assert not x.any()


def test_a_chain_of_views_ends_with_the_last_one():
    array, alive = counted()
    last = from_tensor(as_tensor(np.asarray(as_tensor(array))), "numpy")
    del array
    gc.collect()
    assert alive() is not None and last[0, 0] == 1
    del last
    gc.collect()
    assert alive() is None


def test_capsules_that_nobody_uses_free_their_tensor():
    array, alive = counted()
    for options in ({}, {"max_version": (1, 0)}):
        capsule = as_tensor(array).__dlpack__(**options)
        del capsule
    del array
    gc.collect()
    assert alive() is None


def test_a_capsule_keeps_the_memory_until_its_receiver_lets_go():
    array, alive = counted()
    received = np.from_dlpack(as_tensor(array))
    del array
    gc.collect()
    assert alive() is not None and received.sum() == 64 * 64
    del received
    gc.collect()
    assert alive() is None


def test_torch_and_rondo_keep_each_other():
    torch = pytest.importorskip("torch")
    array, alive = counted()
    tensor = from_tensor(as_tensor(array), "torch")
    back = as_tensor(tensor)
    del array, tensor
    gc.collect()
    assert alive() is not None and float(from_tensor(back, "torch").sum()) == 64 * 64
    del back
    gc.collect()
    assert alive() is None
    x = torch.ones(1000, 1000)
    tensor = as_tensor(x)
    del x
    other = torch.zeros(1000, 1000)
    assert np.asarray(tensor).all() and not other.any()


def test_jax_and_rondo_keep_each_other():
    jax = pytest.importorskip("jax")
    tensor = as_tensor(jax.numpy.ones((100, 100)))
    gc.collect()
    assert np.asarray(tensor).all()
    x = from_tensor(rondo.zeros((100, 100)), "jax")
    gc.collect()
    as_tensor(np.ones((100, 100), np.float32)).contiguous()
    assert not x.any()


def test_an_imported_buffer_cannot_be_resized():
    memory = bytearray(16)
    tensor = as_tensor(memory)
    with pytest.raises(BufferError):
        memory.extend(b"x")
    del tensor
    gc.collect()
    memory.extend(b"x")


def test_memory_of_a_session_lives_with_its_tensors():
    cell = rondo.CellSpec("simple_rnn", 4)
    session = rondo.Session(rondo.Plan(rondo.RecurrenceSpec(cell, T=3, B=2, I=5)),
                            [as_tensor(np.ones(shape, np.float32)) for shape in ((5, 4), (4, 4), (4,))])
    arrays = [counted((3, 2, 5)), counted((3, 2, 4))]
    tensors = rondo.SessionTensors(as_tensor(arrays[0][0]), y=as_tensor(arrays[1][0]))
    alive = [arrays[0][1], arrays[1][1]]
    del arrays
    gc.collect()
    session.run(tensors)
    assert all(reference() is not None for reference in alive)
    del tensors
    gc.collect()
    assert all(reference() is None for reference in alive)
