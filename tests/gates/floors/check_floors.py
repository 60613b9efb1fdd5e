"""check_floors.py ROOT TABLE: checks the includes between the files of ROOT's include/ and src/.

Reads every #include of one of Rondo's own files. A problem is a file without a floor in TABLE, an include of a higher
floor or of no file, a loop of includes between folders, a folder with more than 40 source files, or a file with more
than 250 lines. Prints the problems, and exits with 1 if there is one.
"""

import collections
import graphlib
import pathlib
import re
import sys

FOLDERS = ("include", "src")
ENDINGS = {".h", ".cuh", ".cpp", ".cu"}
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
ROW = re.compile(r"(\d+) (\S+)")
MOST_FILES = 40
MOST_LINES = 250


def floors_of(table):
    """{prefix of a path: floor}, from the rows of the table."""
    rows = [line for line in table.read_text().splitlines() if line and not line.startswith("#")]
    matches = [(row, ROW.fullmatch(row)) for row in rows]
    for row, match in matches:
        if not match:
            sys.exit(f"{table}: not a row: {row}")
    return {match[2]: int(match[1]) for _, match in matches}


def floor_of(path, floors):
    """The floor of the longest prefix of the path; None without a prefix."""
    prefixes = [prefix for prefix in floors if path.startswith(prefix)]
    return floors[max(prefixes, key=len)] if prefixes else None


def find(root, name):
    """The path of an included file of Rondo; None for another file."""
    return next((f"{folder}/{name}" for folder in FOLDERS if (root / folder / name).is_file()), None)


def includes_of(root, path):
    """(bracket, name) of all includes of a file."""
    return [match.groups() for line in (root / path).read_text().splitlines() if (match := INCLUDE.match(line))]


def loop_among(includes):
    """Folders that include each other in a loop, or None."""
    folders = collections.defaultdict(set)
    for path, included in includes:
        pair = pathlib.PurePath(path).parent, pathlib.PurePath(included).parent
        if pair[0] != pair[1]:
            folders[pair[0]].add(pair[1])
    try:
        graphlib.TopologicalSorter(folders).prepare()
    except graphlib.CycleError as error:
        return [str(folder) for folder in reversed(error.args[1])]
    return None


def size_problems(root, files):
    counts = collections.Counter(str(pathlib.PurePath(path).parent) for path in files)
    yield from (f"{folder}: {count} source files, at most {MOST_FILES}" for folder, count in sorted(counts.items())
                if count > MOST_FILES)
    for path in files:
        lines = len((root / path).read_text().splitlines())
        if lines > MOST_LINES:
            yield f"{path}: {lines} lines, at most {MOST_LINES}"


def problems_of(root, floors):
    """All problems, the number of files, and the number of includes of each other."""
    files = sorted(str(path.relative_to(root)) for folder in FOLDERS for path in (root / folder).rglob("*")
                   if path.suffix in ENDINGS)
    problems = list(size_problems(root, files))
    includes = []
    for path in files:
        own = floor_of(path, floors)
        if own is None:
            problems.append(f"{path}: no row of the table covers it")
        for bracket, name in includes_of(root, path):
            included = find(root, name)
            if included:
                includes.append((path, included))
                floor = floor_of(included, floors)
                if None not in (own, floor) and floor > own:
                    problems.append(f"{path}: on floor {own}, includes {included} on floor {floor}")
            elif bracket == '"':
                problems.append(f'{path}: includes "{name}", which is neither in include/ nor in src/')
    if loop := loop_among(includes):
        problems.append(f"a loop of includes between folders: {' -> '.join(loop)}")
    return problems, len(files), len(includes)


def main(root, table):
    problems, files, includes = problems_of(root, floors_of(table))
    if not files:
        problems.append(f"no files below {root}")
    for problem in problems:
        print(problem)
    print(f"floors: {len(problems)} problems in {files} files with {includes} includes of one another")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
