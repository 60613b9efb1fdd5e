"""A chart as SVG: a row for each label, a dot for each series, along a logarithmic axis. Needs no library."""

import math
from xml.sax.saxutils import escape

COLORS = ["#d1495b", "#1f6feb", "#888888", "#2a9d8f", "#8e44ad", "#e9a23b"]
ROW, LEFT, WIDTH, TOP = 18, 330, 520, 64
LEGEND, FEW = 150, 4  # the width of a series' name, and how many stand above the axis


def _ticks(low, high):
    """Ticks at 1, 2 and 5 times powers of ten, within the range and around it."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = [digit * 10.0**power for power in range(first, last + 1) for digit in (1, 2, 5)]
    inside = [tick for tick in every if low <= tick <= high]
    below = max((tick for tick in every if tick <= low), default=low)
    above = min((tick for tick in every if tick >= high), default=high)
    return sorted({below, *inside, above if above > below else 10 * below})


def chart(title, labels, series):
    """The chart's text. `series` maps a name to a value for each label, or None for a missing value."""
    values = [value for column in series.values() for value in column if value]
    ticks = _ticks(min(values, default=1), max(values, default=1))
    span = math.log10(ticks[-1] / ticks[0])

    def x(value):
        return LEFT + WIDTH * math.log10(value / ticks[0]) / span

    height = TOP + ROW * len(labels) + 24
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 40}" height="{height}" '
             'font-family="sans-serif" font-size="11">', '<rect width="100%" height="100%" fill="white"/>',
             f'<text x="10" y="20" font-size="14">{escape(title)}</text>']
    for tick in ticks:
        parts.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{TOP - 10}" y2="{height - 20}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x(tick):.1f}" y="{height - 6}" text-anchor="middle">{tick:g}</text>')
    first = LEFT if len(series) <= FEW else 10
    for k, (name, column) in enumerate(series.items()):
        color = COLORS[k % len(COLORS)]
        if any(column):
            parts.append(f'<circle cx="{first + LEGEND * k}" cy="36" r="4" fill="{color}"/>')
            parts.append(f'<text x="{first + LEGEND * k + 8}" y="40">{escape(name)}</text>')
        for row, value in enumerate(column):
            if value:
                parts.append(f'<circle cx="{x(value):.1f}" cy="{TOP + ROW * row}" r="4" fill="{color}" fill-opacity="0.85"/>')
    for row, label in enumerate(labels):
        parts.append(f'<text x="{LEFT - 10}" y="{TOP + ROW * row + 4}" text-anchor="end">{escape(label)}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"
