"""Checks a page's commands: a few are run, the others are compared with the things that they name.

ONLY_CHECKED lists all commands that the tests do not run.
"""

import json
import re
import shlex
import subprocess

import pages

# Beginning of a command -> why no test runs it, and what is checked instead.
ONLY_CHECKED = {
    "scripts/": "installs packages, builds for minutes or needs a GPU: the script exists, and its --help has the options",
    "cmake --preset": "configures the tree that the tests run in: the preset exists",
    "cmake --build --preset": "builds it: the preset exists",
    "ctest --preset": "would run this test: the preset exists",
    "cmake --install": "installed elsewhere by the test of projects: the folder is a preset's",
    "rondo ": "needs the models of a reader: the command has the subcommand and the options. tests/gates/program runs it",
    "source <(rondo": "the same, in a shell of the reader's",
    "printf": "gives lines to `rondo run --stream`, as tests/gates/program does",
    "cc ": "compiles the page's program in C, as tests/gates/c_api does",
    "cpack": "packs what the tests of archives pack: the folder is a preset's",
    "python3 -m venv": "makes an environment, as scripts/wheel-test does",
    "env/bin/pip": "installs the package into it, as scripts/wheel-test does",
    "python": "a block of Python needs TensorFlow, PyTorch or ONNX: its syntax is checked. python/tests/test_docs.py runs those "
              "whose output a page shows",
}
# The tests of projects (projects.py) run commands that begin so.
BY_CMAKE = "cmake -S"
BY_COMPILER = "c++ "
RUN_IN_PROJECT = (BY_CMAKE, BY_COMPILER)
# For pages that show a script's output: the target, with arguments, that a script of ONLY_CHECKED runs at its end.
SHOWN_BY = {"scripts/demo": ("examples/co2_demo", ["examples/co2", "co2.svg"])}
OPTION = re.compile(r"^--?[a-z]")
CMAKE_OPTION = re.compile(r"^-D(RONDO_\w+)=")


def presets(kind):
    """The names of the presets of CMakePresets.json."""
    listed = json.loads((pages.ROOT / "CMakePresets.json").read_text())[kind]
    return {preset["name"] for preset in listed if not preset.get("hidden")}


def lines_of(text):
    """The lines of a block. A backslash at the end of a line joins it with the next line."""
    return text.replace("\\\n", " ").splitlines()


def project_lines(text):
    """The commands that are run in the page's own project."""
    return [line for line in lines_of(text) if line.startswith(RUN_IN_PROJECT)]


def commands_of(text):
    """The simple commands of a block, each a list of words, without those that are run in the page's own project."""
    found = []
    for line in lines_of(text):
        if line.startswith(RUN_IN_PROJECT):
            continue
        words = shlex.split(line, comments=True)
        command = []
        for word in [*words, "&&"]:
            if word != "&&":
                command.append(word)
            elif command:
                found.append(command)
                command = []
    return found


def rule_for(command):
    """The key of ONLY_CHECKED that covers a command; None without one."""
    text = " ".join(command)
    rules = [rule for rule in ONLY_CHECKED if rule != "python" and text.startswith(rule)]
    return max(rules, key=len, default=None)


def help_of(script):
    """A script's text for --help; None where the script does not contain the word, because the call might run it."""
    if "--help" not in script.read_text():
        return None
    answer = subprocess.run([script, "--help"], capture_output=True, text=True, timeout=60, check=False)
    return answer.stdout + answer.stderr


def script_complaints(command):
    """Faults of a command that calls a script of scripts/ with options."""
    script = pages.ROOT / command[0]
    if not script.is_file() or not script.stat().st_mode & 0o111:
        return [f"there is no script {command[0]}"]
    options = [word for word in command[1:] if OPTION.match(word)]
    if not options:
        return []
    known = help_of(script)
    if known is None:
        return [f"{command[0]} has no --help to look its options up in"]
    return [f"{command[0]} --help has no {option}" for option in options if option not in known]


def program_complaints(command):
    """Faults of a call of the program `rondo`: its sources name every subcommand and option."""
    text = "".join(path.read_text() for path in (pages.ROOT / "program").glob("*.cpp"))
    options = [word for word in command[2:] if OPTION.match(word)]
    found = [] if re.search(rf'add_subcommand\(\s*"{command[1]}"', text) else [f"rondo has no command {command[1]}"]
    return found + [f"rondo has no option {option}" for option in options if f'{option}"' not in text]


def preset_complaints(command, kind):
    """Faults of a command that names a preset."""
    name = command[command.index("--preset") + 1]
    found = [] if name in presets(kind) else [f"there is no preset {name} among the {kind}"]
    files = "".join(path.read_text() for path in [pages.ROOT / "CMakeLists.txt", *(pages.ROOT / "cmake").glob("*.cmake")])
    options = [match[1] for word in command if (match := CMAKE_OPTION.match(word))]
    return found + [f"there is no option {option}" for option in options if not re.search(rf"(option|set)\({option} ", files)]


def folder_complaints(folder):
    """Faults of the name of a folder in which a preset builds."""
    return [] if folder.removeprefix("build/") in presets("configurePresets") else [f"no preset builds in {folder}"]


def complaints(command):
    """Faults of a command that is only checked."""
    rule = rule_for(command)
    if rule is None:
        return ["no rule of tests/gates/docs/commands.py covers it"]
    if rule == "scripts/":
        return script_complaints(command)
    if rule == "cmake --install":
        folder = command[2]
        return folder_complaints(folder)
    if rule == "rondo ":
        return program_complaints(command)
    if rule == "cpack":
        return folder_complaints(command[2].removesuffix("/CPackConfig.cmake"))
    kinds = {"cmake --preset": "configurePresets", "cmake --build --preset": "buildPresets", "ctest --preset": "testPresets"}
    return preset_complaints(command, kinds[rule]) if rule in kinds else []
