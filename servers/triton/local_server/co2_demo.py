"""Streams the CO2 record of Mauna Loa through a server, and compares the answers with runs of the whole record.

    co2_demo.py BACKEND RECORD      libtriton_rondo.so, and the folder examples/co2
"""

import csv
import pathlib
import queue
import sys
import tempfile

import numpy as np
import server
import tritonclient.grpc as client

ANSWER_SECONDS = 60
SEQUENCES = 'sequence_batching { oldest { max_candidate_sequences: 64 } }'
CONFIG = '''
backend: "rondo"
max_batch_size: 16
input [ {{ name: "x" data_type: TYPE_FP32 dims: [ -1, 3 ] allow_ragged_batch: true }} ]
output [ {{ name: "y" data_type: TYPE_FP32 dims: [ -1, {units} ] }} ]
instance_group [ {{ count: 1 kind: KIND_CPU }} ]
{batching}
'''


def measured_weeks(record):
    """The model's input for each week with a measurement, and Keras's predictions for them. A week without one is
    nothing that a stream sends."""
    sys.path.insert(0, str(record))
    import recipe
    _, values = recipe.read_weeks(record / 'co2.csv')
    x, mask = recipe.features(values)
    with open(record / 'keras_predictions.csv', newline='', encoding='utf-8') as file:
        keras = np.array([float(row['prediction']) for row in csv.DictReader(file)], np.float32)
    return x[mask], keras[mask]


def write_models(repository, record):
    whole = record / 'co2_keras3.keras'
    server.write_model(repository, 'co2', CONFIG.format(units=1, batching=SEQUENCES), whole)
    server.write_model(repository, 'co2_whole', CONFIG.format(units=1, batching=''), whole)
    server.write_model(repository, 'co2_lstm', CONFIG.format(units=24, batching=SEQUENCES),
                       record / 'co2_pytorch_names.safetensors')
    server.write_model(repository, 'co2_lstm_whole', CONFIG.format(units=24, batching=''),
                       record / 'co2_pytorch_names.safetensors')


def tensor(x):
    given = client.InferInput('x', (1, *x.shape), 'FP32')
    given.set_data_from_numpy(np.ascontiguousarray(x[np.newaxis]))
    return [given]


def chunks_of(x, seed, longest=8):
    random = np.random.default_rng(seed)
    while len(x) > 0:
        size = int(random.integers(1, longest + 1))
        yield x[:size]
        x = x[size:]


def stream(address, model, x, streams):
    """Sends x in chunks of random sizes over `streams` gRPC streams at once. Returns all answers, and the chunks."""
    opened = []
    for k in range(streams):
        connection, answers = client.InferenceServerClient(address), queue.Queue()
        connection.start_stream(lambda result, error, answers=answers: answers.put((result, error)))
        chunks = list(chunks_of(x, k))
        for n, chunk in enumerate(chunks):
            connection.async_stream_infer(model, tensor(chunk), sequence_id=f'{model}-{k}', sequence_start=n == 0,
                                          sequence_end=n + 1 == len(chunks))
        opened.append((connection, answers, len(chunks)))
    outputs, total = [], 0
    for connection, answers, count in opened:
        parts = []
        for _ in range(count):
            result, error = answers.get(timeout=ANSWER_SECONDS)
            if error is not None:
                raise error
            parts.append(result.as_numpy('y')[0])
        connection.stop_stream()
        connection.close()
        outputs.append(np.concatenate(parts))
        total += count
    return outputs, total


def main(backend, record):
    record = pathlib.Path(record)
    x, keras = measured_weeks(record)
    with tempfile.TemporaryDirectory() as folder:
        models = pathlib.Path(folder) / 'models'
        models.mkdir()
        write_models(models, record)
        with server.Server(backend, models, pathlib.Path(folder) / 'log.txt') as running:
            print(f'Triton is up on {running.grpc}, with {len(list(models.iterdir()))} models')
            one_request = client.InferenceServerClient(running.grpc)
            worst = 0.0
            for model, streams in [('co2', 1), ('co2_lstm', 8)]:
                offline = one_request.infer(f'{model}_whole', tensor(x), client_timeout=ANSWER_SECONDS).as_numpy('y')[0]
                outputs, chunks = stream(running.grpc, model, x, streams)
                distance = max(float(np.max(np.abs(output - offline))) for output in outputs)
                print(f'{model}: {len(x)} weeks over {streams} streams, {chunks} chunks: max |stream - offline| = {distance:.0e}')
                worst = max(worst, distance)
                if model == 'co2':
                    distance = float(np.max(np.abs(outputs[0][:, 0] - keras)))
                    print(f'{model}: max |stream - keras| = {distance:.0e}')
                    worst = max(worst, distance)
    return 0 if worst < 2e-6 else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
