"""Reads and writes src/cuda/model/hardware_constants.h, the constants of a GPU that all models take, and computes them
from a record of rondo_micro."""

import dataclasses
import pathlib
import re

from constants import CHAIN_CLOCKS, rows_of
from markdown import table
from measurements import FileError

HEADER = pathlib.Path(__file__).resolve().parents[2] / "src/cuda/model/hardware_constants.h"
# A comment of one line with unit, source and meaning, and the number below.
LINES = re.compile(r"  /// (?P<unit>[^,\n]+), (?P<source>[^:\n]+): (?P<what>.+)\n"
                   r"  double (?P<name>\w+) = (?P<value>[0-9.e+-]+);\n")
LINE_WIDTH = 120


def digits(value):
    """The number with four significant digits, without an exponent."""
    text = f"{value:.4g}"
    return f"{value:.0f}" if "e" in text else text


@dataclasses.dataclass(frozen=True)
class Constant:
    name: str
    value: float
    unit: str
    source: str  # "estimated", "documented", "fitted to RECORD", or "measured in RECORD"
    what: str

    def text(self):
        comment = f"  /// {self.unit}, {self.source}: {self.what}\n"
        if len(comment) > LINE_WIDTH + 1:
            raise FileError(f"{self.name}: its comment would be {len(comment) - 1} wide: give the record a shorter name")
        return comment + f"  double {self.name} = {digits(self.value)};\n"


def read_constants(header=HEADER):
    constants = [Constant(match["name"], float(match["value"]), match["unit"], match["source"], match["what"])
                 for match in LINES.finditer(pathlib.Path(header).read_text())]
    if not constants:
        raise FileError(f"{header}: no constants in it")
    return constants


def constant_values(header=HEADER):
    """{name: value}."""
    return {constant.name: constant.value for constant in read_constants(header)}


def write_constants(measured, record, header=HEADER):
    """Writes the numbers of `measured`, {name: value}, into the header, marked as measured in `record`."""
    path = pathlib.Path(header)
    text = path.read_text()
    for constant in read_constants(header):
        if constant.name in measured:
            new = dataclasses.replace(constant, value=measured[constant.name], source=f"measured in {record}")
            text = LINES.sub(lambda match, new=new: new.text() if match["name"] == new.name else match[0], text)
    path.write_text(text)


def _find(micro, group, variant, **parameters):
    return [row for row in rows_of(micro, group)
            if row["variant"] == variant and all(row["parameters"].get(name) == value for name, value in parameters.items())]


def _median(row):
    return row["ns"]["median"]


def _largest(rows, parameter):
    """The rows with the largest value of a parameter."""
    most = max((row["parameters"][parameter] for row in rows), default=None)
    return [row for row in rows if row["parameters"][parameter] == most]


def _line(points):
    """(intercept, slope) of the straight line fitted to (x, t), or Nones where no rising line fits."""
    xs, ts = [x for x, _ in points], [t for _, t in points]
    if len(set(xs)) < 2:
        return None, None
    x_mean, t_mean = sum(xs) / len(xs), sum(ts) / len(ts)
    slope = sum((x - x_mean) * (t - t_mean) for x, t in points) / sum((x - x_mean) ** 2 for x in xs)
    start = t_mean - slope * x_mean
    return (start, slope) if slope > 0 and start > 0 else (None, None)


def _least(values):
    return min(values, default=None)


def _clock(micro):
    chain = _find(micro, "block", "multiply_add")
    return CHAIN_CLOCKS / _median(chain[0]) if chain else None


def _products(micro, clock):
    """Clocks from one mma of a scheduler to its next, for independent and for dependent products."""
    rows, schedulers = _find(micro, "products", "bf16"), constant_values()["schedulers"]
    free = [_median(row) / (row["parameters"]["warps"] / schedulers) for row in _largest(rows, "chains")]
    chained = [_median(row) for row in rows if row["parameters"]["chains"] == 1]
    return {"mma_clocks": _least(ns * clock for ns in free), "mma_latency_clocks": _least(ns * clock for ns in chained)}


def _cluster(micro):
    """Exchange of the largest clusters, as many as fit the device at once. A block receives the bytes of all its peers."""
    rows = _largest(_find(micro, "cluster_exchange", "all"), "blocks")
    start, slope = _line([(row["parameters"]["blocks"] * row["parameters"]["bytes"], _median(row)) for row in rows])
    return {"cluster_exchange_ns": start, "cluster_bytes_per_ns": slope and 1 / slope}


def _grid(micro):
    rows = _largest(_find(micro, "grid_exchange", "packets"), "blocks")
    return {"grid_exchange_ns": _line([(row["parameters"]["bytes"], _median(row)) for row in rows])[0]}


def _l2(micro):
    """The rate at which L2 delivers bytes to one block alone, and to all blocks of the device together."""
    loads = _find(micro, "broadcast", "loads")
    most = max((row["parameters"]["clusters"] for row in loads), default=0)

    def rate(blocks):
        slope = _line([(row["parameters"]["bytes"], _median(row)) for row in loads if row["parameters"]["clusters"] == blocks])[1]
        return slope and blocks / slope
    return {"l2_bytes_per_ns_per_processor": rate(1), "l2_bytes_per_ns": rate(most) if most > 1 else None}


def measured_constants(micro):
    """{name: value} of the constants that a record of rondo_micro has."""
    clock = _clock(micro)
    barrier = _find(micro, "block", "barrier")
    found = {"clocks_per_ns": clock, "block_exchange_ns": _median(barrier[0]) if barrier else None, **_cluster(micro),
             **_grid(micro), **_l2(micro), **(_products(micro, clock) if clock else {})}
    return {name: value for name, value in found.items() if value is not None}


def constants_table(constants, measured=None):
    """The table of constants; with `measured`, also the values of a record."""
    head = ["constant", "the model takes", "", "is", "what"] + (["measured"] if measured else [])
    rows = [[f"`{constant.name}`", digits(constant.value), constant.unit, constant.source, constant.what.rstrip(".")]
            + ([digits(measured[constant.name]) if constant.name in measured else "-"] if measured else [])
            for constant in constants]
    return table(head, rows)
