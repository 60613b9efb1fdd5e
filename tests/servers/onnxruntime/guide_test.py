"""What docs/guide/onnxruntime.md shows works: guide_test.py LIBRARY HEADERS COMPILER_OF_C++ COMPILER_OF_C."""

import importlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import types

import numpy as np
import onnx
import onnxruntime
import support
from support import ROOT, one_node

PAGE = (ROOT / 'docs' / 'guide' / 'onnxruntime.md').read_text(encoding='utf-8')
HEADERS, *COMPILERS = sys.argv[2:5]
RUNTIME = next(pathlib.Path(onnxruntime.__file__).parent.glob('capi/libonnxruntime.so.*'), None)
CPP = '''#include <onnxruntime_cxx_api.h>
#include <cstdio>
#include <string>
#include <unordered_map>
#include <vector>
int main() {
%s
  std::vector<float> x(2 * 1 * 3, 0.5F);
  const std::vector<std::int64_t> shape{2, 1, 3};
  Ort::Value given = Ort::Value::CreateTensor<float>(Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault),
                                                     x.data(), x.size(), shape.data(), shape.size());
  const char* inputs[] = {"x"};
  const char* outputs[] = {"h"};
  auto answers = session.Run(Ort::RunOptions(), inputs, &given, 1, outputs, 1);
  std::printf("%%.6f\\n", static_cast<double>(answers[0].GetTensorData<float>()[0]));
}
'''
C = '''#include <onnxruntime_c_api.h>
#include <string.h>
static void check(OrtStatus* status) { (void)status; }
void add(const OrtApi* api, OrtEnv* env, OrtSessionOptions* options);
void add(const OrtApi* api, OrtEnv* env, OrtSessionOptions* options) {
%s
}
'''


def block(language):
    return re.search(rf'^```{re.escape(language)}\n(.*?)^```', PAGE, re.MULTILINE | re.DOTALL).group(1)


def package_without_its_module():
    """rondo.onnx.register as the package has it, where the library stands for the package's module."""
    for name in ('rondo', 'rondo.formats', 'rondo.onnx'):
        module = types.ModuleType(name)
        module.__path__ = [str(ROOT / 'python' / name.replace('.', '/'))]
        sys.modules[name] = module
    module = types.ModuleType('rondo._rondo')
    module.__file__ = support.LIBRARY
    sys.modules[module.__name__] = sys.modules['rondo']._rondo = module
    runtime = importlib.import_module('rondo.onnx._runtime')
    sys.modules['rondo'].onnx = sys.modules['rondo.onnx']
    sys.modules['rondo.onnx'].register = runtime.register
    return runtime


class GuideTest(support.ProviderTest):

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        onnx.save(one_node(), cls.folder / 'model.onnx')
        (cls.folder / 'librondo_ort.so').symlink_to(support.LIBRARY)
        cls.runtime = package_without_its_module()
        cls.enterClassContext(_inside(cls.folder))

    def test_python(self):
        names = {}
        exec(block('python'), names)
        theirs = support.session('model.onnx', with_rondo=False)
        self.assert_close([names['y']], theirs.run(['y'], {'x': np.zeros((5, 2, 3), np.float32)}))
        provider = self.runtime.register()
        self.assertEqual(provider.counts['claimed'], 1)
        self.assertIs(self.runtime.register(support.LIBRARY), provider)  # once a process

    def test_settings_reach_the_provider(self):
        provider = self.runtime.register()
        before = provider.counts['declined']
        onnxruntime.InferenceSession('model.onnx', provider.session_options(threads=1, leave_out=['LSTM']))
        self.assertEqual(provider.counts['declined'] - before, 1)
        with self.assertRaisesRegex(Exception, "threads: got 'many'"):
            onnxruntime.InferenceSession('model.onnx', provider.session_options(threads='many'))

    def test_register_refuses(self):
        for library, words in ((pathlib.Path('model.onnx'), 'expected a librondo_ort.so|which this process has registered'),
                               ('nowhere.so', 'no such file')):
            with self.assertRaisesRegex(ValueError, words):
                self.runtime.register(library)

    def test_cpp(self):
        pathlib.Path('main.cpp').write_text(CPP % block('c++'))
        folder = pathlib.Path('runtime')
        folder.mkdir()
        (folder / 'libonnxruntime.so').symlink_to(RUNTIME)
        (folder / 'librondo_ort.so').symlink_to(support.LIBRARY)  # the runtime looks beside itself
        (folder / RUNTIME.name.rsplit('.', 2)[0]).symlink_to(RUNTIME)  # libonnxruntime.so.1
        subprocess.run([COMPILERS[0], '-std=c++20', '-isystem', HEADERS, 'main.cpp', '-o', 'main', f'-L{folder}', '-lonnxruntime'],
                       check=True, timeout=200)
        ran = subprocess.run(['./main'], env={**os.environ, 'LD_LIBRARY_PATH': f'{folder}:.'}, capture_output=True, text=True,
                             timeout=60, check=False)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        h = support.session('model.onnx', with_rondo=False).run(['h'], {'x': np.full((2, 1, 3), 0.5, np.float32)})[0]
        self.assertAlmostEqual(float(ran.stdout), float(h.flat[0]), places=5)

    def test_c(self):
        pathlib.Path('main.c').write_text(C % block('c'))
        subprocess.run([COMPILERS[1], '-std=c11', '-isystem', HEADERS, '-fsyntax-only', '-Wall', '-Werror', 'main.c'], check=True,
                       timeout=60)

    def test_the_table_has_the_options_that_the_provider_knows(self):
        self.assertEqual(re.findall(r'^\| `(threads|leave_out)` \|', PAGE, re.MULTILINE), ['threads', 'leave_out'])
        self.assertEqual(re.findall(r'^\| `(slots|rows|idle_seconds)` \|', PAGE, re.MULTILINE), ['slots', 'rows', 'idle_seconds'])


class _inside:
    def __init__(self, folder):
        self._folder = folder

    def __enter__(self):
        self._outer = os.getcwd()
        os.chdir(self._folder)

    def __exit__(self, *_):
        os.chdir(self._outer)


if __name__ == '__main__':
    support.main()
