"""Computes the model's input from weekly CO2 values. README.md describes the recipe in words."""

import csv

import numpy as np

SCALE = 0.5  # ppm; one week's change is about this large


def read_weeks(path):
    """Dates, and values in ppm with NaN for the missing weeks."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    values = [float(row["co2"]) if row["co2"] else np.nan for row in rows]
    return [row["date"] for row in rows], np.array(values)


def last_measured(values):
    """For every week the latest value measured up to and including it. The first week must be measured."""
    last = values.copy()
    for t in range(1, len(last)):
        if np.isnan(last[t]):
            last[t] = last[t - 1]
    return last


def features(values):
    """(T,3) float32 input and (T) boolean mask, true where the week is measured."""
    last = last_measured(values)
    change = np.diff(last, prepend=last[0]) / SCALE
    phase = 2 * np.pi * np.arange(len(values)) * 7 / 365.25
    mask = ~np.isnan(values)
    x = np.stack([change, np.sin(phase), np.cos(phase)], axis=1)
    x[~mask] = 0
    return x.astype(np.float32), mask


def targets(values):
    """(T) target of every week, NaN where the following week is missing or beyond the record."""
    return np.append((values[1:] - last_measured(values)[:-1]) / SCALE, np.nan)
