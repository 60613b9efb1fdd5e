"""Where `rondo run` puts the outputs of a model that has several, some of one layer."""

import zipfile

import command
from command import GOLDENS, CommandTest, furthest, read_npy, read_safetensors, write_npy

# A golden, its archive, and Keras 2's names of its outputs, of which three are those of an LSTM with its states.
CASES = {
    "keras2_079": ("keras2_05", ["up_sampling1d_1", "lstm", "lstm_1", "lstm_2", "model"]),
    "keras3_042": ("keras3_02", ["functional", "lstm_1", "re_lu_1", "lstm_2", "lstm_2_1", "lstm_2_2"]),
}


class OutputsTest(CommandTest):
    def golden(self, name):
        """Writes a model and its inputs, and returns its file and the expected outputs in their order."""
        with zipfile.ZipFile(GOLDENS / f"{CASES[name][0]}.zip") as archive:
            (self.FOLDER / f"{name}.keras").write_bytes(archive.read(f"{name}.keras"))
            (self.FOLDER / "golden.safetensors").write_bytes(archive.read(f"{name}.safetensors"))
        tensors = read_safetensors(self.FOLDER / "golden.safetensors")
        write_npy(self.FOLDER / "x.npy", *tensors["0/input/tokens_0"], "<i4")
        return f"{name}.keras", [tensors[f"0/output/{k}"] for k in range(len(CASES[name][1]))]

    def expect_all(self, found, name, expected):
        self.assertEqual(sorted(found), sorted(CASES[name][1]))
        for output, (shape, numbers) in zip(CASES[name][1], expected, strict=True):
            self.assertEqual(found[output][0], shape, output)
            self.assertLess(furthest(found[output][1], numbers), 1e-5, output)

    def test_archives_have_each_output_under_a_name_of_its_own(self):
        for name in CASES:
            model, expected = self.golden(name)
            self.call("run", model, "-i", "x.npy", "-o", "all.npz", "-o", "all.safetensors")
            self.expect_all(read_safetensors(self.FOLDER / "all.safetensors"), name, expected)
            with zipfile.ZipFile(self.FOLDER / "all.npz") as archive:
                found = {}
                for entry in archive.namelist():
                    (self.FOLDER / "one.npy").write_bytes(archive.read(entry))
                    found[entry.removesuffix(".npy")] = read_npy(self.FOLDER / "one.npy")
            self.expect_all(found, name, expected)

    def test_one_output_by_its_name(self):
        model, expected = self.golden("keras3_042")
        self.call("run", model, "-i", "x.npy", "-o", "lstm_2=first.npy", "-o", "lstm_2_2=third.npy")
        self.assertLess(furthest(read_npy(self.FOLDER / "first.npy")[1], expected[3][1]), 1e-5)
        self.assertLess(furthest(read_npy(self.FOLDER / "third.npy")[1], expected[5][1]), 1e-5)

    def test_printed_outputs_have_their_names(self):
        model, _ = self.golden("keras2_079")
        text = self.call("run", model, "-i", "x.npy")
        places = [text.index(f"{name}: f32(") for name in CASES["keras2_079"][1]]
        self.assertEqual(places, sorted(places))

    def test_a_file_of_one_array_needs_the_name_of_its_output(self):
        model, _ = self.golden("keras3_042")
        for path in ("y.csv", "y.npy"):
            message = self.call("run", model, "-i", "x.npy", "-o", path, code=1)
            for words in (f"--output {path}", "functional (B", "lstm_2_1 (B", f"NAME={path}", ".npz"):
                self.assertIn(words, message)
            self.assertFalse((self.FOLDER / path).exists())

    def test_names_that_no_output_has(self):
        model, _ = self.golden("keras3_042")
        message = self.call("run", model, "-i", "x.npy", "-o", "lstm_3=y.npy", code=1)
        self.assertIn("'lstm_3'", message)
        self.assertIn("one of functional (B", message)
        self.assertFalse((self.FOLDER / "lstm_3=y.npy").exists())
        (self.FOLDER / "a=b").mkdir(exist_ok=True)
        self.call("run", model, "-i", "x.npy", "-o", "./a=b/all.npz")
        self.assertTrue((self.FOLDER / "a=b" / "all.npz").exists())

    def test_a_file_takes_one_output(self):
        model, _ = self.golden("keras3_042")
        message = self.call("run", model, "-i", "x.npy", "-o", "lstm_2=y.npy", "-o", "re_lu_1=y.npy", code=1)
        self.assertIn("'y.npy' twice", message)

    def test_streams_have_one_output(self):
        model, _ = self.golden("keras3_042")
        message = self.call("run", model, "--stream", given="1\n", code=1)
        self.assertIn("the outputs functional (B", message)


if __name__ == "__main__":
    command.main("__main__")
