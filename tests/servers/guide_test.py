"""What docs/guide/serving.md shows works, and its tables have all metrics and parameters."""

import re

import server
import support

PAGE = (support.ROOT / 'docs' / 'guide' / 'serving.md').read_text(encoding='utf-8')
MODEL = support.ROOT / 'examples' / 'co2' / 'co2_pytorch_names.safetensors'


def block(language):
    return re.search(rf'^```{language}\n(.*?)^```', PAGE, re.MULTILINE | re.DOTALL).group(1)


class GuideTest(support.ServerTest):

    @classmethod
    def write_models(cls, repository, _):
        server.write_model(repository, 'forecast', block('protobuf'), MODEL)
        server.write_model(repository, 'refused', block('protobuf').replace('"threads"', '"thread"'), MODEL)

    def test_the_client_gets_the_steps_that_it_sent(self):
        names = {}
        exec(block('python').replace('127.0.0.1:8001', self.server.grpc), names)  # the page's own lines
        self.assertEqual(names['y'].shape, (1, 5, 24))

    def test_the_table_has_the_metrics_of_the_server(self):
        self.ask('forecast', support.np.zeros((1, 3), support.np.float32), 1, start=True, end=True)
        shown = set(re.findall(r'`(rondo_\w+)`', PAGE))
        self.assertEqual(shown, {name for name in self.server.metrics() if isinstance(name, str)})

    def test_the_table_has_the_parameters_that_the_backend_knows(self):
        models = self.client.get_model_repository_index(as_json=True)['models']
        reason = next(model['reason'] for model in models if model['name'] == 'refused')
        known = re.search(r"expected (.*)", reason).group(1)
        table = PAGE.split('| parameter | |')[1].split('\n\n')[0]
        shown = re.findall(r'^\| `(\w+)` \|', table, re.MULTILINE)
        self.assertEqual(set(re.findall(r'\w+', known)) - {'or'}, set(shown))


if __name__ == '__main__':
    support.main()
