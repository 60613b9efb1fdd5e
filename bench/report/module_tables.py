"""The table and the chart of rondo.torch beside torch.nn, from a file of bench/python/torch_modules.py."""

from markdown import link_to, table
from measurements import MODULES_FORMAT, FileError, geometric_mean, read_json
from plot import chart

FIELDS = ("low", "median", "high")


def check_modules(record, where):
    """Throws `FileError` for a file that no table can be made from."""
    if not isinstance(record, dict) or record.get("format") != MODULES_FORMAT:
        raise FileError(f"{where}: no comparison of modules")
    for case in record["cases"]:
        if any(not isinstance(case[side].get(field), (int, float)) for side in ("torch", "rondo") for field in FIELDS):
            raise FileError(f"{where}: {case['case']}: a time is missing")


def load_modules(path):
    record = read_json(path)
    check_modules(record, path)
    return record


def ratio_of(case):
    return case["torch"]["median"] / case["rondo"]["median"]


def time_of(summary):
    low, median, high = (summary[field] * 1e6 for field in FIELDS)
    return f"{median:.0f} ({low:.0f} to {high:.0f})"


def modules_markdown(record, plots=None, document=None):
    """The text of the page `document`; the chart is written into the folder `plots`."""
    cases = record["cases"]
    rows = [[case["case"], time_of(case["torch"]), time_of(case["rondo"]), f"{ratio_of(case):.2f}x"] for case in cases]
    least = min(cases, key=ratio_of)
    about = (f"`torch.nn` of PyTorch {record['torch']} and `rondo.torch`, one thread of {record['machine']}, in one run: "
             f"microseconds of a call, the median and the quartiles. The geometric mean of the ratios is "
             f"{geometric_mean(map(ratio_of, cases)):.2f}x, the least {ratio_of(least):.2f}x, of {least['case']}.")
    text = f"{about}\n\n" + table(["case", "`torch.nn`", "`rondo.torch`", "ratio"], rows)
    if plots:
        path = plots / "torch_modules.svg"
        title = "Time of torch.nn over rondo.torch's, one thread"
        path.write_text(chart(title, [case["case"] for case in cases], {"ratio": [ratio_of(case) for case in cases]}))
        text += f"\n\n![{title}]({link_to(path, document)})"
    return text
