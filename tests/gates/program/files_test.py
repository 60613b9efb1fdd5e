"""info, run, explain, bench and convert on files of every kind."""

import json
import re
import zipfile

import command
from command import DATA, MODELS, ONNX, CommandTest, furthest, read_npy, read_safetensors, write_npy


class FilesTest(CommandTest):
    def input_of(self, expected, name="x"):
        tensors = read_safetensors(expected)
        write_npy(self.FOLDER / f"{name}.npy", *tensors[name])
        return tensors

    def test_cells_of_pytorch_give_pytorchs_numbers(self):
        for cell in ("lstmcell", "grucell", "rnncell"):
            tensors = self.input_of(DATA / f"pytorch/expected_{cell}.safetensors")
            self.call("run", DATA / f"pytorch/{cell}.safetensors", "--input", "x.npy", "--output", "y.npy")
            shape, numbers = read_npy(self.FOLDER / "y.npy")
            self.assertEqual(shape, tensors["o"][0])
            self.assertLess(furthest(numbers, tensors["o"][1]), 1e-6)

    def test_whole_models_of_keras_give_kerass_numbers(self):
        for name in ("k2_sentiment", "k3_sentiment"):
            tensors = self.input_of(MODELS / f"expected_{name}.safetensors")
            self.call("run", MODELS / f"{name}.keras", "-i", "x.npy", "-o", "y.npy")
            self.assertLess(furthest(read_npy(self.FOLDER / "y.npy")[1], tensors["y"][1]), 1e-5)

    def test_inputs_by_name_and_in_an_archive(self):
        self.input_of(DATA / "pytorch/expected_lstmcell.safetensors")
        model = DATA / "pytorch/lstmcell.safetensors"
        for name in ("h_0", "c_0"):
            write_npy(self.FOLDER / f"{name}.npy", (1, 2, 4), [0.1 * k for k in range(8)], "<f8")
        self.call("run", model, "-i", "x=x.npy", "-i", "h_0=h_0.npy", "-i", "c_0=c_0.npy", "-o", "y.npy")
        with zipfile.ZipFile(self.FOLDER / "inputs.npz", "w") as archive:
            for name in ("x", "h_0", "c_0"):
                archive.write(self.FOLDER / f"{name}.npy", f"{name}.npy")
        self.call("run", model, "-i", "inputs.npz", "-o", "z.npy")
        self.call("run", model, "-i", "x.npy", "-o", "zeros.npy")
        self.assertEqual(read_npy(self.FOLDER / "y.npy"), read_npy(self.FOLDER / "z.npy"))
        self.assertNotEqual(read_npy(self.FOLDER / "y.npy"), read_npy(self.FOLDER / "zeros.npy"))

    def test_a_json_with_its_weights(self):
        folder = DATA / "keras" / "companion_files"
        text = self.call("info", folder / "seq2seq.json", "--weights", folder / "seq2seq.h5")
        self.assertIn("LSTM", text)

    def test_every_form_of_output(self):
        self.input_of(DATA / "pytorch/expected_lstmcell.safetensors")
        model = DATA / "pytorch/lstmcell.safetensors"
        self.call("run", model, "-i", "x.npy", "-o", "all.npz", "-o", "all.safetensors", "-o", "c_n=c.npy")
        tensors = read_safetensors(self.FOLDER / "all.safetensors")
        self.assertEqual(sorted(tensors), ["c_n", "h_n", "output"])
        self.assertEqual(read_npy(self.FOLDER / "c.npy"), tensors["c_n"])
        archive = json.loads(self.call("info", "all.npz", "--json"))
        self.assertEqual([entry["kind"] for entry in archive["arrays"]], ["f32(5, 2, 4)", "f32(1, 2, 4)", "f32(1, 2, 4)"])
        self.call("run", model, "-i", "x=x.npy", "-o", "again.npz")
        self.assertEqual((self.FOLDER / "again.npz").read_bytes(), (self.FOLDER / "all.npz").read_bytes())

    def test_csv_in_and_out(self):
        (self.FOLDER / "x.csv").write_text("a,b,c\n0.5,-1,2\n 1e-3 , 0,0\n\n")
        model = DATA / "pytorch/lstmcell.safetensors"
        self.call("run", model, "-i", "x.csv", "-o", "y.csv", "-o", "y.npy")
        rows = [[float(field) for field in line.split(",")] for line in (self.FOLDER / "y.csv").read_text().splitlines()]
        shape, numbers = read_npy(self.FOLDER / "y.npy")
        self.assertEqual(shape, (2, 1, 4))
        self.assertLess(furthest([field for row in rows for field in row], numbers), 1e-8)

    def test_info_of_every_kind(self):
        known = {
            "pytorch/other_f8.safetensors": ("lstm.", "torch.nn.LSTM(3, 4)", "F8_E4M3(2, 4)"),
            "keras/lstm_keras3.keras": ("lstm", "LSTM", "cpu_fused"),
            "keras/gru_after_keras2.h5": ("GRU", "reset after"),
            "keras/lstm_keras2.weights.h5": ("weights alone",),
            "keras/nested_model/keras3.keras": ("tower/in_lstm", "tower/in_dense", "LSTM", "cpu_fused"),
        }
        for name, words in known.items():
            text = self.call("info", DATA / name)
            for word in words:
                self.assertIn(word, text, name)
            report = json.loads(self.call("info", DATA / name, "--json", "-T", 5, "-B", 2))
            self.assertEqual(report["file"], str(DATA / name))
            self.assertGreater(sum(part["bytes"] for part in report["parts"]), 0)

    def test_explain_and_bench(self):
        model = DATA / "pytorch/grucell.safetensors"
        self.assertIn("T=7 B=2", self.call("explain", model, "-T", 7, "-B", 2))
        self.assertIn("median", self.call("bench", model, "-T", 3, "--seconds", 0.05))
        report = json.loads(self.call("bench", model, "-T", 3, "-B", 2, "--seconds", 0.05, "--json"))
        self.assertGreaterEqual(report["runs"], 5)
        self.assertLessEqual(report["p10_us"], report["p90_us"])
        self.call("bench", MODELS / "k3_sentiment.keras", "-T", 7, "--seconds", 0.05)
        whole = self.call("explain", MODELS / "k3_sentiment.keras", "-T", 7, "-B", 2)
        for words in ("(Embedding): ", "matrix product", "T=7 B=2", "cpu_fused"):
            self.assertIn(words, whole)

    def test_convert_each_way(self):
        sources = [DATA / "pytorch/grucell.safetensors", DATA / "keras/lstm_keras3.keras", DATA / "pytorch/rnncell.safetensors"]
        for source in sources:
            for first in ("onnx", "keras", "safetensors"):
                self.assertIn("1 layers", self.call("convert", source, f"first.{first}"))
                for second in ("onnx", "keras", "safetensors"):
                    self.call("convert", f"first.{first}", f"second.{second}")

    def test_a_converted_model_gives_the_same_answers(self):
        tensors = self.input_of(DATA / "pytorch/expected_grucell.safetensors")
        self.call("convert", DATA / "pytorch/grucell.safetensors", "gru.onnx")
        self.call("run", "gru.onnx", "-i", "x.npy", "-o", "y.npy")
        shape, numbers = read_npy(self.FOLDER / "y.npy")
        self.assertEqual(shape, (5, 1, 2, 4))
        self.assertLess(furthest(numbers, tensors["o"][1]), 1e-6)

    def test_weights_in_eight_bits(self):
        self.input_of(DATA / "pytorch/expected_lstmcell.safetensors")
        model = DATA / "pytorch/lstmcell.safetensors"
        text = self.call("convert", model, "small.safetensors", "--int8", "--check", "x.npy")
        found = re.search(r"in 8 bits output differs by ([\d.e-]+) of its length, and at most by ([\d.e-]+)", text)
        self.assertLess(float(found[1]), 2e-2)
        self.assertGreater(float(found[1]), 1e-5)
        for math, name in (("strict", "y"), ("int8", "z")):
            self.call("run", "small.safetensors", "-i", "x.npy", "-o", f"{name}.npy", "--math", math)
        difference = furthest(read_npy(self.FOLDER / "y.npy")[1], read_npy(self.FOLDER / "z.npy")[1])
        self.assertLess(difference, 1e-2)
        self.assertGreater(difference, 0)
        self.assertIn("products of 8 bits", self.call("explain", "small.safetensors", "--math", "int8"))

    def test_a_whole_model_of_keras_tells_its_error_in_eight_bits(self):
        self.input_of(MODELS / "expected_k3_sentiment.safetensors")
        text = self.call("convert", MODELS / "k3_sentiment.keras", "small.safetensors", "--int8", "--check", "x.npy")
        self.assertRegex(text, r"in 8 bits \w+ differs by [\d.e-]+ of its length")

    def test_eight_bits_are_for_safetensors_alone(self):
        model = DATA / "pytorch/lstmcell.safetensors"
        self.assertIn("--int8: got 'small.onnx'", self.call("convert", model, "small.onnx", "--int8", code=1))
        self.assertIn("--check: got", self.call("convert", model, "y.safetensors", "--check", "x.npy", code=1))
        self.assertIn('math: got "int4"', self.call("explain", model, "--math", "int4", code=1))

    def test_nodes_of_onnx_that_do_not_run_are_told(self):
        tagger = ONNX / "whole_models" / "tagger_dyn.onnx"
        self.assertIn("not run: ", self.call("info", tagger))
        write_npy(self.FOLDER / "words.npy", (2, 5), range(10), "<i4")
        message = self.call("run", tagger, "-i", "words.npy", code=1)
        for words in ("runs its recurrent nodes alone, and not ", "Gather", "ONNX Runtime", "shape (T, B, 6)"):
            self.assertIn(words, message)
        plain = ONNX / "weights_behind_nodes" / "lstm64.onnx"
        self.assertNotIn("not run", self.call("info", plain))

    def test_prefixes(self):
        self.call("convert", DATA / "keras/lstm_keras3.keras", "named.safetensors", "--prefix", "encoder.lstm.")
        self.assertIn("encoder.lstm.weight_hh_l0", read_safetensors(self.FOLDER / "named.safetensors"))
        self.call("explain", "named.safetensors", "--part", "encoder.lstm")


if __name__ == "__main__":
    command.main("__main__")
