"""rondo.serve.SessionService: a chunk is applied once, by one replica, or its client is told why not."""

import asyncio

import numpy as np
import pytest
from serve_doubles import DownStore, SumStreams, chunk, refusal, run

from rondo.serve import MemoryStore, ServiceOptions, SessionError, SessionService
from rondo.serve._messages import decode_array

IMPATIENT = ServiceOptions(timeout=10.0, patience=0.1)


def service(store=None, streams=None, options=IMPATIENT):
    made = SessionService(streams or SumStreams(), store or MemoryStore(), options)
    made.streams = made._streams
    return made


def values(answer):
    return answer.y[:, 0].tolist()


def test_a_session_from_its_beginning_to_its_end():
    async def check():
        store, made = MemoryStore(), None
        made = service(store)
        assert values(await made.apply(chunk(0, 1, 2))) == [1, 3]
        assert values(await made.apply(chunk(1, 4))) == [7]
        assert values(await made.apply(chunk(2, 1, end=True))) == [8]
        assert made.streams.sums == {} and made._sessions == {} and made.numbers()["resident"] == 0
        again = await made.apply(chunk(2, 1, end=True))
        assert again.again and values(again) == [8]
        assert await refusal(made.apply(chunk(3))) == "ended"
        assert values(await made.apply(chunk(0, 5, ticket="u"))) == [5]
        numbers = made.numbers()
        assert (numbers["applied"], numbers["began"], numbers["ended"], numbers["answered_again"]) == (4, 2, 1, 1)
        assert numbers["errors"] == {"ended": 1} and numbers["resident"] == 1 and numbers["recovered"] == 0

    run(check())


def test_a_chunk_that_is_sent_again_is_not_applied_again():
    async def check():
        made = service()
        for number in range(3):
            first = await made.apply(chunk(number, 1, 1))
            again = await made.apply(chunk(number, 1, 1))
            assert again.data == first.data and (first.again, again.again) == (False, True)
        assert made.streams.steps == 6
        assert await refusal(made.apply(chunk(2, 9))) == "other_chunk"
        assert await refusal(made.apply(chunk(1, 1, 1))) == "out_of_order"
        assert await refusal(made.apply(chunk(4, 1))) == "out_of_order"
        assert values(await made.apply(chunk(3, 1))) == [7]

    run(check())


def test_the_same_chunk_at_the_same_time_is_applied_once():
    async def check():
        made = service()
        answers = await asyncio.gather(*(made.apply(chunk(0, 2)) for _ in range(10)))
        assert [values(answer) for answer in answers] == [[2]] * 10 and sum(answer.again for answer in answers) == 9
        assert made.streams.steps == 1

    run(check())


def test_another_replica_goes_on():
    async def check():
        store = MemoryStore()
        first, second = service(store), service(store)
        await first.apply(chunk(0, 1))
        assert values(await second.apply(chunk(1, 2))) == [3]
        assert second.counters.recovered == 1
        # The first one still has a slot, and believes that chunk 1 is the next.
        assert (await first.apply(chunk(1, 2))).again and first.counters.fenced == 1
        assert values(await second.apply(chunk(2, 4))) == [7]
        assert values(await second.apply(chunk(3, 1))) == [8]
        assert values(await first.apply(chunk(4, 1))) == [9] and first.counters.recovered == 1
        assert values(await second.apply(chunk(5, 1))) == [10]
        assert first.numbers()["errors"] == second.numbers()["errors"] == {}
        assert (await first.apply(chunk(5, 1))).again
        assert await refusal(second.apply(chunk(5, 5))) == "other_chunk"

    run(check())


