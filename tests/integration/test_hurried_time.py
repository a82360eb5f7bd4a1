"""Time that is hurried is real: sockets and threads take part."""

import asyncio
import time

from tests.harness.hurried_time import HurriedLoop


def test_a_minute_is_over_in_a_second_while_it_is_hurried_and_the_clock_goes_with_it():
    async def story(loop):
        began, real = loop.now(), time.monotonic()
        with loop.hurried(60):
            await asyncio.sleep(60)
        hurried, in_real = loop.now() - began, time.monotonic() - real
        await asyncio.sleep(0.2)
        return hurried.total_seconds(), in_real, (loop.now() - began - hurried).total_seconds()

    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        hurried, in_real, after = runner.run(story(runner.get_loop()))

    assert 60 <= hurried < 60 * (in_real + 0.1)
    assert in_real > 0.9
    assert 0.2 <= after < hurried


def test_what_a_thread_does_is_waited_for_while_it_is_hurried():
    async def story(loop):
        with loop.hurried(1000):
            await asyncio.to_thread(time.sleep, 0.05)
            return loop.time()

    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        assert runner.run(story(runner.get_loop())) >= 50
