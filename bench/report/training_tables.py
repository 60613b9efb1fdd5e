"""Tables of training steps on a GPU beside cuDNN's, from files of `rondo_bench --train` or scripts/gpu-check."""

from markdown import number, table
from measurements import CHECK_FORMAT, FileError, geometric_mean, is_cudnn, read_json

TRAINING_FORMAT = "rondo_training 1"
TRAINING_PART = "bench_train"  # the key under which scripts/gpu-check stores the file
TIMES = ("us_per_run", "us_per_backward", "us_per_step")
SPREAD_FIELDS = ("median", "p10", "p90", "least")
MIB = 2 ** 20
ABOUT = """Microseconds of a training step: the run, which keeps what its gradients need, and the gradients of x and of all weights;
the fastest pair of executors, and the fastest algorithm of cuDNN, eager or replayed. "Gradients" is the step without the run. Above
1, Rondo is faster."""


def check_training(record, where):
    """Throws `FileError` for a file that no table can be made from."""
    if not isinstance(record, dict) or record.get("format") != TRAINING_FORMAT:
        raise FileError(f"{where}: no training steps")
    for result in record["results"]:
        for run in result["runs"]:
            for name in TIMES:
                if any(not isinstance(run[name].get(field), (int, float)) for field in SPREAD_FIELDS):
                    raise FileError(f"{where}: {result['id']}: {run['executor']}: {name} is {run[name]!r}")


def load_training(path):
    data = read_json(path)
    if isinstance(data, dict) and data.get("format") == CHECK_FORMAT:
        data = data.get(TRAINING_PART)
    check_training(data, path)
    return data


def step_of(run):
    return run["us_per_step"]["median"]


def fastest_step(runs):
    return min(runs, key=step_of, default=None)


def best_pair(result):
    """(the fastest run of Rondo's executors, that of cuDNN's); None where there is none."""
    return (fastest_step([run for run in result["runs"] if not is_cudnn(run["executor"])]),
            fastest_step([run for run in result["runs"] if is_cudnn(run["executor"])]))


def ratio_of(result):
    """cuDNN's time of a step over Rondo's; None where one of them is missing."""
    own, cudnn = best_pair(result)
    return step_of(cudnn) / step_of(own) if own and cudnn else None


def executors_of(run):
    names = dict.fromkeys((run["executor"], run["backward"]))
    return ", ".join(f"`{name}`" for name in names)


def columns_of(run):
    if run is None:
        return ["-"] * 5
    return [executors_of(run), *(number(run[name]["median"]) for name in TIMES), number(run["reserve_bytes"] / MIB)]


def steps_table(record):
    rows = []
    for result in record["results"]:
        own, cudnn = best_pair(result)
        ratio = ratio_of(result)
        rows.append([result["id"], *columns_of(own), *columns_of(cudnn), f"**{ratio:.2f}**" if ratio else "-"])
    sides = [[f"{side}", f"{side}, run", f"{side}, gradients", f"{side}, step", f"{side}, reserve MiB"] for side in ("Rondo", "cuDNN")]
    return table(["point", *sides[0], *sides[1], "cuDNN / Rondo"], rows)


def summary_table(record):
    """Geometric means of the ratios for each cell and arithmetic, and of all."""
    groups = {}
    for result in record["results"]:
        ratio = ratio_of(result)
        if ratio:
            groups.setdefault((result["cell"], result["math"]), []).append(ratio)
    rows = [[cell, math_name, values] for (cell, math_name), values in sorted(groups.items())]
    rows.append(["every", "every", [value for values in groups.values() for value in values]])
    return table(["cell", "arithmetic", "points", "geometric mean", "least"],
                 [[cell, math_name, str(len(values)), f"{geometric_mean(values):.2f}" if values else "-",
                   f"{min(values):.2f}" if values else "-"] for cell, math_name, values in rows])


def training_markdown(record):
    device = record["device"]
    head = f"{device['name']}, {record['date'][:10]}, commit {record['commit']}."
    troubles = [f"- {result['id']}: {failure['executor']} {failure['graph']}: {failure['message']}"
                for result in record["results"] for failure in result["failures"]]
    troubles += [f"- {point}: not measured, the time was over" for point in record["unmeasured"]]
    parts = [head, ABOUT, steps_table(record), "cuDNN's time of a step over Rondo's:", summary_table(record), "\n".join(troubles)]
    return "\n\n".join(part for part in parts if part)