def test_a_replica_that_was_believed_dead_answers_nothing_of_its_own():
    """It runs a chunk, is overtaken, and wakes up."""
    async def check():
        store = MemoryStore()
        slow, other = service(store), service(store)
        await slow.apply(chunk(0, 1))
        slow.streams.gate = asyncio.Event()
        asleep = asyncio.ensure_future(slow.apply(chunk(1, 2)))
        await asyncio.sleep(0.01)
        assert values(await other.apply(chunk(1, 2))) == [3]
        slow.streams.gate.set()
        late = await asleep
        assert late.again and values(late) == [3] and slow.counters.fenced == 1
        assert slow.streams.sums == {}
        assert values(await other.apply(chunk(2, 1))) == [4]

    run(check())


def test_a_store_that_is_down_is_an_error_and_no_wrong_answer():
    async def check():
        store = DownStore()
        made = service(store)
        await made.apply(chunk(0, 1))
        store.up = False
        assert await refusal(made.apply(chunk(1, 2))) == "store_down"
        assert await refusal(made.apply(chunk(0, 1, session="new"))) == "store_down"
        assert made.streams.sums == {} and made.numbers()["resident"] == 0
        store.up = True
        assert values(await made.apply(chunk(1, 2))) == [3]
        assert made.numbers()["errors"] == {"store_down": 2} and made.counters.store_failures >= 4

    run(check())


def test_a_save_whose_answer_is_lost_counts():
    async def check():
        class Losing(MemoryStore):
            async def save(self, *arguments):
                await super().save(*arguments)
                await asyncio.sleep(3600)

        store = Losing()
        made = service(store)
        assert await refusal(made.apply(chunk(0, 1))) == "store_down"
        again = await made.apply(chunk(0, 1))
        assert again.again and values(again) == [1]

    run(check())


def test_a_client_that_comes_back_after_eviction_is_told_so():
    async def check():
        now = [0.0]
        store = MemoryStore(clock=lambda: now[0])
        made = service(store, options=ServiceOptions(keep=100.0, patience=0.1))
        await made.apply(chunk(0, 1))
        now[0] = 100.0
        assert await refusal(made.apply(chunk(1, 2))) == "unknown_session"
        assert store.sessions == 0 and made.streams.sums == {}
        # Meanwhile somebody else takes the name: the first client never sees that state.
        await made.apply(chunk(0, 50, ticket="other"))
        assert await refusal(made.apply(chunk(1, 2))) == "other_ticket"
        assert values(await made.apply(chunk(1, 2, ticket="other"))) == [52]

    run(check())


def test_a_state_of_another_model_is_refused():
    async def check():
        store = MemoryStore()
        await service(store).apply(chunk(0, 1))
        newer = service(store, SumStreams(model=2))
        assert await refusal(newer.apply(chunk(1, 2))) == "other_model"
        assert (await newer.apply(chunk(0, 1))).again
        assert values(await newer.apply(chunk(0, 7, ticket="u"))) == [7]

    run(check())


def test_damaged_records_are_refused():
    async def check():
        class Damaging(MemoryStore):
            async def claim(self, *arguments):
                found = await super().claim(*arguments)
                return found._replace(data=found.data and found.data[:-1])

        store = Damaging()
        await service(store).apply(chunk(0, 1))
        assert await refusal(service(store).apply(chunk(1, 2))) == "damaged"

    run(check())


def test_more_sessions_than_slots():
    async def check():
        made = service(streams=SumStreams(slots=3))
        for number in range(3):
            for name in "abcdefg":
                assert values(await made.apply(chunk(number, 1, session=name))) == [number + 1]
        assert made.counters.put_away == 18 and made.counters.recovered == 14 and len(made._sessions) == 3
        made.streams.gate = asyncio.Event()
        busy = [asyncio.ensure_future(made.apply(chunk(3, 1, session=name))) for name in "efg"]
        await asyncio.sleep(0.01)
        assert await refusal(made.apply(chunk(3, 1, session="a"))) == "overloaded"
        made.streams.gate.set()
        assert [values(answer) for answer in await asyncio.gather(*busy)] == [[4]] * 3
        assert values(await made.apply(chunk(3, 1, session="a"))) == [4]

    run(check())


