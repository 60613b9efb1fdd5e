"""rondo.keras.load: recurrent layers from files that Keras 2 and Keras 3 write."""

import io
import zipfile
import zlib

from .. import _rondo
from ..formats._reading import checked_path, import_extra, read_start, refusal
from ._files_hdf5 import open_root
from ._files_layers import describe_layer, make_layer

_ZIP = b"PK\x03\x04"
_HDF5 = b"\x89HDF\r\n\x1a\n"
_MOST_DEFLATED = 1032  # what one compressed byte can become


def load(path):
    """Reads a `.keras` archive, a `.weights.h5`, or a legacy `.h5`, of Keras 2 or 3; h5py, of rondo[keras], reads HDF5.

    Returns a LoadedModel. The content of the file decides which kind it is. Raises ValueError naming the file, the
    layer, what was given and what was expected: for a file that cannot be read, is broken or refers to other files; a
    configuration that is no Sequential or Functional model, or has what Rondo does not know; missing or surplus
    weights, or weights of the wrong shape or dtype. A class of layer that Rondo does not know is no error until it is
    called.

    >>> model = rondo.keras.load("forecast.keras")
    >>> print(model.describe())
    >>> y = model.layers["lstm"](x)
    """
    name = checked_path(path)
    start = read_start(name, len(_HDF5))
    if start[:len(_ZIP)] == _ZIP:
        version, layers = _read_archive(name)
    elif start == _HDF5:
        with open_root(name, name) as root:
            version, layers = _rondo.read_keras_tree(name, root)
    else:
        raise refusal(name, "a file that is neither zip nor HDF5", "a .keras, .weights.h5 or .h5 file of Keras")
    return LoadedModel(name, version, layers)


class Layers(dict):
    """Layers by their names, in the order of the model. A layer is also found by its path in the file."""

    def __init__(self, file, layers):
        super().__init__(layers)
        self._file = file

    def __missing__(self, name):
        for layer in self.values():
            if name and layer.path == name:
                return layer
        names = ", ".join(f"'{known}'" for known in self)
        raise KeyError(f"{self._file}: layer: got {name!r}, expected one of {names}")


class LoadedModel:
    """The layers of a file that Keras wrote, all but the inputs.

    `layers` has them by name: a SimpleRNN, LSTM, GRU, RNN or Bidirectional can be called as Keras's layer of that
    class; the others have their weights. A file of weights alone has no classes and options: its layers have weights
    alone.
    """

    def __init__(self, file, keras_version, layers):
        self.file = file
        self.keras_version = keras_version
        self.layers = Layers(file, ((layer.name, make_layer(layer)) for layer in layers))

    def __repr__(self):
        return f"<rondo.keras.LoadedModel {self.file}: {', '.join(self.layers)}>"

    def describe(self):
        """A text of the file and its layers, one a line."""
        version = f", of Keras {self.keras_version}" if self.keras_version else ""
        return "\n".join([f"{self.file}{version}"] + ["  " + describe_layer(layer) for layer in self.layers.values()])


def _read_archive(name):
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
        return _rondo.read_keras_archive(name, *texts, root)


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
