"""Libraries that die at a point: the contest learns why, and goes on."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cpu"))

from modes import MODES, competitors_of  # noqa: E402
from trial import trials  # noqa: E402

# Tries jobs that are words: dies, hangs, ends or refuses as they say.
LIBRARY = """
import json, os, signal, sys, time
for job in json.load(sys.stdin):
    if job == "die":
        os.kill(os.getpid(), signal.SIGILL)
    if job == "hang":
        time.sleep(60)
    if job == "end":
        sys.exit(3)
    print("has no such thing" if job == "refuse" else "", flush=True)
"""


def tried(*jobs):
    return trials([sys.executable, "-c", LIBRARY], list(jobs), seconds=3)


class TrialTest(unittest.TestCase):
    def test_what_runs_is_not_named(self):
        self.assertEqual(tried("run", "run"), {})
        self.assertEqual(tried(), {})

    def test_each_failure_has_its_reason(self):
        self.assertEqual(tried("run", "die", "refuse", "run", "end", "die"),
                         {1: "dies of SIGILL", 2: "has no such thing", 4: "ends with 3", 5: "dies of SIGILL"})

    def test_a_library_that_hangs_is_stopped(self):
        self.assertEqual(tried("run", "hang", "run"), {1: "does not end within 3 s"})

    def test_a_library_that_cannot_be_loaded(self):
        self.assertEqual(trials([sys.executable, "-c", "import sys; sys.exit(1)"], ["run", "run"]), {0: "ends with 1", 1: "ends with 1"})


class Library:
    def __init__(self, name, lstm, gru, has_forward_training=False):
        self.name, self.has_forward_training, self._precisions = name, has_forward_training, {"lstm": lstm, "gru": gru}

    def precisions(self, cell):
        return self._precisions[cell]


class ModesTest(unittest.TestCase):
    def setUp(self):
        self.peers = [Library("Rondo", (), ()), Library("A", ("f32", "bf16", "int8"), ("f32", "bf16"), True),
                      Library("B", ("f32", "int8"), ("f32",)), Library("C", ("f32", "bf16", "int8"), ("f32", "bf16", "int8"))]

    def variants(self, mode, cell):
        return {name: variant for name, (_, variant) in competitors_of(self.peers, MODES[mode], cell).items()}

    def test_f32_and_its_pairs_have_the_same_peers(self):
        others = {"A": "", "A forward_training": "forward_training", "B": "", "C": ""}
        self.assertEqual(self.variants("f32", "lstm"), {"Rondo": ""} | others)
        self.assertEqual(self.variants("bf16x3", "gru"), {"Rondo": "math_bf16x3"} | others)

    def test_who_has_no_bf16_is_left_out(self):
        self.assertEqual(self.variants("bf16", "lstm"), {"Rondo": "bf16", "A": "bf16", "C": "bf16"})

    def test_a_gru_without_int8_takes_part_with_bf16(self):
        self.assertEqual(self.variants("int8", "lstm"), {"Rondo": "math_int8", "A": "int8", "B": "int8", "C": "int8"})
        self.assertEqual(self.variants("int8", "gru"), {"Rondo": "math_int8", "A bf16": "bf16", "C": "int8"})


if __name__ == "__main__":
    unittest.main()
