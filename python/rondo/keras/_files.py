"""rondo.keras.load: recurrent layers from files that Keras 2 and Keras 3 write."""

import contextlib
import io
import os
import zipfile
import zlib

from .. import _rondo
from ..formats._reading import checked_path, import_extra, read_start, refusal
from ._files_hdf5 import open_root
from ._files_layers import make_layer

_MOST_JSON = 1 << 28
_MOST_DEFLATED = 1032  # what one compressed byte can become


def load(path, weights=None, *, classes=None) -> "LoadedModel":
    """Reads a `.keras` archive, a `.weights.h5`, a legacy `.h5`, or a `.weights.json` with its shards, of Keras 2 or 3;
    h5py, of rondo[keras], reads HDF5.

    With `weights`, `path` is the JSON of `model.to_json()`, and `weights` the file of the weights. `classes` has
    Keras's class for each class of yours that computes the same: {"mine>MyLSTM": "LSTM"}.

    Returns a LoadedModel. The content of the file decides which kind it is. Raises ValueError naming the file, what was
    given and what was expected, for a file that cannot be read, is broken or refers to other files, and for weights of
    no layer. What is wrong with one layer, its `problem`, is no error until the layer is called: an activation or a
    class that Rondo does not know; missing or surplus weights, or weights of the wrong shape or dtype.

    >>> model = rondo.keras.load("forecast.keras")
    >>> print(model.describe())
    >>> y = model.layers["lstm"](x)
    """
    name = checked_path(path)
    classes = dict(classes or {})
    if weights is not None:
        return _load_files(name, checked_path(weights), classes)
    kind, described = _kind_of(name)
    if kind == "archive":
        return LoadedModel(name, *_read_archive(name, classes))
    if kind == "other":
        raise refusal(name, described, "a .keras, .weights.h5, .h5 or .weights.json file of Keras")
    with open_weights(name) as root:
        return LoadedModel(name, *_rondo.read_keras_tree(name, root, classes))


def _load_files(name, weights, classes):
    kind, described = _kind_of(name)
    if kind != "json":
        raise refusal(name, described, "the architecture of a model in JSON: model.to_json()")
    with open_weights(weights) as root:
        return LoadedModel(name, *_rondo.read_keras_files(name, _text_of(name), weights, root, classes))


@contextlib.contextmanager
def open_weights(name):
    """The root of an HDF5 file, or a list of the roots of the shards that a `.weights.json` names."""
    kind, described = _kind_of(name)
    if kind == "hdf5":
        with open_root(name, name) as root:
            yield root
        return
    if kind != "json":
        raise refusal(name, described, "a .h5, .weights.h5 or .weights.json file of Keras")
    with contextlib.ExitStack() as stack:
        shards = [checked_path(path) for path in _rondo.keras_shards(_text_of(name), name)]
        yield [stack.enter_context(open_root(path, path)) for path in shards]


def _kind_of(name):
    return _rondo.keras_file_kind(read_start(name, _rondo.file_kind_bytes), os.path.getsize(name))


def _text_of(name):
    try:
        with open(name, "rb") as file:
            data = file.read(_MOST_JSON + 1)
    except OSError as error:
        raise refusal(name, "a file that cannot be opened", "a readable file") from error
    if len(data) > _MOST_JSON:
        raise refusal(name, "more bytes of JSON", f"at most {_MOST_JSON}")
    return _text(name, "JSON", data)


class Layers(dict):
    """Layers by their names, in the order of the model. A layer is also found by its path in the file, and a layer
    inside another one by the path of their names: "encoder/lstm"."""

    def __init__(self, file, layers):
        super().__init__(layers)
        self._file = file

    def __missing__(self, name):
        for layer in self.values():
            if name and layer.path == name:
                return layer
            if isinstance(name, str) and name.startswith(f"{layer.name}/"):
                inner = {one.name: one for one in layer.inner}
                found = Layers(self._file, inner).get_inner(name[len(layer.name) + 1:])
                if found is not None:
                    return found
        names = ", ".join(f"'{known}'" for known in self)
        raise KeyError(f"{self._file}: layer: got {name!r}, expected one of {names}")

    def get_inner(self, name):
        """The layer of a name or of a path of names; None if there is none."""
        try:
            return self[name]
        except KeyError:
            return None


class LoadedModel:
    """The layers of a file that Keras wrote, all but the inputs.

    `layers` has them by name: recurrent layers of all classes, and the wrappers Bidirectional and TimeDistributed of
    these, can be called as Keras's layer of that class; the others have their weights. A file of weights alone has no
    classes and options: its layers have weights alone. `problem` says what the file does not tell, such as the layers
    of a subclassed model.
    """

    def __init__(self, file, keras_version, layers, problem, description, contents):
        self.file = file
        self.keras_version = keras_version
        self.problem = problem
        self.layers = Layers(file, ((layer.name, make_layer(layer)) for layer in layers))
        self._description = description
        self.contents = contents  # the _rondo.KerasModel

    def __repr__(self):
        return f"<rondo.keras.LoadedModel {self.file}: {', '.join(self.layers)}>"

    def describe(self):
        """A text of the file and its layers, one a line: what is known, and why a layer cannot be called."""
        return self._description


def _read_archive(name, classes):
    import_extra("h5py", "keras")
    try:
        with zipfile.ZipFile(name) as archive:
            configuration, metadata, weights = (
                _read_member(archive, name, member) for member in ("config.json", "metadata.json", "model.weights.h5"))
    except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError) as error:
        raise refusal(name, f"a broken zip archive ({error})", "a .keras archive") from error
    texts = [_text(name, "config.json", configuration), _text(name, "metadata.json", metadata)]
    where = f"{name}: model.weights.h5"
    with open_root(io.BytesIO(weights), where) as root:
        return _rondo.read_keras_archive(name, *texts, root, classes)


def _read_member(archive, name, member):
    where = f"{name}: {member}"
    try:
        info = archive.getinfo(member)
    except KeyError as error:
        raise refusal(name, f"no {member}", "one in the archive") from error
    if info.compress_size > info.file_size + 1024 or info.file_size // _MOST_DEFLATED > info.compress_size:
        raise refusal(where, "an impossible size", "a size that the compressed bytes can have")
    try:
        return archive.read(info)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        expected = f"{info.file_size} bytes with the archive's checksum"
        raise refusal(where, f"broken content ({error})", expected) from error


def _text(name, member, data):
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise refusal(f"{name}: {member}", f"bytes that are no text ({error})", "JSON in UTF-8") from error
