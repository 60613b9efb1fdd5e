"""HDF5 groups, read with h5py, for the interpreter of Keras's files in rondo._rondo, which says what they mean."""

import contextlib

import numpy

from .._arrays import as_tensor
from ..formats._reading import import_extra, refusal

_READABLE = "an HDF5 file that can be read"
_MOST_DEFLATED = 1032  # what one compressed byte can become
_MOST_ATTRIBUTE_BYTES = 1 << 28
_MOST_AXES = 8
_TYPES = {("f", 8): "float64", ("f", 4): "float32", ("f", 2): "float16", ("i", 8): "int64", ("i", 4): "int32",
          ("i", 2): "int32", ("i", 1): "int32", ("u", 4): "int64", ("u", 2): "int32", ("u", 1): "uint8"}


@contextlib.contextmanager
def open_root(source, name):
    """The root of an HDF5 file: `source` is a path, or an open file of Python. Messages call the file `name`."""
    h5py = import_extra("h5py", "keras")
    try:
        file = h5py.File(source, "r")
    except (OSError, ValueError, RuntimeError) as error:
        raise refusal(name, "a broken HDF5 file", _READABLE) from error
    with file:
        yield Hdf5Group(file["/"])


class Hdf5Group:
    """One group. Links that are not hard, and datasets whose bytes are in another file, are refused, because an
    untrusted file must not choose which files its reader opens."""

    def __init__(self, group):
        self._group = group
        self._h5py = import_extra("h5py", "keras")

    def names(self, where):
        with _refusing(where, "a broken group"):
            return [_text(name) for name in self._group]

    def contains(self, name, where):
        with _refusing(where, "a broken link"):
            if not self._links().exists(name.encode()):
                return False
            kind = self._links().get_info(name.encode()).type
        if kind != self._h5py.h5l.TYPE_HARD:
            raise refusal(where, "a link to elsewhere", "an object of this file")
        return True

    def kind(self, name, where):
        if not self.contains(name, where):
            return None
        return "group" if isinstance(self._member(name, where), self._h5py.Group) else "array"

    def group(self, name, where):
        return Hdf5Group(self._member(name, where))

    def tensor(self, name, where):
        dataset = self._dataset(name, where)
        read_as, dtype = _dtypes_of(dataset, where)
        _check_shape(dataset, where)
        with _refusing(where, "a broken dataset"):
            values = dataset[()]
            array = numpy.array(values).view("float16") if read_as == "opaque" else numpy.array(values, read_as)
        tensor = as_tensor(numpy.ascontiguousarray(array).reshape(dataset.shape), where)
        return tensor.viewed_as(dtype) if read_as == "opaque" else tensor.to(dtype)

    def is_integer(self, name, where):
        with _refusing(where, "a broken dataset"):
            return self._dataset(name, where).dtype.kind in "iu"

    def strings(self, attribute, where):
        return _strings(self._h5py, self._group, attribute, where)

    def _links(self):
        return self._group.id.links

    def _member(self, name, where):
        with _refusing(where, "a broken object"):
            return self._group[name]

    def _dataset(self, name, where):
        member = self._member(name, where)
        if not isinstance(member, self._h5py.Dataset):
            raise refusal(where, "an object of another kind", "a dataset")
        return member


@contextlib.contextmanager
def _refusing(where, came):
    """h5py raises what HDF5 reports as one of these."""
    try:
        yield
    except (KeyError, OSError, RuntimeError, TypeError, UnicodeError, ValueError) as error:
        raise refusal(where, came, _READABLE) from error


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def _strings(h5py, thing, attribute, where):
    with _refusing(where, "a broken attribute"):
        if attribute not in thing.attrs:
            return None
        stored = thing.attrs.get_id(attribute)
        count = int(numpy.prod(stored.shape, dtype=object)) if stored.shape is not None else 0
        size = stored.get_storage_size() if count else 0
        is_text = stored.get_type().get_class() == h5py.h5t.STRING
    if size > _MOST_ATTRIBUTE_BYTES:
        raise refusal(where, "an attribute of impossible size", "strings")
    if count == 0:
        return []  # Keras writes an empty list as floats
    if not is_text:
        raise refusal(where, "an attribute of another type", "strings")
    with _refusing(where, "a broken attribute"):
        values = numpy.asarray(thing.attrs[attribute], dtype=object).ravel()
        return [_text(value) for value in values]


def _dtypes_of(dataset, where):
    """The dtype that h5py reads the elements with, or "opaque", and Rondo's dtype of them."""
    with _refusing(where, "another element type"):
        dtype, stored = dataset.dtype, dataset.id.get_type()
        size = stored.get_size()
    if dtype.kind == "f" and size == 2 and stored.get_fields()[2] == 8:
        return "float32", "bfloat16"  # NumPy has no bfloat16; a float32 has the same value
    # h5py stores NumPy's bfloat16 extension as two opaque bytes; Keras names the type in an attribute.
    if dtype.kind == "V" and size == 2:
        if _strings(import_extra("h5py", "keras"), dataset, "dtype", where) == ["bfloat16"]:
            return "opaque", "bfloat16"
    if (dtype.kind, size) not in _TYPES:
        raise refusal(
            where, "another element type", "f64, f32, f16, bf16, or whole numbers of at most 64 bits with a sign"
        )
    return _TYPES[dtype.kind, size], _TYPES[dtype.kind, size]


def _check_shape(dataset, where):
    """A file of a few bytes can claim a dataset of any size, whose elements are all the fill value. Weights are never
    stored like that. Keras does not compress, but a file that was repacked with deflate should still be readable."""
    with _refusing(where, "a broken dataset"):
        properties = dataset.id.get_create_plist()
        elsewhere = dataset.is_virtual or properties.get_external_count() != 0
        shape, stored, width = dataset.shape, dataset.id.get_storage_size(), dataset.id.get_type().get_size()
    if elsewhere:
        raise refusal(where, "bytes in another file", "a dataset of this file")
    if shape is None or len(shape) > _MOST_AXES:
        axes = "none at all" if shape is None else str(len(shape))
        raise refusal(where, f"a shape of {axes} axes", f"a shape of at most {_MOST_AXES} axes")
    count = int(numpy.prod(shape, dtype=object)) if shape else 1
    if count > 0 and count * width // _MOST_DEFLATED >= stored:
        raise refusal(where, f"{stored} stored bytes", f"{count * width} for {tuple(shape)}")
