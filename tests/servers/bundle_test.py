"""What `cmake --install BUILD --component triton` makes is a folder that a server loads as it is.

    bundle_test.py BACKEND CMAKE BUILD
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import server
import support

INSTALL_SECONDS = 120
# Libraries of the system, which every container of a server has.
OF_THE_SYSTEM = r'ld-linux|lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+|cuda)\.so'


def install(cmake, build, prefix):
    subprocess.run([cmake, '--install', build, '--prefix', prefix, '--component', 'triton'], check=True,
                   stdout=subprocess.DEVNULL, timeout=INSTALL_SECONDS)
    found = list(pathlib.Path(prefix).rglob('libtriton_rondo.so'))
    if len(found) != 1:
        raise RuntimeError(f'got {found}, expected one libtriton_rondo.so in {prefix}')
    return found[0]


def needed(library):
    listed = subprocess.run(['readelf', '-d', library], capture_output=True, text=True, check=True, timeout=60).stdout
    return re.findall(r'\(NEEDED\).*\[(.*)\]', listed)


class BundleTest(support.ServerTest):

    @classmethod
    def write_models(cls, repository, file):
        server.write_model(repository, 'lstm', support.config(support.oldest()), file)

    def test_the_server_answers(self):
        x = self.inputs(7)
        self.assert_close(self.ask('lstm', x, 'a', start=True, end=True), self.offline(x))

    def test_its_folder_has_every_library_but_those_of_the_system(self):
        folder = pathlib.Path(self.backend).parent
        self.assertEqual([folder.name, folder.parent.name], ['rondo', 'backends'])
        for library in folder.iterdir():
            for name in needed(library):
                if not re.match(OF_THE_SYSTEM, name):
                    self.assertTrue((folder / name).exists(), f'{library.name} needs {name}')

    def test_the_server_loads_the_libraries_of_the_folder(self):
        folder = pathlib.Path(self.backend).parent
        maps = pathlib.Path(f'/proc/{self.server.pid}/maps').read_text(encoding='utf-8')
        loaded = {pathlib.Path(line.split()[-1]) for line in maps.splitlines() if '.so' in line}
        for name in needed(self.backend):
            if re.match(OF_THE_SYSTEM, name):
                continue
            target = (folder / name).resolve()
            self.assertIn(target, loaded, f'{name} comes from elsewhere')


if __name__ == '__main__':
    cmake, build = sys.argv[2:4]
    del sys.argv[2:4]
    with tempfile.TemporaryDirectory() as prefix:
        BundleTest.backend = str(install(cmake, build, prefix))
        support.main()
