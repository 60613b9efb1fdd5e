"""The charts of each cell on a GPU: cuDNN, Rondo and the limit, in microseconds per step."""

from markdown import link_to
from measurements import best_cudnn, planned_rondo
from plot import chart
from tables import limit_of, order, point_name


def write_plots(bench, folder, document):
    """One chart per cell, of the quick set where it was measured; returns (cell, path as the document names it)."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    measured = [result for result in bench["results"] if result["runs"]]
    shown = [result for result in measured if result["set"] == "quick"] or measured
    for cell in sorted({result["cell"] for result in shown}):
        results = sorted((r for r in shown if r["cell"] == cell), key=lambda r: (r["math"], order(r)))
        labels = [f"{result['math']}  {point_name(result)}" for result in results]
        series = {"cuDNN, best": [best_cudnn(r) for r in results], "Rondo": [planned_rondo(r) for r in results]}
        series = {name: [run and run["us_per_step"] for run in runs] for name, runs in series.items()}
        series["limit (predicted)"] = [limit_of(bench, result) for result in results]
        path = folder / f"performance_{cell}.svg"
        path.write_text(chart(f"{cell}: microseconds per step, {bench['device']['name']}", labels, series))
        written.append((cell, link_to(path, document)))
    return written
