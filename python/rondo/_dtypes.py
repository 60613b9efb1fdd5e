"""Names of dtypes."""

import numpy


def dtype_name(dtype):
    """NumPy's name of a dtype of NumPy, PyTorch, JAX or TensorFlow, or of its name; None for None."""
    if dtype is None:
        return None
    try:
        return numpy.dtype(getattr(dtype, "as_numpy_dtype", dtype)).name
    except TypeError:  # PyTorch's, or bfloat16
        return str(dtype).rpartition(".")[2]


def name_of_dtype(array):
    """NumPy's name of an array's dtype: "float32"."""
    return str(array.dtype).rpartition(".")[2]


def numpy_dtype(name):
    """NumPy's dtype of that name. bfloat16 needs the package ml_dtypes."""
    if name != "bfloat16":
        return numpy.dtype(name)
    try:
        import ml_dtypes
    except ImportError:
        raise ValueError("dtype: got bfloat16, which NumPy has with the package ml_dtypes only: install it") from None
    return numpy.dtype(ml_dtypes.bfloat16)
