"""Reads and checks the files of rondo_bench and rondo_micro, and reads the point sets of rondo_bench."""

import itertools
import json
import math
import pathlib

FORMAT = "rondo_bench 1"
MICRO_FORMAT = "rondo_micro 1"
MODULES_FORMAT = "rondo_torch_modules 1"
# Of the other programs that measure: bench/python, bench/models, bench/onnxruntime, bench/ray.
OTHER_FORMATS = (MODULES_FORMAT, "rondo_whole_models 1", "rondo_onnxruntime 1", "rondo_ray 1")
CHECK_FORMAT = "rondo_gpu_check 1"
# Keys under which scripts/gpu-check stores files of rondo_bench, in the order of `merge`, which keeps the last head.
BENCH_PARTS = ("bench_further", "bench_steps", "bench")
# Keys under which scripts/gpu-check stores alternatives: of the quick set, or of some of its points alone.
ALTERNATIVES_PARTS = ("alternatives", "headline")
# The order of a plan's executors on a CUDA device: a plan takes the first that runs the recurrence.
PLANNED = ("cuda_persistent", "cuda_stepwise")
MATHS = ["bf16", "f16", "tf32", "f32"]
GRAPHS = ["eager", "replayed", "not replayed"]
# The type of each required field of a result. A result may have further fields.
RESULT_FIELDS = {"id": str, "set": str, "cell": str, "H": int, "B": int, "T": int, "I": int, "math": str, "variant": str,
                 "flops": (int, float), "bytes": (int, float), "runs": list, "refusals": list, "failures": list}
RUN_FIELDS = {"executor": str, "graph": str, "us_per_run": dict, "us_per_step": (int, float), "rounds": int,
              "runs_per_round": int}


class FileError(Exception):
    """A file that cannot be used. The message says where."""


def _require(record, fields, where):
    for name, kind in fields.items():
        if not isinstance(record.get(name), kind) or isinstance(record.get(name), bool):
            raise FileError(f"{where}: '{name}' is {record.get(name)!r}")


def check_shape(bench, where):
    """Throws `FileError` for a file of rondo_bench that no table can be made from."""
    if bench.get("format") != FORMAT:
        raise FileError(f"{where}: format is {bench.get('format')!r}, not '{FORMAT}'")
    _require(bench, {"date": str, "commit": str, "command": list, "device": dict, "host": dict, "versions": dict,
                     "settings": dict, "results": list, "unmeasured": list}, where)
    _require(bench["device"], {"kind": str, "name": str}, f"{where}: device")
    for result in bench["results"]:
        place = f"{where}: {result.get('id')}"
        _require(result, RESULT_FIELDS, place)
        for run in result["runs"]:
            _require(run, RUN_FIELDS, place)
            _require(run["us_per_run"], dict.fromkeys(["median", "p10", "p90", "least"], (int, float)), place)
            spread = run["us_per_run"]
            if not 0 < spread["least"] <= spread["p10"] <= spread["median"] <= spread["p90"]:
                raise FileError(f"{place}: {run['executor']}: times out of order: {spread}")
            if not math.isclose(run["us_per_step"] * result["T"], spread["median"], rel_tol=1e-6):
                raise FileError(f"{place}: {run['executor']}: us_per_step does not fit us_per_run")
            if run["graph"] not in GRAPHS:
                raise FileError(f"{place}: {run['executor']}: graph is {run['graph']!r}")


def check_micro_shape(micro, where):
    """Throws `FileError` for a file of rondo_micro that no table can be made from."""
    if micro.get("format") != MICRO_FORMAT:
        raise FileError(f"{where}: format is {micro.get('format')!r}, not '{MICRO_FORMAT}'")
    _require(micro, {"date": str, "commit": str, "device": dict, "settings": dict, "measurements": list, "skipped": list,
                     "failures": list}, where)
    _require(micro["device"], {"name": str, "clock_gigahertz": (int, float)}, f"{where}: device")
    _require(micro["settings"], {"repeats": int}, f"{where}: settings")
    fields = {"measurements": {"ns": dict, "clocks": (int, float), "rounds": int, "rates": dict},
              "skipped": {"reason": str}, "failures": {"message": str}}
    for name, more in fields.items():
        for row in micro[name]:
            place = f"{where}: {row.get('group')} {row.get('variant')} {row.get('parameters')}"
            _require(row, {"group": str, "variant": str, "parameters": dict, **more}, place)
            if name == "measurements":
                _require(row["ns"], dict.fromkeys(["median", "p10", "p90", "least"], (int, float)), place)
                if not row["ns"]["least"] <= row["ns"]["p10"] <= row["ns"]["median"] <= row["ns"]["p90"]:
                    raise FileError(f"{place}: times out of order: {row['ns']}")


