"""The models of the contest, made by Keras with random weights."""

import dataclasses
import typing

import keras
import numpy as np
from keras import layers


@dataclasses.dataclass
class Case:
    name: str
    model: keras.Model
    inputs: list
    """Of one call of the model, with the axis of time."""
    is_stream: bool = False
    """The model is stateful and reads one time step a call."""
    with_states: typing.Optional[keras.Model] = None
    """Of a stream: the same layers, with states as inputs and outputs in place of states that they keep."""


def words(B, T, random):
    return random.integers(1, 10_000, (B, T)).astype(np.int32)


def signal(B, T, features, random):
    return random.uniform(-1, 1, (B, T, features)).astype(np.float32)


def sentiment(B, random):
    model = keras.Sequential([layers.Input((100,), dtype="int32"), layers.Embedding(10_000, 64), layers.LSTM(64),
                              layers.Dense(1, activation="sigmoid")])
    return Case(f"sentiment: Embedding 10k x 64, LSTM 64, Dense; T 100 B {B}", model, [words(B, 100, random)])


def tagger(B, random):
    model = keras.Sequential([layers.Input((50,), dtype="int32"), layers.Embedding(10_000, 128)] +
                             [layers.Bidirectional(layers.LSTM(128, return_sequences=True)) for _ in range(2)] +
                             [layers.Dense(20, activation="softmax")])
    return Case(f"tagger: Embedding, 2 x Bidirectional LSTM 128, Dense; T 50 B {B}", model, [words(B, 50, random)])


def encoder_decoder(B, random):
    source, target = layers.Input((20, 64)), layers.Input((20, 64))
    _, h, c = layers.LSTM(256, return_state=True)(source)
    sequence = layers.LSTM(256, return_sequences=True)(target, initial_state=[h, c])
    model = keras.Model([source, target], layers.Dense(64)(sequence))
    return Case(f"encoder and decoder: LSTM 256 each, Dense; T 20 and 20, B {B}", model,
                [signal(B, 20, 64, random), signal(B, 20, 64, random)])


def streaming(B, random):
    gru, dense = layers.GRU(128, stateful=True, return_sequences=True), layers.Dense(12)
    model = keras.Sequential([layers.Input((1, 40), batch_size=B), gru, dense])
    frame, state = layers.Input((1, 40), batch_size=B), layers.Input((128,), batch_size=B)
    free = layers.GRU(128, return_sequences=True, return_state=True)
    sequence, next_state = free(frame, initial_state=state)
    with_states = keras.Model([frame, state], [dense(sequence), next_state])
    free.set_weights(gru.get_weights())
    return Case(f"streaming: GRU 128, Dense, one step a call; B {B}", model, [signal(B, 1, 40, random)], True, with_states)


def cnn_gru(B, random):
    model = keras.Sequential([layers.Input((200, 13)), layers.Conv1D(64, 5, padding="same", activation="relu"),
                              layers.Conv1D(64, 5, padding="same", activation="relu"), layers.MaxPooling1D(2),
                              layers.GRU(64), layers.Dense(10, activation="softmax")])
    return Case(f"CNN and GRU: 2 x Conv1D 64, GRU 64, Dense; T 200 B {B}", model, [signal(B, 200, 13, random)])


def cases():
    """Yields every case, so that one model is in memory at a time."""
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(1)
    for make in (sentiment, tagger, encoder_decoder, cnn_gru):
        for B in (1, 16):
            yield make(B, random)
    yield streaming(1, random)


def large():
    """A model whose file has 50 MB."""
    return keras.Sequential([layers.Input((None, 1024)), layers.LSTM(1280, return_sequences=True), layers.LSTM(64)])
