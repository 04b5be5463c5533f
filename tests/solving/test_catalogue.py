"""Strategies by their names."""
from __future__ import annotations

import pytest

from localthink.errors import UsageError
from localthink.solving.catalogue import read_strategy
from localthink.solving.confident import Confident
from localthink.solving.consensus import Consensus, Single
from localthink.solving.shortest import Shortest
from localthink.solving.verified import Best, Steps


@pytest.mark.parametrize(("written", "n", "found"), [
    ("single", None, Single(1)), ("single", 5, Single(1)), ("consensus", 16, Consensus(16)),
    ("consensus:sure=0.9", None, Consensus(8, 0.9)), ("confident:keep=0.1,warm-up=4,group=64", 12,
                                                      Confident(12, warm_up=4, keep=0.1, group=64)),
    ("shortest", 4, Shortest(4)), ("short-3@8", None, Shortest(8, 3)), ("short-3", 5, Shortest(5, 3)),
    ("best:take=votes", 4, Best(4, "votes")), ("steps@6:by=min", None, Steps(6, by="min")),
])
def test_a_name_its_attempts_and_its_settings_are_read(written, n, found):
    assert read_strategy(written, n) == found


def test_sure_may_be_given_beside_and_what_is_written_counts():
    assert read_strategy("consensus", 4, sure=0.8) == Consensus(4, 0.8)
    assert read_strategy("consensus:sure=0.9", 4, sure=0.8) == Consensus(4, 0.9)


@pytest.mark.parametrize(("written", "n", "told"), [
    ("consensu", 4, "there is no strategy \"consensu\": did you mean consensus?"),
    ("zzz", 4, "the strategies are single, consensus, confident, shortest, short-M, best, steps"),
    ("short", 4, "did you mean short-M?"), ("consensus-3", 4, "there is no strategy"),
    ("consensus", 1, "n is 1: consensus takes 2 to 1,024 attempts"),
    ("short-3", 3, "n is 3: short-3 takes 4 to 1,024 attempts"), ("short-0", 3, "waits for no attempt"),
    ("short-3@8", 4, '"short-3@8" takes 8 attempts, and n is 4: give one of them'), ("single", 0, "n is 0"),
    ("consensus:sure=2", 4, "consensus's sure is \"2\": give a number from 0.5 to 1"),
    ("consensus:sure=nan", 4, "give a number"), ("confident:group=1.5", 4, "give a whole number"),
    ("consensus:sur=1", 4, "has no setting \"sur\": did you mean sure?"), ("single:x=1", 1, "it has none"),
    ("consensus:sure", 4, "write its settings as key=value"), ("steps:by=mean", 4, "it is one of min, product, last"),
    ("consensus:sure=1,sure=1", 4, "has sure twice"),
])
def test_what_cannot_be_is_refused_in_a_line(written, n, told):
    with pytest.raises(UsageError) as refused:
        read_strategy(written, n)
    assert told in str(refused.value) and "\n" not in str(refused.value)


def test_sure_is_refused_where_it_would_do_nothing():
    with pytest.raises(UsageError, match="shortest has no setting sure"):
        read_strategy("shortest", 4, sure=0.9)
