"""What is wrong with a file, an input or a command: the exit code, and a message of argument, came and expected."""

import command
from command import DATA, MODELS, CommandTest, write_npy

MODEL = DATA / "pytorch/lstmcell.safetensors"


class MessagesTest(CommandTest):
    def expect(self, code, words, *arguments):
        message = self.call(*arguments, code=code)
        self.assertLessEqual(len(message.splitlines()), 2, message)
        for word in words:
            self.assertIn(word, message, arguments)

    def test_files(self):
        self.expect(1, ["nowhere", "no such file"], "info", "nowhere")
        self.expect(1, ["a directory"], "info", DATA)
        self.expect(1, ["torch.save", "save_file"], "info", DATA / "kinds/state.pt")
        self.expect(1, ["Git LFS pointer", "git lfs pull"], "run", DATA / "kinds/lfs_pointer.safetensors", "-i", "x.npy")
        self.expect(1, ["weight_map"], "info", DATA / "kinds/index.json")
        (self.FOLDER / "empty").touch()
        self.expect(1, ["an empty file"], "info", "empty")
        (self.FOLDER / "cut.keras").write_bytes((DATA / "keras/lstm_keras3.keras").read_bytes()[:200])
        self.expect(1, ["cut.keras"], "info", "cut.keras")

    def test_inputs(self):
        write_npy(self.FOLDER / "wide.npy", (2, 1, 4), [0.0] * 8)
        write_npy(self.FOLDER / "flat.npy", (3,), [0.0] * 3)
        (self.FOLDER / "nan.csv").write_text("1,2,3\n1,nan,3\n")
        (self.FOLDER / "ragged.csv").write_text("1,2,3\n1,2\n")
        (self.FOLDER / "nothing.csv").write_text("a,b,c\n")
        self.expect(1, ["--input x", "nothing", "(T, B, 3)"], "run", MODEL)
        self.expect(1, ["x", "f32(2, 1, 4)", "f32(2, 1, 3)"], "run", MODEL, "-i", "wide.npy")
        self.expect(1, ["--input x", "f32(3,)", "(T, B, 3)"], "run", MODEL, "-i", "flat.npy")
        self.expect(1, ["nan.csv: line 2, column 2", "'nan'", "a finite number"], "run", MODEL, "-i", "nan.csv")
        self.expect(1, ["ragged.csv: line 2", "2 columns", "3"], "run", MODEL, "-i", "ragged.csv")
        self.expect(1, ["nothing.csv", "no numbers"], "run", MODEL, "-i", "nothing.csv")
        self.expect(1, ["'y'", "one of x (T, B, 3)"], "run", MODEL, "-i", "y=flat.npy")
        self.expect(1, ["no such file"], "run", MODEL, "-i", "nowhere.npy")

    def test_outputs(self):
        write_npy(self.FOLDER / "x.npy", (2, 1, 3), [0.5] * 6)
        write_npy(self.FOLDER / "two.npy", (2, 2, 3), [0.5] * 12)
        self.expect(1, ["--output", "y.txt", ".npy, .npz, .safetensors or .csv"], "run", MODEL, "-i", "x.npy", "-o", "y.txt")
        for ending in ("npy", "npz", "safetensors", "csv"):
            path = f"nowhere/y.{ending}"
            self.expect(1, [path, "cannot be written"], "run", MODEL, "-i", "x.npy", "-o", path)
        self.expect(1, ["y.csv", "f32(2, 2, 4)"], "run", MODEL, "-i", "two.npy", "-o", "y.csv")

    def test_choices(self):
        self.expect(1, ["lstmcell.safetensors: module", "'encoder'", "'decoder.cell.'"], "explain", MODEL, "--part", "encoder")
        self.expect(1, ["no modules", "torch.nn.LSTM"], "explain", DATA / "pytorch/expected_lstmcell.safetensors")
        self.expect(1, ["--device", "'tpu'", "cuda:N"], "explain", MODEL, "--device", "tpu")
        self.expect(1, ["OUTPUT", "'model.pt'", ".safetensors, .onnx or .keras"], "convert", MODEL, "model.pt")
        self.expect(1, ["nowhere/x.onnx", "cannot be written"], "convert", MODEL, "nowhere/x.onnx")
        self.expect(1, ["layer 0", "go_backwards"], "convert", DATA / "keras/lstm_backwards_keras3.keras", "x.onnx")
        self.expect(1, ["x.npy"], "run", MODELS / "k3_sentiment.keras", "-i", "x.npy.gone")

    def test_usage(self):
        self.expect(2, ["rondo --help"])
        self.expect(2, ["'frobnicate'", "info, run, explain, bench, convert, completion"], "frobnicate")
        self.expect(2, ["FILE"], "info")
        self.expect(2, ["--frobnicate"], "info", MODEL, "--frobnicate")
        self.expect(2, ["T"], "explain", MODEL, "-T", "0")
        self.expect(2, ["T"], "explain", MODEL, "-T", "many")
        self.expect(2, ["--stream"], "run", MODEL, "--stream", "-i", "x.npy")


if __name__ == "__main__":
    command.main("__main__")
