import time

import pytest

from tkit.lab.clock import RealClock, Schedule, SimulatedClock


def test_a_simulated_clock_is_where_it_was_waited_for_and_never_goes_back() -> None:
    clock = SimulatedClock(100)
    clock.wait_until(50)
    assert clock.now() == 100
    clock.wait_until(1e9)
    assert clock.now() == 1e9


def test_the_real_clock_sleeps_for_the_rest_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    monkeypatch.setattr(time, "sleep", slept.append)
    clock = RealClock()
    clock.wait_until(1007.5)
    clock.wait_until(900)
    assert (clock.now(), slept) == (1000.0, [7.5, 0.0])


def test_things_happen_in_the_order_of_time_and_may_plan_others() -> None:
    clock = SimulatedClock(0)
    schedule = Schedule(clock)
    happened: list[tuple[float, str]] = []
    watched: list[float] = []

    def note(what: str) -> None:
        happened.append((clock.now(), what))

    schedule.at(20, lambda: note("second"))
    schedule.at(10, lambda: (note("first"), schedule.after(3, lambda: note("planned by the first"))))
    schedule.at(20, lambda: note("third"))
    schedule.at(5, lambda: schedule.at(1, lambda: note("too late, so at once")))
    schedule.at(31, lambda: note("never"))
    schedule.run(30, lambda: watched.append(clock.now()))
    assert happened == [(5, "too late, so at once"), (10, "first"), (13, "planned by the first"), (20, "second"), (20, "third")]
    assert watched == [5, 5, 10, 13, 20, 20]
    assert clock.now() == 30
