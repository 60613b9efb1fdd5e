"""A model of an ONNX file is served as one of PyTorch is: in sequences over the pool, and as whole inputs."""

import lstm
import numpy as np
import onnx_lstm
import server
import support
from support import tensor


class OnnxTest(support.ServerTest):

    @classmethod
    def write_models(cls, repository, file):
        onnx = cls.folder / 'lstm.onnx'
        onnx_lstm.save(onnx, cls.weights, lstm.I, lstm.H)
        server.write_model(repository, 'sequences', support.config(support.oldest()), onnx)
        server.write_model(repository, 'whole', support.config(''), onnx)
        server.write_model(repository, 'wrong', support.config(support.oldest(), x_dims='-1, 39'), onnx)

    def test_sequences(self):
        x = {name: self.inputs(9) for name in ('a', 'b')}
        answers = {name: [] for name in x}
        for begin, end in ((0, 4), (4, 5), (5, 9)):
            for name, rows in x.items():
                answers[name].append(self.ask('sequences', rows[begin:end], name, start=begin == 0, end=end == 9))
        for name, rows in x.items():
            self.assert_close(np.concatenate(answers[name]), self.offline(rows), name)

    def test_whole_inputs(self):
        x = np.stack([self.inputs(6), self.inputs(6)])
        answer = self.client.infer('whole', [tensor(x)], client_timeout=support.ANSWER_SECONDS).as_numpy('y')
        for row in range(2):
            self.assert_close(answer[row], self.offline(x[row]))

    def test_a_configuration_that_does_not_fit_the_file_is_refused(self):
        models = self.client.get_model_repository_index(as_json=True)['models']
        reason = next(model['reason'] for model in models if model['name'] == 'wrong')
        self.assertIn("input 'x'", reason)
        self.assertIn('40', reason)


if __name__ == '__main__':
    support.main()
