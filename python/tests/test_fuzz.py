"""Random calls with the worst arguments: nothing but Python exceptions may come. RONDO_FUZZ_CALLS sets how many
calls."""

import os
import pathlib
import subprocess
import sys

import pytest

CALLS = int(os.environ.get("RONDO_FUZZ_CALLS", "2000"))
SEED = int(os.environ.get("RONDO_FUZZ_SEED", "1"))
CHUNK = 500  # calls of one child


@pytest.mark.parametrize("chunk", range((CALLS + CHUNK - 1) // CHUNK))
def test_random_calls_end_in_exceptions_at_worst(chunk, tmp_path):
    log = tmp_path / "call.txt"
    script = pathlib.Path(__file__).with_name("fuzz_calls.py")
    child = subprocess.run([sys.executable, script, str(SEED * 10**6 + chunk), str(CHUNK), log], capture_output=True,
                           text=True,
                           timeout=600, check=False, env={**os.environ, "PYTHONHASHSEED": "0"})
    last = log.read_text() if log.exists() else "none"
    assert child.returncode == 0, f"status {child.returncode} in the call {last}\n{child.stderr[-3000:]}"
    assert f"calls {CHUNK}" in child.stdout
