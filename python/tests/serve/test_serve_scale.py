"""What docs/design/scale.md says, from bench/scale: the simulation predicts what was measured."""

import importlib
import json
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
RECORD = ROOT / "bench" / "results" / "2026-12-02-ray.json"
MOST = 0.2


@pytest.fixture(scope="module")
def plan():
    sys.path.insert(0, str(ROOT / "bench" / "scale"))
    yield importlib.import_module("plan")
    sys.path.remove(str(ROOT / "bench" / "scale"))


def found():
    return json.loads(RECORD.read_text(encoding="utf-8"))


def test_the_simulation_predicts_what_was_measured(plan):
    *rates, recoveries = plan.comparisons(found())
    assert len(rates) == 2
    for one in rates:
        assert abs(one.error) <= MOST, one
    assert recoveries.expected == recoveries.measured > 0


def test_the_page_has_the_tables(plan):
    page = (ROOT / "docs" / "design" / "scale.md").read_text(encoding="utf-8")
    run = found()["runs"][0]
    saved, applied = (sum(one[key] for one in run["of_replicas"]) for key in ("snapshot_bytes", "applied"))
    costs = plan.costs_of(run)
    tables = [plan.comparison_table(found()), plan.needs_table(costs, saved / applied, run["steps"]),
              plan.recovery_table(costs, saved / applied, run["steps"])]
    for line in (line for lines in tables for line in lines):
        assert line in page


def costs(plan, **given):
    zero = {"client": 0.0, "proxy": 0.0, "loop": 0.0, "pool": 0.0, "store": 0.0, "wait": 0.0}
    return plan.processes.Costs(**{**zero, **given})


def rate(plan, processors, **given):
    made = plan.processes.Simulation(costs(plan, **given), ["one"], 8, processors)
    made.run(20.0)
    return made.outcome(1.0)


def test_a_process_does_one_thing_at_a_time(plan):
    assert rate(plan, 4, proxy=0.01).rate == pytest.approx(100, rel=0.01)
    assert rate(plan, 4, proxy=0.01, loop=0.02).rate == pytest.approx(50, rel=0.01)
    assert rate(plan, 1, proxy=0.01, loop=0.02).rate == pytest.approx(1 / 0.03, rel=0.01)
    assert rate(plan, 4, wait=0.1, pool=0.001).rate == pytest.approx(8 / 0.101, rel=0.1)


def test_other_programs_take_their_share(plan):
    assert rate(plan, 1, proxy=0.01, other_share=0.5).rate == pytest.approx(50, rel=0.01)


def test_a_processor_may_be_idle_while_a_process_waits_for_the_other_one(plan):
    found = rate(plan, 2, client=0.002, proxy=0.01, loop=0.01)
    assert found.rate < 0.99 * 2 / 0.022 and found.busy < 1.98


def test_sessions_of_a_killed_replica_go_on(plan):
    made = plan.processes.Simulation(costs(plan, proxy=0.001, loop=0.004), ["one", "two"], 12, 2)
    made.run(2.0)
    owned = sum(place == "two" for place in made._place.values())
    made.kill("two")
    made.run(2.0)
    after = made.outcome(2.0)
    assert 0 < owned == after.recovered
    assert {chunk.session for time, chunk in made.done if time > 3.0} == set(range(12))
