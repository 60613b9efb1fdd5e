"""--help, --version, and the completion of shells."""

import shutil
import subprocess

import command
from command import CommandTest

COMMANDS = ("info", "run", "explain", "bench", "convert", "completion")


class ShellsTest(CommandTest):
    def test_help_names_commands_and_examples(self):
        text = self.call("--help")
        for word in (*COMMANDS, "Exit codes: 0", "Examples:"):
            self.assertIn(word, text)
        for name in COMMANDS:
            self.assertIn("Example", self.call(name, "--help"), name)

    def test_version(self):
        self.assertRegex(self.call("--version"), r"rondo \d+\.\d+")

    def completed(self, *words):
        """What bash completes the last word to."""
        script = self.call("completion", "bash")
        listed = " ".join(f"'{word}'" for word in ("rondo", *words))
        script += f"\nCOMP_WORDS=({listed})\nCOMP_CWORD={len(words)}\n_rondo\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
        answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=self.FOLDER)
        self.assertEqual(answer.stderr, "")
        return answer.stdout.split()

    def test_bash(self):
        (self.FOLDER / "forecast.keras").touch()
        self.assertEqual(self.completed("co"), ["convert", "completion"])
        self.assertEqual(self.completed("run", "--st"), ["--stream"])
        self.assertEqual(self.completed("info", "fore"), ["forecast.keras"])
        self.assertEqual(self.completed("completion", "z"), ["zsh"])

    def test_zsh_and_fish_have_the_same_words(self):
        for shell in ("zsh", "fish"):
            text = self.call("completion", shell)
            for word in (*COMMANDS, "stream", "batch-first"):
                self.assertIn(word, text, shell)
            program = shutil.which(shell)
            if program:
                subprocess.run([program, "-n", "-c", text], check=True)
        self.call("completion", "tcsh", code=2)


if __name__ == "__main__":
    command.main("__main__")
