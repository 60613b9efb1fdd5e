"""rondo.keras.load_model: whole models of Keras, from a file to the model's answer."""

import contextlib
import threading
from typing import NamedTuple, Optional, Tuple

from .. import _rondo
from .._arrays import as_tensor, from_tensor, library_of
from ._files import load


def load_model(path, weights=None, *, classes=None, device: str = "cpu", threads: int = 0,
               math: str = "strict") -> "Model":
    """The model in a file, ready to run: `path`, `weights` and `classes` are those of rondo.keras.load.

    math: how recurrences multiply numbers of float32, as that of rondo.Plan: "int8" for weights in 8 bits.

    Raises ValueError as rondo.keras.load, and naming file, layer and argument for a file of weights alone, a class of
    layers that Rondo does not run, and weights or shapes that do not fit.

    >>> model = rondo.keras.load_model("forecast.keras")
    >>> y = model.predict(x)
    """
    return Model(load(path, weights, classes=classes).contents, device=device, threads=threads, math=math)


class ModelTensor(NamedTuple):
    """An input or an output: its shape has None for a size that every call may choose, as that of the batch."""

    name: str
    shape: Tuple[Optional[int], ...]
    dtype: str


class Model:
    """A Sequential or Functional model of Keras 2 or 3 in inference: layers of dropout and noise do nothing.

    Many threads may call it; a stateful one waits for the call before. It keeps plans for the shapes of earlier calls.
    """

    def __init__(self, contents, device="cpu", threads=0, math="strict"):
        self._model = _rondo.Model(contents, device=device, threads=threads, math=math)
        self._device = device
        self._turn = threading.Lock() if self._model.is_stateful else contextlib.nullcontext()

    @property
    def inputs(self):
        """A ModelTensor for each input, in the order of `predict`."""
        return [ModelTensor(*described) for described in self._model.inputs]

    @property
    def outputs(self):
        return [ModelTensor(*described) for described in self._model.outputs]

    @property
    def stateful(self):
        """Whether a layer keeps its states from call to call."""
        return self._model.is_stateful

    def predict(self, x):
        """The outputs for an array, for a list of arrays, one for each input, or for a dict of them by name.

        Returns one array, or a list where the model has several outputs; of a dict, a dict by name. They are arrays of
        the library of the inputs. Any batch and any dtype will do: elements are converted to the input's. Raises
        ValueError for a shape that does not fit and for values that a layer refuses.
        """
        if isinstance(x, dict):
            library = _library(x.values())
            given = {name: _taken(array, f"inputs[{name!r}]") for name, array in x.items()}
            with self._turn:
                results = self._model.predict_named(given)
            return {name: from_tensor(tensor, library) for name, tensor in results.items()}
        with self._turn:
            return _of_list(self._model.predict, x)

    __call__ = predict

    def reset_states(self):
        """Makes the states that stateful layers keep zeros."""
        with self._turn:
            self._model.reset_states()

    def stream(self) -> "Stream":
        """A stream through the model, one time step a call. Raises ValueError naming a layer that cannot read so."""
        return Stream(self._model.stream())

    def describe(self) -> str:
        """A table of the layers: class, shape of the output, whether it carries a mask, and what runs it."""
        return self._model.describe()

    def explain(self, B: int, T: int) -> str:
        """Why each recurrence runs where it runs, in calls of B rows and T steps."""
        return self._model.explain(B, T)

    def __repr__(self):
        sides = (", ".join(f"{tensor.name} {tensor.shape}" for tensor in side) for side in (self.inputs, self.outputs))
        return "<rondo.keras.Model {} -> {}>".format(*sides)


class Stream:
    """One stream through a model, with states of its own. After t steps its answer is that of `predict` for these t
    steps: the last step of outputs that are sequences, and the whole of others. A call waits for the one before."""

    def __init__(self, stream):
        self._stream = stream
        self._turn = threading.Lock()

    def step(self, x):
        """The outputs for one time step: arrays (B, ...) of inputs (B, T, ...), as `predict` takes and returns them."""
        with self._turn:
            return _of_list(self._stream.step, x)

    def reset(self):
        """Forgets all steps."""
        with self._turn:
            self._stream.reset()


def _of_list(function, x):
    inputs = x if isinstance(x, (list, tuple)) else [x]
    library = _library(inputs)
    results = [from_tensor(tensor, library) for tensor in function([_taken(array, "inputs") for array in inputs])]
    return results[0] if len(results) == 1 else results


def _library(arrays):
    return library_of(*arrays) or "numpy"


def _taken(array, argument):
    return as_tensor(array, argument)
