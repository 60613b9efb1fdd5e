"""Four minutes of training: gradients against the reference, and training steps beside cuDNN's."""

from . import part_first
from .part_rest import AGAINST_CUDNN, measure_if_time

PARITY_SECONDS = 60
# Of every executor that has gradients, cuDNN's among them.
TESTS = "*Gradient*:ReserveParity.*"


def run(check):
    part_first.read_failed_cases(check)
    check.run_tests("parity_gradients", PARITY_SECONDS * check.scale,
                    [check.programs["parity_test"], f"--gtest_filter={TESTS}"], environment=check.without())
    measure_if_time(check, "bench_train", ["--train", "--set", "train_steps", "--rounds", "7", "--executors",
                                           check.executors(AGAINST_CUDNN)])
    check.record.data.setdefault("versions", (check.record.data.get("bench_train") or {}).get("versions", {}))
    check.record.save()
