"""Shards divide the items by their ids: none is in two, none in none."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.batch.shard import Shard, read_shard
from localthink.errors import UsageError


@given(st.text(), st.integers(1, 50))
def test_every_id_is_in_exactly_one_shard(item: str, count: int) -> None:
    assert sum(item in Shard(index, count) for index in range(1, count + 1)) == 1


@given(st.text())
def test_one_shard_of_one_is_everything(item: str) -> None:
    assert item in Shard(1, 1)


@pytest.mark.parametrize("count", [2, 3, 8])
def test_shards_are_of_about_one_size(count: int) -> None:
    for index in range(1, count + 1):
        share = sum(str(number) in Shard(index, count) for number in range(8000)) / 8000
        assert share == pytest.approx(1 / count, rel=0.12)


def test_an_id_is_in_the_same_shard_on_every_machine() -> None:
    assert [next(n for n in (1, 2, 3) if item in Shard(n, 3)) for item in ("a", "b", "思", "17")] == [2, 2, 1, 1]


@pytest.mark.parametrize(("text", "shard"), [
    ("1/1", Shard(1, 1)), ("2/3", Shard(2, 3)), ("3/3", Shard(3, 3)), (" 1/2\n", Shard(1, 2)), ("01/08", Shard(1, 8)),
    ("7/123456789", Shard(7, 123456789)),
])
def test_a_shard_is_read_and_written(text: str, shard: Shard) -> None:
    assert read_shard(text) == shard
    assert read_shard(str(shard)) == shard


@pytest.mark.parametrize("text", [
    "0/2", "3/2", "a/b", "1", "-1/2", "1/-2", "", "/", "1/", "/2", "1/2/3", "0/0", "1.0/2", "1 / 2", "１/２", "1/²",
    "1\\2", "1/1000000000",
])
def test_what_is_no_shard_is_refused_with_its_value(text: str) -> None:
    with pytest.raises(UsageError) as error:
        read_shard(text)
    assert f"shard is {text!r}" in str(error.value)
