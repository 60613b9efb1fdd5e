#!/usr/bin/env python3
"""Builds the project of a page from its CMakeLists.txt, a main.cpp with the C++ of the page, and the page's commands.

    projects.py BUILD WORK PAGE.md ...

The library of the folder BUILD is installed to WORK/rondo, and $HOME is WORK for the commands.
"""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import commands  # noqa: E402
import models  # noqa: E402
import pages  # noqa: E402
import programs  # noqa: E402


def run(command, folder, home):
    """Runs a command of a page in the folder of its project, with the compiler and the linker's options of the build."""
    environment = {**os.environ, "HOME": str(home), "LD_LIBRARY_PATH": str(home / "rondo" / "lib")}
    if command.startswith(commands.BY_COMPILER):
        options = f"{os.environ.get('CXX', 'c++')} {os.environ.get('LDFLAGS', '')} "
        command = options + command.removeprefix(commands.BY_COMPILER)
    subprocess.run(["bash", "-euc", command], cwd=folder, env=environment, check=True, timeout=300)


def build_commands(blocks):
    """The lines that configure, build and run the project."""
    return [line for block in blocks if block.language == "sh" for line in commands.project_lines(block.text)]


def build_page(path, work):
    """Makes and runs the project of a page. Returns how many commands were run."""
    blocks = pages.blocks_of(path)
    files = [block for block in blocks if block.language == "cmake"]
    lines = build_commands(blocks)
    by_cmake = [line for line in lines if line.startswith(commands.BY_CMAKE)]
    if len(files) > 1 or len(files) != bool(by_cmake):
        raise ValueError(f"{path}: {len(files)} blocks of CMake and {len(by_cmake)} commands '{commands.BY_CMAKE}', not one each")
    if not lines:
        return 0
    folder = work / programs.name_of(path)
    folder.mkdir()
    for block in files:
        (folder / "CMakeLists.txt").write_text(block.text)
    (folder / "main.cpp").write_text(programs.alone(str(path)))
    models.write(folder)
    for line in lines:
        run(line, folder, work)
    return len(lines)


def main(build, work, *paths):
    work = pathlib.Path(work)
    subprocess.run(["rm", "-rf", work], check=True)
    work.mkdir(parents=True)
    subprocess.run(["cmake", "--install", build, "--prefix", work / "rondo"], check=True, stdout=subprocess.DEVNULL)
    ran = sum(build_page(pathlib.Path(path), work) for path in paths)
    print(f"{ran} commands of projects were run")
    return 0 if ran else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