def test_chunks_that_take_too_long_or_fail_leave_the_record_of_before():
    async def check():
        made = service(options=ServiceOptions(timeout=0.05))
        await made.apply(chunk(0, 1))
        made.streams.gate = asyncio.Event()
        assert await refusal(made.apply(chunk(1, 2))) == "timed_out"
        made.streams.gate.set()
        assert made.streams.sums == {} and made.numbers()["resident"] == 0
        assert values(await made.apply(chunk(1, 2))) == [3]
        made.streams.failure = "a kernel stalled"
        assert await refusal(made.apply(chunk(2, 3))) == "failed"
        made.streams.failure = None
        assert values(await made.apply(chunk(2, 3))) == [6]
        cancelled = asyncio.ensure_future(made.apply(chunk(3, 1)))
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        assert values(await made.apply(chunk(3, 1))) == [7]

    run(check())


def test_a_chunk_that_is_wrong_leaves_the_session():
    async def check():
        made = service()
        await made.apply(chunk(0, 1))
        wrong = chunk(1)
        object.__setattr__(wrong, "x", np.zeros(3))
        assert await refusal(made.apply(wrong)) == "invalid"
        assert values(await made.apply(chunk(1, 2))) == [3]

    run(check())


def test_a_chunk_in_pieces_is_applied_as_a_whole():
    async def pieces(made, given, most=99):
        found = []
        async for data in made.stream(given, 2):
            found += decode_array(data)[:, 0].tolist()
            if len(found) >= most:
                break
        return found

    async def check():
        store = MemoryStore()
        made, other = service(store), service(store)
        assert await pieces(made, chunk(0, 1, 1, 1, 1, 1)) == [1, 2, 3, 4, 5]
        assert await pieces(made, chunk(0, 1, 1, 1, 1, 1)) == [1, 2, 3, 4, 5] and made.streams.steps == 5
        made.streams.runs_until_gate, made.streams.gate = 1, asyncio.Event()
        assert await pieces(made, chunk(1, 1, 1, 1), most=2) == [6, 7]  # its client goes away
        await asyncio.sleep(0.05)
        assert made.streams.sums == {}
        made.streams.gate = None
        assert await pieces(other, chunk(1, 1, 1, 1)) == [6, 7, 8]
        assert (await other.apply(chunk(1, 1, 1, 1))).again
        # A replica that is overtaken in the middle gives out each piece once.
        other.streams.gate = asyncio.Event()
        slow = asyncio.ensure_future(pieces(other, chunk(2, 1, 1, 1, end=True)))
        await asyncio.sleep(0.01)
        assert values(await made.apply(chunk(2, 1, 1, 1, end=True))) == [9, 10, 11]
        other.streams.gate.set()
        assert await slow == [9, 10, 11] and other.counters.fenced == 1 and other.streams.sums == {}
        assert await refusal(made.stream(chunk(3), 2).__anext__()) == "ended"
        with pytest.raises(SessionError, match="steps"):
            made.stream(chunk(3), 0)

    run(check())


def test_metrics_for_prometheus():
    from rondo.serve import prometheus

    async def check():
        made = service()
        await made.apply(chunk(0, 1))
        assert await refusal(made.apply(chunk(5, 1))) == "out_of_order"
        text = prometheus({"a": made.numbers(), 'b"': made.numbers()}, "speech")
        assert 'rondo_serve_chunks_total{model="speech",replica="a"} 1\n' in text
        assert 'rondo_serve_errors_total{model="speech",replica="b\\"",code="out_of_order"} 1\n' in text
        assert 'rondo_serve_resident_sessions{model="speech",replica="a"} 0\n' in text
        samples = [line for line in text.splitlines() if not line.startswith("#")]
        names = {line.split("{")[0] for line in samples}
        assert names == {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
        assert len(samples) == 2 * len(names)

    run(check())
    assert issubclass(SessionError, RuntimeError)
