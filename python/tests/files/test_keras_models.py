"""rondo.keras.load_model on the models of the C++ tests, with Keras's answers."""

import threading
import zipfile

import numpy as np
import pytest
from file_fixtures import KERAS, ROOT, read_safetensors, torch_with_numpy

import rondo

pytest.importorskip("h5py")
CASES = ROOT / "tests" / "units" / "models" / "cases"
ONE_INPUT = [
    ("k2_mask_bi", "k2_mask_bi"),
    ("k2_sentiment", "k2_sentiment"),
    ("k2_sentiment", "k2_sentiment_left_padding"),
    ("k3_sentiment", "k3_sentiment"),
    ("k3_td_masked", "k3_td_masked"),
]
STATEFUL = ["keras2_037", "keras2_067", "keras3_007", "keras3_087", "keras3_097", "keras3_127", "keras3_147"]


def golden_model(name, folder):
    """A model of the C++ goldens, (model, tensors)."""
    for path in (ROOT / "tests" / "agreement" / "models" / "cases").glob(f"{name.partition('_')[0]}_*.zip"):
        with zipfile.ZipFile(path) as archive:
            if f"{name}.keras" in archive.namelist():
                file, tensors = (archive.extract(f"{name}.{ending}", folder) for ending in ("keras", "safetensors"))
                return rondo.keras.load_model(file), read_safetensors(tensors)[0]
    raise LookupError(name)


def answers_of(model, case, call):
    answers = model.predict([case[f"{call}/input/{x.name}"] for x in model.inputs])
    return answers if isinstance(answers, list) else [answers]


def expected_of(name):
    return read_safetensors(CASES / f"expected_{name}.safetensors")[0]


@pytest.mark.parametrize("file, expected", ONE_INPUT)
def test_gives_kerass_answer(file, expected):
    model, case = rondo.keras.load_model(CASES / f"{file}.keras"), expected_of(expected)
    answer = model.predict(case["x"])
    np.testing.assert_allclose(answer, case["y"], rtol=0, atol=1e-5)
    assert np.array_equal(model(case["x"].astype("float64" if case["x"].dtype.kind == "f" else "int64")), answer)
    (x,), (y,) = model.inputs, model.outputs
    assert x.shape[0] is None and len(x.shape) == case["x"].ndim and y.dtype == "float32" == str(answer.dtype)
    assert np.array_equal(model.predict({x.name: case["x"]})[y.name], answer)
    assert x.name in repr(model) and "float32" in model.describe() + y.dtype and model.explain(2, 5)


def test_products_of_8_bits():
    case = expected_of("k2_sentiment")
    answer = rondo.keras.load_model(CASES / "k2_sentiment.keras", math="int8").predict(case["x"])
    np.testing.assert_allclose(answer, case["y"], rtol=0, atol=2e-2)
    assert not np.array_equal(answer, rondo.keras.load_model(CASES / "k2_sentiment.keras").predict(case["x"]))
    with pytest.raises(ValueError, match="math.*int4"):
        rondo.keras.load_model(CASES / "k2_sentiment.keras", math="int4")


@pytest.mark.parametrize("file", ["nested_keras2.keras", "nested_keras3.keras", "nested_keras3.h5"])
def test_several_inputs(file):
    model, case = rondo.keras.load_model(CASES / file), expected_of(file.partition(".")[0])
    assert len(model.inputs) == 2
    np.testing.assert_allclose(model.predict([case["a"], case["b"]]), case["y"], rtol=0, atol=1e-5)
    with pytest.raises(ValueError, match="inputs"):
        model.predict([case["a"]])
    with pytest.raises(ValueError):
        model.predict({"no_such": case["a"]})


def test_a_stream_reads_what_predict_reads():
    model = rondo.keras.load_model(KERAS / "lstm_keras3.keras")
    x = np.random.default_rng(2).normal(size=(2, 6, model.inputs[0].shape[-1])).astype("f")
    whole, stream = model.predict(x), model.stream()
    for _ in range(2):
        steps = [stream.step(x[:, t]) for t in range(6)]
        np.testing.assert_allclose(steps[-1] if whole.ndim == 2 else np.stack(steps, 1), whole, rtol=0, atol=1e-6)
        stream.reset()
    with pytest.raises(ValueError, match="backward"):
        rondo.keras.load_model(KERAS / "lstm_backwards_keras3.keras").stream()


def test_many_threads():
    model, case = rondo.keras.load_model(CASES / "k3_td_masked.keras"), expected_of("k3_td_masked")
    answer, same = model.predict(case["x"]), []

    def run():
        same.extend(np.array_equal(model.predict(case["x"]), answer) for _ in range(20))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(same) == 160 and all(same)


@pytest.mark.parametrize("name", STATEFUL)
def test_states_stay_until_they_are_reset(name, tmp_path):
    model, case = golden_model(name, tmp_path)
    assert model.stateful
    for call in (0, 1, 2, 0):  # the second goes on from the first, the others follow reset_states
        if call != 1:
            model.reset_states()
        answers = answers_of(model, case, call)
        for number, answer in enumerate(answers):
            np.testing.assert_allclose(answer, case[f"{call}/output/{number}"], rtol=0, atol=1e-5)
        assert f"{call}/output/{len(answers)}" not in case
    gone_on = answers_of(model, case, 0)
    assert max(np.abs(one - other).max() for one, other in zip(gone_on, answers)) > 1e-4


def test_a_model_without_states_has_none_to_reset():
    model = rondo.keras.load_model(KERAS / "lstm_keras3.keras")
    assert not model.stateful
    model.reset_states()


def test_other_libraries():
    torch = torch_with_numpy()
    model, case = rondo.keras.load_model(CASES / "k3_td_masked.keras"), expected_of("k3_td_masked")
    answer = model.predict(torch.tensor(case["x"]))
    assert isinstance(answer, torch.Tensor)
    np.testing.assert_allclose(answer.numpy(), case["y"], rtol=0, atol=1e-5)


def test_what_is_refused(tmp_path):
    model = rondo.keras.load_model(KERAS / "lstm_keras3.keras")
    I = model.inputs[0].shape[-1]
    for wrong, error in (
        (np.zeros((2, 5, I + 1), "f"), ValueError),
        (np.zeros((2, I), "f"), ValueError),
        ([], ValueError),
        (None, TypeError),
        ("text", TypeError),
        (np.zeros((2, 5, I), ">f4"), ValueError),
        (np.zeros((2, 5, I), "O"), ValueError),
    ):
        with pytest.raises(error):
            model.predict(wrong)
    with pytest.raises(ValueError, match="no such file"):
        rondo.keras.load_model(tmp_path / "missing.keras")
    with pytest.raises(ValueError, match="weights"):
        rondo.keras.load_model(KERAS / "lstm_keras3.weights.h5")
    with pytest.raises(ValueError, match="device"):
        rondo.keras.load_model(KERAS / "lstm_keras3.keras", device="tpu")
    with pytest.raises(TypeError):
        rondo.keras.load_model(CASES / "k3_td_masked.keras").stream().step(None)
