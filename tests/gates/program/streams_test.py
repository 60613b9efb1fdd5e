"""`rondo run --stream`: a line for each time step."""

import json
import subprocess

import command
from command import DATA, CommandTest, furthest, read_safetensors

MODEL = DATA / "pytorch/lstmcell.safetensors"


class StreamsTest(CommandTest):
    def setUp(self):
        tensors = read_safetensors(DATA / "pytorch/expected_lstmcell.safetensors")
        numbers = tensors["x"][1]
        self.steps = [[numbers[6 * t + 3 * b:6 * t + 3 * b + 3] for b in range(2)] for t in range(5)]
        self.expected = [tensors["o"][1][8 * t:8 * t + 8] for t in range(5)]

    def test_json_lines_of_a_batch(self):
        lines = self.call("run", MODEL, "--stream", given="".join(json.dumps(step) + "\n" for step in self.steps)).splitlines()
        for line, expected in zip(lines, self.expected, strict=True):
            first, second = json.loads(line)
            self.assertLess(furthest(first + second, expected), 1e-6)

    def test_commas_keep_states_from_line_to_line(self):
        given = "".join(",".join(map(repr, step[0])) + "\n" for step in self.steps) + "\n"
        lines = self.call("run", MODEL, "--stream", given=given).splitlines()
        for line, expected in zip(lines, self.expected, strict=True):
            self.assertLess(furthest([float(field) for field in line.split(",")], expected[:4]), 1e-6)

    def test_each_line_is_answered_at_once(self):
        with subprocess.Popen([self.PROGRAM, "run", MODEL, "--stream"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            for step in self.steps:
                process.stdin.write(json.dumps(step[0]) + "\n")
                process.stdin.flush()
                self.assertEqual(len(json.loads(process.stdout.readline())), 4)
            process.stdin.close()
            self.assertEqual(process.wait(10), 0)

    def test_a_model_of_keras(self):
        lines = self.call("run", DATA / "keras/lstm_keras3.keras", "--stream", given="0.1,0.2,0.3\n1,2,3\n").splitlines()
        self.assertEqual([len(line.split(",")) for line in lines], [4, 4])
        part = self.call("run", DATA / "keras/lstm_keras3.keras", "--part", "lstm", "--stream", given="0.1,0.2,0.3\n1,2,3\n")
        for line, other in zip(lines, part.splitlines(), strict=True):
            self.assertLess(furthest([float(x) for x in line.split(",")], [float(x) for x in other.split(",")]), 1e-6)

    def test_wrong_lines(self):
        wrong = {
            "1,2\n": ("line 1", "2 numbers", "3 for each row"),
            "1,2,3\n1,2,3,4,5,6\n": ("line 2", "6 numbers", "3, as the first line"),
            "1,nan,3\n": ("line 1", "'nan'", "finite numbers"),
            "1,,3\n": ("line 1", "''"),
            "[1,2\n": ("line 1", "a JSON list"),
            "[1,null,3]\n": ("line 1", "null", "a number"),
            '["a",2,3]\n': ("line 1", '"a"', "a number"),
            "[" * 100000 + "\n": ("line 1", "a JSON list"),
        }
        for given, words in wrong.items():
            message = self.call("run", MODEL, "--stream", given=given, code=1)
            for word in words:
                self.assertIn(word, message, given[:20])

    def test_what_reads_backwards_is_no_stream(self):
        message = self.call("run", DATA / "keras/lstm_backwards_keras3.keras", "--part", "lstm", "--stream", given="1,2,3\n", code=1)
        self.assertIn("backwards", message)

    def test_a_closed_pipe_ends_it(self):
        with subprocess.Popen([self.PROGRAM, "run", MODEL, "--stream"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            process.stdout.close()
            process.stdin.write("1,2,3\n" * 3)
            process.stdin.close()
            self.assertEqual(process.wait(10), 1)
            self.assertNotIn("terminate", process.stderr.read())


if __name__ == "__main__":
    command.main("__main__")
