"""What the machine can give: seen beside a conversation, speeds only while nothing else works hard."""
from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from chat.pulled import LAPTOP
from localthink.chat.surveying import Machine, Surveyor
from localthink.engine.messages import Loaded
from localthink.machine.capacity import Bandwidth, MemoryBudget

GIB = 2**30
LOADED = Loaded(2, 1024, 512, "CPU", False, weight_bytes=4 * GIB, cache_bytes=GIB)


class Look:
    """A look that tells what a test gives it."""

    def __init__(self, measure: bool) -> None:
        self.measure, self.finished, self.closed = measure, False, False
        self.news: list[Machine] = []

    def poll(self, seconds: float = 0) -> list[Machine]:
        news, self.news = self.news, []
        return news

    def close(self) -> None:
        self.closed = True


class Desk:
    def __init__(self) -> None:
        self.looks: list[Look] = []
        self.free = 8 * GIB
        self.surveyor = Surveyor(lambda: self.free, self._look)

    def _look(self, measure: bool) -> Look:
        self.looks.append(Look(measure))
        return self.looks[-1]

    def tell(self, machine: Machine, finished: bool = False) -> None:
        self.looks[-1].news.append(machine)
        self.looks[-1].finished = finished


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_free_memory_is_always_that_of_now(desk: Desk) -> None:
    assert desk.surveyor.machine == Machine(MemoryBudget(8 * GIB))
    desk.free = GIB
    assert desk.surveyor.machine.room == MemoryBudget(GIB) and not desk.surveyor.machine.measured


def test_memory_is_told_first_and_speeds_when_they_are_measured(desk: Desk) -> None:
    desk.surveyor.look(quiet=True)
    assert desk.surveyor.measuring and not desk.surveyor.pump(quiet=True)
    desk.tell(Machine(MemoryBudget(1, 2 * GIB, "a card")))
    assert desk.surveyor.pump(quiet=True) and desk.surveyor.measuring
    assert desk.surveyor.machine.room == MemoryBudget(8 * GIB, 2 * GIB, "a card")
    desk.tell(LAPTOP, finished=True)
    assert desk.surveyor.pump(quiet=True)
    assert desk.surveyor.machine.bandwidth == LAPTOP.bandwidth
    assert not desk.surveyor.measuring and desk.looks[0].closed


def test_speeds_are_measured_once(desk: Desk) -> None:
    desk.surveyor.look(quiet=True)
    desk.tell(LAPTOP, finished=True)
    desk.surveyor.pump(quiet=True)
    desk.surveyor.look(quiet=True)
    desk.tell(Machine(MemoryBudget(1)), finished=True)
    desk.surveyor.pump(quiet=True)
    assert [look.measure for look in desk.looks] == [True, False]
    assert desk.surveyor.machine.bandwidth == LAPTOP.bandwidth
    desk.surveyor.pump(quiet=True)
    assert len(desk.looks) == 2


def test_what_would_disturb_an_answer_is_put_off_until_it_has_ended(desk: Desk) -> None:
    desk.surveyor.look(quiet=True)
    desk.surveyor.pump(quiet=False)
    assert desk.looks[0].closed and [look.measure for look in desk.looks] == [True, False]
    desk.tell(Machine(MemoryBudget(1)), finished=True)
    desk.surveyor.pump(quiet=False)
    desk.surveyor.pump(quiet=False)
    assert len(desk.looks) == 2
    desk.surveyor.pump(quiet=True)
    assert [look.measure for look in desk.looks] == [True, False, True]


def test_what_cannot_be_measured_is_not_tried_again(desk: Desk) -> None:
    desk.surveyor.look(quiet=True)
    desk.looks[0].finished = True
    assert desk.surveyor.pump(quiet=True)
    for _ in range(3):
        desk.surveyor.pump(quiet=True)
    assert len(desk.looks) == 1 and not desk.surveyor.machine.measured


def test_a_process_that_cannot_be_started_leaves_what_is_known() -> None:
    def refuse(measure: bool) -> Look:
        raise OSError("no memory")

    surveyor = Surveyor(lambda: GIB, refuse)
    surveyor.look(quiet=True)
    assert not surveyor.pump(quiet=False) and surveyor.wait(quiet=True) == Machine(MemoryBudget(GIB))


@pytest.mark.parametrize(("loaded", "on_gpu", "room", "expected"), [
    (None, True, MemoryBudget(GIB), MemoryBudget(GIB)),
    (LOADED, True, MemoryBudget(GIB), MemoryBudget(2 * GIB)),
    (replace(LOADED, mapped=False), True, MemoryBudget(GIB), MemoryBudget(6 * GIB)),
    (LOADED, True, MemoryBudget(GIB, GIB, "card"), MemoryBudget(2 * GIB, GIB, "card")),
    (replace(LOADED, gpu=True), False, MemoryBudget(GIB, GIB, "card"), MemoryBudget(2 * GIB, GIB, "card")),
    (replace(LOADED, gpu=True), True, MemoryBudget(GIB, GIB, "card"), MemoryBudget(GIB, 6 * GIB, "card")),
    (replace(LOADED, gpu=True), True, MemoryBudget(GIB, GIB, "Metal", True),
     MemoryBudget(6 * GIB, 6 * GIB, "Metal", True)),
])
def test_what_the_open_model_gives_back_counts_as_free(loaded: Loaded | None, on_gpu: bool, room: MemoryBudget,
                                                       expected: MemoryBudget) -> None:
    assert Machine(room, Bandwidth(1.0)).beside(loaded, on_gpu) == Machine(expected, Bandwidth(1.0))


def test_a_real_look_keeps_llama_cpp_out_of_this_process_and_says_nothing() -> None:
    program = ("import sys\n"
               "from localthink.chat.surveying import Surveyor\n"
               "if __name__ == '__main__':\n"
               "    machine = Surveyor(lambda: 7).wait(quiet=False)\n"
               "    assert machine.room.memory == 7 and not machine.measured\n"
               "    heavy = {'llama_cpp', 'huggingface_hub', 'numpy'} & set(sys.modules)\n"
               "    assert not heavy, heavy\n")
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
