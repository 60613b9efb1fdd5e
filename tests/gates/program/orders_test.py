"""In which order T and B stand in X and Y of ONNX models: the numbers are those of ONNX Runtime within the whole model."""

import json

import command
from command import DATA, ONNX, CommandTest, furthest, read_npy, read_safetensors, write_npy

EXPORTS = ONNX.parent / "exports"
SINGLE = ["script_lstm_1_batch_first", "script_gru_1_both_batch_first_dynamic", "script_rnn_1_batch_first", "tf_gru", "tf_lstm_both"]
STACKS = ["script_lstm_2_batch_first", "script_gru_2_both_batch_first_dynamic", "tf_lstm_stack"]


def turned(shape, numbers, order):
    """An array with its axes in another order: (shape, numbers)."""
    strides = [1] * len(shape)
    for axis in reversed(range(len(shape) - 1)):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    new = [shape[axis] for axis in order]
    places = [0]
    for axis in order:
        places = [place + k * strides[axis] for place in places for k in range(shape[axis])]
    return tuple(new), [numbers[place] for place in places]


class OrdersTest(CommandTest):
    def run_on(self, name, x, *arguments):
        write_npy(self.FOLDER / "x.npy", *x)
        self.call("run", EXPORTS / f"{name}.onnx", "-i", "x.npy", "-o", "y.npy", *arguments)
        return read_npy(self.FOLDER / "y.npy")

    def expect(self, came, expected, name):
        self.assertEqual(came[0], expected[0], name)
        self.assertLess(furthest(came[1], expected[1]), 1e-5, name)

    def test_one_node_reads_the_models_own_input(self):
        for name in SINGLE:
            golden = read_safetensors(EXPORTS / f"{name}.safetensors")
            x = turned(*golden["0/X"], (1, 0, 2))
            expected = turned(*golden["0/Y"], (2, 0, 1, 3))  # (T, D, B, H) to (B, T, D, H)
            self.expect(self.run_on(name, x), expected, name)
            self.expect(self.run_on(name, x, "--batch-first"), expected, name)

    def test_one_node_whose_model_has_time_first(self):
        golden = read_safetensors(EXPORTS / "script_lstm_1_both.safetensors")
        self.expect(self.run_on("script_lstm_1_both", golden["0/X"]), golden["0/Y"], "as it is")
        x = turned(*golden["0/X"], (1, 0, 2))
        expected = turned(*golden["0/Y"], (2, 0, 1, 3))
        self.expect(self.run_on("script_lstm_1_both", x, "--batch-first"), expected, "--batch-first")

    def test_a_stack_reads_the_models_own_input(self):
        for name in STACKS:
            golden = read_safetensors(EXPORTS / f"{name}.safetensors")
            shape, numbers = turned(*golden["1/Y"], (2, 0, 1, 3))
            expected = ((*shape[:2], shape[2] * shape[3]), numbers)
            self.expect(self.run_on(name, turned(*golden["0/X"], (1, 0, 2))), expected, name)

    def test_final_states_are_the_nodes(self):
        name = "script_gru_1_both_batch_first_dynamic"
        golden = read_safetensors(EXPORTS / f"{name}.safetensors")
        self.run_on(name, turned(*golden["0/X"], (1, 0, 2)), "-o", "Y_h=h.npy")
        self.expect(read_npy(self.FOLDER / "h.npy"), golden["0/Y_h"], name)

    def test_a_table_is_one_row(self):
        (self.FOLDER / "x.csv").write_text("0.1,0.2,0.3\n0.4,0.5,0.6\n")
        for name, shape in (("script_lstm_1_batch_first", (1, 2, 1, 4)), ("script_lstm_1", (2, 1, 1, 4))):
            self.call("run", EXPORTS / f"{name}.onnx", "-i", "x.csv", "-o", f"{name}.npy")
            self.assertEqual(read_npy(self.FOLDER / f"{name}.npy")[0], shape)
        self.expect((None, read_npy(self.FOLDER / "script_lstm_1_batch_first.npy")[1]), (None, self.by_hand()), "the row")

    def by_hand(self):
        """The answer for the table as (1, T, I)."""
        return self.run_on("script_lstm_1_batch_first", ((1, 2, 3), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]))[1]

    def test_the_order_is_told(self):
        message = self.call("run", EXPORTS / "script_lstm_1_batch_first.onnx", code=1)
        self.assertIn("(B, T, 3)", message)
        self.assertNotIn("is taken as", message)
        self.assertIn("(T, B, 3)", self.call("run", EXPORTS / "script_lstm_1.onnx", code=1))

    def test_an_order_that_is_not_known_is_told(self):
        above = json.loads(self.call("info", EXPORTS / "script_lstm_2_batch_first.onnx", "--json"))["parts"][1]["name"]
        for arguments, order in (((), "(T, B, I)"), (("--batch-first",), "(B, T, I)")):
            message = self.call("run", EXPORTS / "script_lstm_2_batch_first.onnx", "--part", above, *arguments, code=1)
            for words in (f"X of '{above}' comes from ", ", which LSTM ", f"is taken as {order}"):
                self.assertIn(words, message)
        words = self.call("run", ONNX / "whole_models" / "tagger_dyn.onnx", code=1)
        self.assertIn("Gather", words)
        self.assertIn("is taken as (T, B, I)", words)

    def test_converted_models_keep_their_order(self):
        self.call("convert", DATA / "pytorch/grucell.safetensors", "gru.onnx")
        self.assertIn("(T, B, ", self.call("run", "gru.onnx", code=1))


if __name__ == "__main__":
    command.main("__main__")
