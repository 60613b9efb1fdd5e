"""The tables of docs/guide/ray.md have all errors, metrics and headers."""

import pathlib
import re

from rondo.serve import ERROR_KINDS, prometheus
from rondo.serve import _messages as messages
from rondo.serve._metrics import ServiceCounters

PAGE = (pathlib.Path(__file__).resolve().parents[3] / "docs/guide/ray.md").read_text()


def test_the_table_of_errors():
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \| .* \| (yes|no) \|$", PAGE, re.MULTILINE)
    assert {code: (int(http), again == "yes") for code, http, again in rows} == {
        code: (kind.http, kind.retriable) for code, kind in ERROR_KINDS.items()}


def test_the_table_of_metrics():
    numbers = {**ServiceCounters().numbers(), "resident": 0}
    names = set(re.findall(r"^# TYPE (\w+)", prometheus({"a": numbers}, "m"), re.MULTILINE))
    assert set(re.findall(r"`(rondo_serve_\w+)`", PAGE)) == names


def test_the_table_of_headers():
    headers = {value for name, value in vars(messages).items() if name.endswith("_HEADER")}
    assert set(re.findall(r"`(x-[\w-]+)`", PAGE)) == headers
