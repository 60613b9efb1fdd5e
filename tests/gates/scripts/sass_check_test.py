"""scripts/sass-check on a few lines of machine code: its counts, and its refusals."""

import importlib.machinery
import importlib.util
import pathlib
import sys
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "scripts" / "sass-check"


def load():
    loader = importlib.machinery.SourceFileLoader("sass_check", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("sass_check", loader))
    sys.modules["sass_check"] = module
    loader.exec_module(module)
    return module


sass_check = load()

POLL = """
.L_x_1:
@!P0 LDG.E.128.STRONG.GPU R4, desc[UR4][R2.64]
ISETP.NE.AND P0, PT, R4, R9, PT
@!P1 LDG.E.128.STRONG.GPU R8, desc[UR4][R2.64+0x200]
@!P2 BRA `(.L_x_1)
CS2R.32 R1, SR_GLOBALTIMERLO
"""
GATES = """
BAR.SYNC.DEFER_BLOCKING 0x0
@P1 BRA `(.L_x_2)
LDS.128 R4, [R2]
LDS.128 R8, [R3]
@P2 BRA `(.L_x_3)
MUFU.EX2 R4, R4
FADD R4, R4, R8
FADD R4, R4, R8
BRA `(.L_x_4)
.L_x_3:
MUFU.EX2 R4, R4
.L_x_4:
STG.E.64.STRONG.GPU desc[UR4][R6.64], R4
.L_x_2:
EXIT
"""


def code_of(lines):
    """The lines as nvdisasm prints them."""
    return sass_check.Code("\n".join(line if line.startswith(".L") else f"        /*{16 * k:04x}*/   {line} ;"
                                     for k, line in enumerate(lines.strip().splitlines())))


RESET = """
HMMA.16816.F32 R4, R8, R10, R4
@!P3 BRA `(.L_x_5)
IMAD.WIDE R6, R7, 0x4, R6
LDG.E.U8 R8, desc[UR4][R6.64]
.L_x_5:
"""


def kernel(push_limit=7, poll_limit=4, reset_limit=0):
    return sass_check.Kernel("a kernel", "source", "symbol", r"STG\.E\.64\.STRONG", (("LDS", 2), ("MUFU.EX2", 1)),
                             push_limit, poll_limit, reset_limit)


class SassCheckTest(unittest.TestCase):
    def faults(self, lines, **limits):
        return sass_check.measure(kernel(**limits), code_of(lines)).faults(kernel(**limits))

    def test_within_the_limits(self):
        figures = sass_check.measure(kernel(), code_of(POLL + GATES))
        self.assertEqual((figures.push, figures.poll, figures.branches, figures.local), (7, 4, 0, 0))
        self.assertEqual(figures.faults(kernel()), [])

    def test_a_reset_has_the_instructions_of_its_load(self):
        lines = POLL + RESET.strip() + GATES
        self.assertEqual(sass_check.measure(kernel(reset_limit=2), code_of(lines)).reset, 2)
        self.assertEqual(self.faults(lines, reset_limit=2), [])
        self.assertEqual(len(self.faults(lines, reset_limit=1)), 1)

    def test_the_way_that_does_all_that_is_needed_counts(self):
        # The path over the other side of the branch has no exponential, so it is no step.
        without = GATES.replace(".L_x_3:\nMUFU.EX2 R4, R4", ".L_x_3:")
        self.assertEqual(sass_check.measure(kernel(), code_of(POLL + without)).push, 10)

    def test_one_instruction_more(self):
        longer = GATES.replace("LDS.128 R4, [R2]", "IADD3 R2, R2, R3, RZ\nLDS.128 R4, [R2]")
        self.assertEqual(self.faults(POLL + longer), ["8 instructions from the barrier to the push, at most 7"])

    def test_a_longer_poll(self):
        longer = POLL.replace("ISETP", "IMAD R9, R9, R9, R9\nISETP")
        self.assertEqual(self.faults(longer + GATES), ["5 instructions a poll, at most 4"])

    def test_a_branch_between_loads(self):
        branch = POLL.replace("ISETP.NE.AND P0, PT, R4, R9, PT", "@P0 BRA `(.L_x_9)\n.L_x_9:")
        self.assertEqual(self.faults(branch + GATES), ["1 branches between the loads of a poll, at most 0"])

    def test_local_memory(self):
        self.assertEqual(self.faults(POLL + GATES + "LDL R4, [R1]\n"), ["1 accesses to local memory, at most 0"])

    def test_a_64_bit_multiplication(self):
        of_registers = GATES.replace("LDS.128 R8, [R3]", "IMAD.WIDE.U32 R2, R3, R5, R6\nLDS.128 R8, [R3]")
        self.assertEqual(self.faults(POLL + of_registers, push_limit=8),
                         ["1 64-bit multiplications between barrier and push, at most 0"])
        of_a_constant = of_registers.replace("R3, R5, R6", "R3, 0x10, R6")
        self.assertEqual(self.faults(POLL + of_a_constant, push_limit=8), [])

    def test_code_that_is_no_step_is_refused(self):
        with self.assertRaisesRegex(SystemExit, "no path from a barrier to a push"):
            sass_check.measure(kernel(), code_of(POLL))
        with self.assertRaisesRegex(SystemExit, "no loop that polls"):
            sass_check.measure(kernel(), code_of(GATES))


if __name__ == "__main__":
    unittest.main()
