"""Archives of goldens: models as Keras saved them, with inputs and expected outputs."""

import io
import json
import pathlib
import re
import tempfile
import warnings
import zipfile
from dataclasses import dataclass

from safetensors.numpy import save


@dataclass
class Golden:
    kit: object
    model: object
    kind: str  # Sequential or Functional
    calls: list  # inputs by name
    expected: list  # outputs of each call
    classes: dict  # (class, masked): how often the model has it

    def describe(self):
        classes = [f"{name}{' masked' if masked else ''}" for name, masked in sorted(self.classes)]
        return {"kind": self.kind, "stateful": self.kit.stateful, "classes": classes, "calls": len(self.calls)}

    def tensors(self):
        tensors = {}
        for number, (inputs, outputs) in enumerate(zip(self.calls, self.expected)):
            tensors |= {f"{number}/input/{name}": value for name, value in inputs.items()}
            tensors |= {f"{number}/output/{k}": value for k, value in enumerate(outputs)}
        return save(tensors, {"golden": json.dumps(self.describe())})


def put(archive, name, content, method):
    entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
    entry.compress_type = method
    archive.writestr(entry, content)


def numbered(text):
    """Replaces addresses in memory, by which Keras 3 tells shared objects, by small numbers."""
    seen = {}
    return re.sub(r'("shared_object_id": )(\d+)', lambda m: m[1] + str(seen.setdefault(m[2], len(seen))), text)


def without_date(content):
    """A .keras archive as Keras wrote it, without the time of its making and without addresses."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if name == "metadata.json":
                part = json.dumps(json.loads(part) | {"date_saved": "2000-01-01@00:00:00"}).encode()
            if name == "config.json":
                part = numbered(part.decode()).encode()
            put(target, name, part, zipfile.ZIP_STORED)
    return made.getvalue()


def saved(model, suffix):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = pathlib.Path(folder) / f"model{suffix}"
        model.save(path)
        content = path.read_bytes()
    return without_date(content) if suffix == ".keras" else content


def write(path, goldens):
    """Writes pairs of a name and a Golden. Every third model is a legacy .h5, the others are .keras."""
    with zipfile.ZipFile(path, "w") as archive:
        for number, (name, golden) in enumerate(goldens):
            suffix = ".h5" if number % 3 == 2 else ".keras"
            put(archive, name + suffix, saved(golden.model, suffix), zipfile.ZIP_DEFLATED)
            put(archive, name + ".safetensors", golden.tensors(), zipfile.ZIP_DEFLATED)