def read_json(path):
    """The JSON of a file. Throws `FileError` for a missing or broken one."""
    try:
        return json.loads(pathlib.Path(path).read_text())
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: {error}") from error


def _is_check(data):
    return isinstance(data, dict) and data.get("format") == CHECK_FORMAT


def _checked(bench, where):
    if not isinstance(bench, dict):
        raise FileError(f"{where}: no measurements")
    check_shape(bench, where)
    return bench


def load(path):
    """A file of rondo_bench, or the files of rondo_bench within a file of scripts/gpu-check, merged into one."""
    data = read_json(path)
    if not _is_check(data):
        return _checked(data, path)
    return merge([_checked(data.get(part), f"{path}: {part}") for part in BENCH_PARTS if data.get(part) or part == BENCH_PARTS[-1]])


def load_alternatives(path):
    """From a file of scripts/gpu-check: the measured alternatives of persistent kernels, and for each point the text of
    `rondo_bench --explain`. (None, {}) where the file has none."""
    data = read_json(path)
    part = next((part for part in ALTERNATIVES_PARTS if _is_check(data) and data.get(part)), None)
    if part is None:
        return None, {}
    return _checked(data[part], f"{path}: {part}"), data.get("plans") or {}


def load_ways(path):
    """What `--alternatives` measured, from a file of rondo_bench or scripts/gpu-check. None for a file without it, such
    as a file of rondo_micro, scripts/bench or one of OTHER_FORMATS."""
    data = read_json(path)
    if isinstance(data, dict) and ("peers" in data or data.get("format") in (MICRO_FORMAT, *OTHER_FORMATS)):
        return None
    return load_alternatives(path)[0] if _is_check(data) else _checked(data, path)


def load_micro(path):
    """What rondo_micro measured, from its own file or a file of scripts/gpu-check. None for a file without it, such as
    a file of rondo_bench."""
    data = read_json(path)
    if _is_check(data):
        data = data.get("micro")
    elif isinstance(data, dict) and data.get("format") == FORMAT:
        return None
    if data is None:
        return None
    if not isinstance(data, dict):
        raise FileError(f"{path}: no measurements")
    check_micro_shape(data, path)
    return data


def merge(benches):
    """Merges files of one kind of device, with the last file's head. A point in several files is taken from the last."""
    names = sorted({bench["device"]["name"] for bench in benches})
    if len(names) > 1:
        raise FileError(f"files of several devices: {', '.join(names)}")
    merged = dict(benches[-1])
    results = {result["id"]: result for bench in benches for result in bench["results"]}
    merged["results"] = list(results.values())
    unmeasured = dict.fromkeys(point for bench in benches for point in bench["unmeasured"])
    merged["unmeasured"] = [point for point in unmeasured if point not in results]
    return merged


def is_cudnn(executor):
    return executor.startswith("cudnn")


def fastest(runs):
    """The run with the least median, or None."""
    return min(runs, key=lambda run: run["us_per_run"]["median"], default=None)


def best_cudnn(result):
    """The fastest run of cuDNN over its algorithms, eager and replayed."""
    return fastest([run for run in result["runs"] if is_cudnn(run["executor"])])


def runs_of(result, executor):
    return [run for run in result["runs"] if run["executor"] == executor]


def planned_rondo(result):
    """The fastest run, eager or replayed, of the executor that a plan takes; without CUDA, that of any executor."""
    of_plans = (runs_of(result, executor) for executor in PLANNED)
    own = [run for run in result["runs"] if not is_cudnn(run["executor"])]
    return fastest(next((runs for runs in of_plans if runs), own))


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def points_of(path):
    """The points of a set's file, as `rondo_bench` expands them: every field may be a list."""
    points = []
    for row in json.loads(pathlib.Path(path).read_text())["points"]:
        fields = {"math": MATHS, "variant": "plain", **row}
        for H in _list(fields["H"]):
            rest = [_list(fields[name]) for name in ("cell", "T", "B", "math", "variant")]
            for I, (cell, T, B, math_name, variant) in itertools.product(_list(fields.get("I", H)), itertools.product(*rest)):
                point = {"cell": cell, "H": H, "B": B, "T": T, "I": I, "math": math_name, "variant": variant}
                points.append({"id": f"{cell}/H{H}/B{B}/T{T}/I{I}/{math_name}/{variant}", **point})
    return list({point["id"]: point for point in points}.values())


def _list(value):
    return value if isinstance(value, list) else [value]
