"""Places for large answers: how many are on their way, and what makes them more or fewer."""

from __future__ import annotations

import asyncio

import pytest

from comet_async.engine.large import LARGE, LargeAnswers, Turn
from comet_async.engine.session import Session
from comet_async.events import AttemptEnded, Event
from comet_async.service import Limits
from tests.support.doubles import comet_like, get
from tests.support.raw_server import Heard, raw_server
from tests.support.virtual_time import run


class Clock:
    """The loop's virtual time, which does not pass inside a call, and what calls took."""

    def __init__(self) -> None:
        self.worked = 0.0

    def __call__(self) -> float:
        return asyncio.get_running_loop().time() + self.worked

    def work(self, seconds: float) -> None:
        self.worked += seconds


async def exchanges(
    answers: LargeAnswers, clock: Clock, count: int, network: float, decoder: float
) -> None:
    """Run so many at once, of which each takes so many seconds to come and to decode."""

    async def one() -> None:
        turn = Turn(answers)
        try:
            await turn.enter()
            await asyncio.sleep(network)
            await answers.decoded(lambda: clock.work(decoder))
        finally:
            turn.leave()

    await asyncio.gather(*(one() for _ in range(count)))


def places_after(*loads: tuple[float, float]) -> list[int]:
    """Return the number of places after each load: seconds of network and of decoder."""

    async def main() -> list[int]:
        clock = Clock()
        answers = LargeAnswers(clock)
        found = []
        for network, decoder in loads:
            await exchanges(answers, clock, 400, network, decoder)
            assert (answers.places.in_use, answers.places.queued) == (0, 0)
            found.append(answers.places.limit)
        return found

    return run(main())


def test_a_slow_decoder_leaves_few_places() -> None:
    assert places_after((0.001, 0.01)) == [4]


def test_a_slow_network_gets_a_place_for_each_even_where_answers_come_together() -> None:
    (places,) = places_after((1.0, 0.001))
    assert places >= 200


def test_places_grow_again_when_the_decoder_is_idle() -> None:
    few, many, few_again = places_after((0.001, 0.01), (0.5, 0.001), (0.001, 0.01))
    assert few == 4
    assert many >= 100
    assert few_again < many


def test_a_decoder_that_is_busy_a_good_third_of_the_time_leaves_the_places_as_they_are() -> None:
    async def main() -> int:
        clock = Clock()
        answers = LargeAnswers(clock)
        for _ in range(100):
            await asyncio.sleep(0.012)
            await answers.decoded(lambda: clock.work(0.007))
        return answers.places.limit

    assert run(main()) == 8


async def test_a_place_is_taken_once_and_given_back_once() -> None:
    answers = LargeAnswers()
    turn = Turn(answers)
    turn.leave()
    for _ in range(3):
        await turn.enter()
    assert answers.places.in_use == 1
    turn.leave()
    turn.leave()
    assert answers.places.in_use == 0


async def test_who_is_cancelled_while_waiting_has_no_place() -> None:
    answers = LargeAnswers()
    answers.places.resize(1)
    first, second = Turn(answers), Turn(answers)
    await first.enter()
    waiting = asyncio.ensure_future(second.enter())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    second.leave()
    first.leave()
    assert (answers.places.in_use, answers.places.queued) == (0, 0)


async def test_an_error_of_decoding_leaves_the_decoder_free() -> None:
    answers = LargeAnswers()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await answers.decoded(lambda: 1 // 0)
    assert await answers.decoded(lambda: 7) == 7


async def test_large_bodies_are_read_on_one_place_after_the_other() -> None:
    """Sixteen answers over sockets; the server sees how many it may send to the end."""
    body = b'{"a": 1}' + b" " * 12_000_000
    under_way = most = finished = 0

    async def act(heard: Heard, writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 500_000):
            writer.write(body[start : start + 500_000])
            await writer.drain()
            if start == 9_000_000:  # more than sockets and buffers hold
                under_way += 1
                most = max(most, under_way)
        under_way -= 1

    def observer(event: Event, /) -> None:
        nonlocal finished
        finished += isinstance(event, AttemptEnded)

    async with raw_server(act) as server:
        service = comet_like(Limits(concurrency=16), base_url=server.url)
        async with Session(service, observer=observer) as session:
            places = session._lanes["comet"]._large.places
            places.resize(2)
            found = await session.collect((n, get()) for n in range(16))
            assert places.in_use == 0
    assert [found.ok[n] for n in range(16)] == [{"a": 1}] * 16
    assert finished == 16
    assert most < 12
    assert len(body) > LARGE
