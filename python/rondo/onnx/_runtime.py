"""rondo.onnx.register."""

import ctypes
import os
import threading

from .. import _rondo
from ..formats._reading import checked_path, import_extra, refusal

_PROVIDER = "RondoExecutionProvider"
_COUNTS = ("claimed", "declined", "runs", "weights", "shared_weights", "shared_runs", "streams_begun",
           "streams_evicted")

_lock = threading.Lock()
_registered: "dict[str, Provider]" = {}  # by the library's real path


def register(library=None) -> "Provider":
    """Registers Rondo's execution provider with the package onnxruntime, of 1.23 or later, once a process.

    library: a librondo_ort.so of an installation; by default this package's own module, which has the provider where it
    was built with the headers of ONNX Runtime, as wheels are.

    Returns a Provider, whose session_options() an onnxruntime.InferenceSession takes. Raises ImportError where
    onnxruntime is missing, and ValueError for a version that is too old and for a library without the provider.
    """
    onnxruntime = import_extra("onnxruntime", "onnxruntime")
    if not hasattr(onnxruntime, "register_execution_provider_library"):
        raise refusal("onnxruntime", onnxruntime.__version__, "1.23 or later")
    path = os.path.realpath(_rondo.__file__ if library is None else checked_path(library))
    with _lock:
        if path not in _registered:
            if _registered:
                raise refusal("library", path, f"{next(iter(_registered))}, which this process has registered")
            _check(path, library)
            try:
                onnxruntime.register_execution_provider_library(_PROVIDER, path)
            except Exception as error:  # onnxruntime's classes of errors are its own
                raise refusal("onnxruntime", str(error), "a runtime that takes the provider") from error
            _registered[path] = Provider(onnxruntime, path)
        return _registered[path]


def _check(path, library):
    try:
        has_it = hasattr(ctypes.CDLL(path), "CreateEpFactories")
    except OSError as error:
        raise refusal(path, str(error), "a librondo_ort.so") from error
    if has_it:
        return
    if library is not None:
        raise refusal(path, "a library without CreateEpFactories", "a librondo_ort.so")
    raise refusal("rondo", "a build without ONNX Runtime's headers",
                  "one with them, as scripts/wheel makes it, or the path of a librondo_ort.so")


class Provider:
    """The registered execution provider.

    `devices` are what onnxruntime.SessionOptions.add_provider_for_devices takes, and `library` is what its
    register_custom_ops_library takes.
    """

    name = _PROVIDER

    def __init__(self, onnxruntime, library):
        self._onnxruntime = onnxruntime
        self._counts = ctypes.CDLL(library).rondo_ort_counts
        self._counts.restype = ctypes.c_size_t
        self._counts.argtypes = [ctypes.POINTER(ctypes.c_int64), ctypes.c_size_t]
        self.library = library
        self.devices = [device for device in onnxruntime.get_ep_devices() if device.ep_name == _PROVIDER]

    def __repr__(self):
        return f"<rondo.onnx.Provider of {self.library}>"

    def session_options(self, options=None, *, threads=None, leave_out=(), math="strict"):
        """Adds the provider, and the operators rondo::LSTMStream and its like, to an onnxruntime.SessionOptions.

        options: the options to add to, which are returned; by default new ones.
        threads: the most threads of a run. By default runs take the threads of the session (intra_op_num_threads).
        leave_out: operators that stay with ONNX Runtime, of "RNN", "GRU", "LSTM" and "DynamicQuantizeLSTM".
        math: how nodes multiply numbers of float32, as that of rondo.Plan: "int8" for weights in 8 bits.
        """
        options = self._onnxruntime.SessionOptions() if options is None else options
        settings = {} if threads is None else {"threads": str(threads)}
        if leave_out:
            settings["leave_out"] = ",".join([leave_out] if isinstance(leave_out, str) else leave_out)
        if math != "strict":
            settings["math"] = math
        options.add_provider_for_devices(self.devices, settings)
        options.register_custom_ops_library(self.library)
        return options

    @property
    def counts(self):
        """Numbers of this process: nodes that were claimed and declined, their runs, weights that were converted and
        nodes that share some, runs that threads of the session shared, and streams that began and were evicted."""
        numbers = (ctypes.c_int64 * len(_COUNTS))()
        self._counts(numbers, len(_COUNTS))
        return dict(zip(_COUNTS, numbers))
