#!/usr/bin/env python3
"""Makes the archives of a build and looks at what is in them.

    check_archives.py CPACK BUILD WORK LIBDIR VERSION STATIC

BUILD is a folder in which Rondo was built, WORK one for the archives, STATIC is ON for a static library.
"""

import pathlib
import shutil
import subprocess
import sys
import tarfile


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def files_of(package):
    """The paths in a Debian package, from the root."""
    return {line.split()[5].removeprefix(".") for line in output_of("dpkg-deb", "-c", str(package)).splitlines()}


def complaints(where, files, expected, unexpected=()):
    yield from (f"{where} lacks {name}" for name in expected if name not in files)
    yield from (f"{where} has {name}" for name in unexpected if name in files)


def package_complaints(work, name, version, expected, unexpected, needs):
    """Faults of the Debian package `name`, which must have the expected files and need the packages `needs`."""
    architecture = output_of("dpkg", "--print-architecture").strip()
    package = work / f"{name}_{version}_{architecture}.deb"
    if not package.is_file():
        return [f"there is no {package.name} among {sorted(path.name for path in work.iterdir())}"]
    depends = output_of("dpkg-deb", "-f", str(package), "Depends")
    fields = output_of("dpkg-deb", "-f", str(package), "Maintainer", "Section", "Description")
    print(f"{package.name} needs {depends}{fields}")
    return [*complaints(package.name, files_of(package), expected, unexpected),
            *(f"{package.name} does not need {need}" for need in needs if need not in depends),
            *(f"{package.name} has no {field}" for field in ("Maintainer", "Section", "Description") if field not in fields)]


def main(cpack, build, work, libdir, version, static):
    work = pathlib.Path(work)
    shutil.rmtree(work, ignore_errors=True)
    subprocess.run([cpack, "--config", f"{build}/CPackConfig.cmake", "-B", str(work)], check=True, timeout=200)
    minor = version.rpartition(".")[0]
    lib = f"/usr/{libdir}"
    headers = ["/usr/include/rondo/rondo.h", "/usr/include/rondo/features.h", "/usr/include/rondo/keras/layers.h"]
    development = [*headers, f"{lib}/pkgconfig/rondo.pc", f"{lib}/cmake/rondo/rondo-config.cmake"]
    library = [f"{lib}/librondo.so.{version}", f"{lib}/librondo.so.{minor}", "/usr/share/doc/rondo/LICENSE"]
    if static == "ON":
        development += [f"{lib}/librondo.a", "/usr/share/doc/rondo/LICENSE"]
        found = package_complaints(work, "librondo-dev", version, development, [], ["libdnnl-dev", "libhwy-dev"])
        everything = development
        if pathlib.Path(build, "src", "c_api", f"librondo_c.so.{version}").is_file():
            c_files = [f"{lib}/librondo_c.so.{version}", f"{lib}/librondo_c.so.0", "/usr/share/doc/rondo_c/LICENSE"]
            c_development = ["/usr/include/rondo_c.h", f"{lib}/librondo_c.so", f"{lib}/pkgconfig/rondo_c.pc",
                             f"{lib}/cmake/rondo_c/rondo_c-config.cmake"]
            found += package_complaints(work, "librondo-c0", version, c_files, c_development, ["libc6", "libstdc++6", "libdnnl2"])
            found += package_complaints(work, "librondo-dev", version, c_development, c_files, [f"librondo-c0 (= {version})"])
            everything = [*development, *c_files, *c_development]
        if pathlib.Path(build, "program", "rondo").is_file():
            found += package_complaints(work, "rondo", version, ["/usr/bin/rondo"], [], ["libc6", "libdnnl2"])
            everything = [*everything, "/usr/bin/rondo"]
    else:
        development += [f"{lib}/librondo.so"]
        found = package_complaints(work, "librondo-dev", version, development, library, [f"librondo{minor} (= {version})"])
        found += package_complaints(work, f"librondo{minor}", version, library, development, ["libc6", "libstdc++6", "libdnnl2"])
        everything = library + development
    archives = list(work.glob("*.tar.gz"))
    if len(archives) != 1:
        return f"there are {len(archives)} .tar.gz"
    folder = archives[0].name.removesuffix(".tar.gz")
    with tarfile.open(archives[0]) as archive:
        names = set(archive.getnames())
    found += complaints(archives[0].name, names, [path.replace("/usr", folder, 1) for path in everything])
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
