"""Tables of what rondo_micro measured: the times of exchanges, barriers and small products on a GPU."""

from markdown import number, table

CHAIN_CLOCKS = 4  # clocks of a dependent multiply-add, since compute capability 7.0


def nanoseconds(row):
    return number(row["ns"]["median"])


def with_bandwidth(row):
    return f"{nanoseconds(row)} ({number(row['rates']['GB/s/SM'])})"


def size_text(count):
    return f"{count // 1024} KB" if count % 1024 == 0 else f"{count} B"


# Group, title, meaning of a cell, the parameter that has a column for each of its values, and the text of a cell.
PIVOTS = (
    ("cluster_exchange", "Exchange in a cluster",
     "ns for one exchange: every block writes these bytes into the shared memory of all blocks of its cluster, waits for "
     "theirs, and passes a barrier of the block. With `block acquire` the wait leaves L1 as it is.", "bytes", nanoseconds),
    ("cluster_barrier", "Barrier of a cluster", "ns for one barrier of clusters of this many blocks.", "blocks", nanoseconds),
    ("grid_exchange", "Exchange in the grid, through L2",
     "ns for one exchange: each block writes its part of these bytes, reads all parts into shared memory, and passes a "
     "barrier of the block. Packets have an epoch beside each word; sentinels are the words alone.", "bytes", nanoseconds),
    ("grid_sync", "Barrier of the grid", "ns for one barrier of grids of this many blocks.", "blocks", nanoseconds),
    ("broadcast", "Broadcast from L2 to every block",
     "ns for these bytes in every block, and in brackets GB/s into each multiprocessor.", "bytes", with_bandwidth),
)


def rows_of(micro, group):
    return [row for row in micro["measurements"] if row["group"] == group]


def label_of(row, without):
    parameters = [f"{name} {value}" for name, value in row["parameters"].items() if name != without]
    return ", ".join([row["variant"].replace("_", " ")] + parameters)


def pivot(rows, parameter, cell):
    """A table with a line for each variant and set of the other parameters, in order of appearance."""
    values = sorted({row["parameters"][parameter] for row in rows})
    lines = {}
    for row in rows:
        lines.setdefault(label_of(row, parameter), {})[row["parameters"][parameter]] = cell(row)
    texts = [size_text(value) if parameter == "bytes" else f"{value} {parameter}" for value in values]
    return table([""] + texts, [[label] + [cells.get(value, "-") for value in values] for label, cells in lines.items()])


def block_table(rows):
    return table(["in one block", "ns", "clocks"], [[label_of(row, None), nanoseconds(row), number(row["clocks"])] for row in rows])


def products_table(rows):
    head = ["products of 16 x 8 tiles", "ns each, one warp", "clocks", "ns each, one multiprocessor", "TFLOP/s, device"]
    return table(head, [[label_of(row, None), nanoseconds(row), number(row["clocks"]),
                         number(1 / row["rates"]["products/ns/SM"]), number(row["rates"]["TFLOP/s"])] for row in rows])


def head_text(micro):
    device = micro["device"]
    text = f"`rondo_micro` on {device['name']}, {micro['date'][:10]}, commit {micro['commit']}: medians of "
    text += f"{micro['settings']['repeats']} repeats; clocks are at {number(device['clock_gigahertz'])} GHz, the highest rate."
    if clusters := device.get("clusters_at_once"):
        text += " Clusters that run at once: " + ", ".join(f"{count} of {blocks}" for blocks, count in clusters.items()) + " blocks."
    chain = [row for row in rows_of(micro, "block") if row["variant"] == "multiply_add"]
    if chain:
        text += f" Multiply-adds, of {CHAIN_CLOCKS} clocks each, ran at {number(CHAIN_CLOCKS / chain[0]['ns']['median'])} GHz."
    spreads = [(row["ns"]["p90"] - row["ns"]["p10"]) / row["ns"]["median"] for row in micro["measurements"]]
    return text + f" From p10 to p90 it is at most {100 * max(spreads):.1f} %." if spreads else text


def trouble_text(micro):
    lines = [f"- {row['group']}, {label_of(row, None)}: skipped, {row['reason']}" for row in micro["skipped"]]
    lines += [f"- {row['group']}, {label_of(row, None)}: failed, {row['message']}" for row in micro["failures"]]
    return "\n".join(lines)


def constants_markdown(micro):
    """The whole section; for None, a line that says that nothing was measured."""
    if micro is None:
        return "Not yet measured."
    parts = [head_text(micro)]
    for group, title, make in (("block", "One block", block_table), ("products", "Tensor cores", products_table)):
        rows = rows_of(micro, group)
        parts += [f"### {title}", make(rows)] if rows else []
    for group, title, text, parameter, cell in PIVOTS:
        rows = rows_of(micro, group)
        parts += [f"### {title}", text, pivot(rows, parameter, cell)] if rows else []
    return "\n\n".join(part for part in parts + [trouble_text(micro)] if part)
