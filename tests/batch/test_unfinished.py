"""What unfinished samples have written survives any crash, is never mixed up, and takes little room."""
from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.ledgers import key
from localthink.batch import unfinished
from localthink.batch.unfinished import Unfinished
from localthink.errors import LocalthinkError
from localthink.records import Prefix

A, B, C = key("a"), key("b"), key("c")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unfinished.jsonl"


def opened(path: Path) -> Unfinished:
    kept = Unfinished(path)
    kept.read()
    return kept


def reopened(kept: Unfinished) -> Unfinished:
    kept.close()
    return opened(kept.path)


def piece(first: int, count: int, seconds: float = 1.5) -> Prefix:
    """Tokens like those of a large vocabulary, from a place on, at some of which a switch was held."""
    places = range(first, first + count)
    return Prefix(tuple(150_000 + place for place in places), tuple((p, 1) for p in places if p % 7 == 3), seconds)


def whole(count: int, seconds: float = 1.5) -> Prefix:
    return piece(0, count, seconds)


def test_what_was_saved_is_there_again_piece_by_piece(path: Path) -> None:
    kept = opened(path)
    assert not path.exists(), "nothing is written before there is something"
    kept.add(A, 0, piece(0, 10))
    kept.add(B, 0, piece(0, 4, 0.25))
    kept.save()
    kept.add(A, 10, piece(10, 5, 2.0))
    kept.save()
    again = reopened(kept)
    assert (set(again), again.tokens, again.damaged) == ({A, B}, 19, False)
    assert again.prefix(A) == whole(15, 2.0) and again.prefix(B) == whole(4, 0.25)
    assert again.prefix(C) == Prefix()


def test_it_is_on_the_disk_when_it_is_saved(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, seen = os.fsync, []
    monkeypatch.setattr(os, "fsync", lambda descriptor: (seen.append(path.read_bytes()), real(descriptor)))
    kept = opened(path)
    kept.add(A, 0, whole(3))
    kept.save()
    assert seen and A.encode() in seen[-1] and seen[-1].endswith(b"}\n")


def test_a_sample_that_begins_anew_is_in_place_of_what_it_had(path: Path) -> None:
    kept = opened(path)
    kept.add(A, 0, whole(30))
    kept.save()
    kept.add(A, 0, whole(5))
    kept.save()
    assert kept.prefix(A) == reopened(kept).prefix(A) == whole(5)


def test_what_does_not_follow_is_not_taken(path: Path) -> None:
    kept = opened(path)
    kept.add(A, 0, whole(5))
    kept.add(A, 7, piece(7, 5))
    kept.add(B, 1, piece(1, 5))
    kept.save()
    assert list(kept) == [A] and kept.prefix(A) == reopened(kept).prefix(A) == whole(5)


def test_what_is_finished_is_not_written_any_more_and_goes_with_the_next_start(path: Path) -> None:
    kept = opened(path)
    for name in (A, B, C):
        kept.add(name, 0, whole(5))
    kept.save()
    kept.forget(A)
    kept.add(B, 5, piece(5, 5))
    kept.forget(B)
    kept.forget("never known")
    kept.save()
    assert list(kept) == [C]
    again = reopened(kept)
    assert set(again) == {A, B, C}  # whoever reads it knows what is in the ledger
    again.keep_only({C, key("d")})
    assert list(again) == [C] == list(reopened(again))
    assert A.encode() not in path.read_bytes() and path.read_bytes().count(b"\n") == 1


def test_where_nothing_is_left_there_is_no_file(path: Path) -> None:
    kept = opened(path)
    kept.keep_only({A})
    kept.add(A, 0, whole(5))
    kept.save()
    again = reopened(kept)
    again.keep_only(())
    assert not path.exists() and len(again) == 0
    again.add(B, 0, whole(2))
    again.save()
    again.remove()
    assert not path.exists()


def lines_of(path: Path, pieces: Sequence[tuple[str, int, Prefix]]) -> list[bytes]:
    kept = opened(path)
    for each in pieces:
        kept.add(*each)
        kept.save()
    kept.close()
    return path.read_bytes().splitlines(keepends=True)


PIECES = ((A, 0, piece(0, 5)), (B, 0, piece(0, 5)), (A, 5, piece(5, 5)), (B, 5, piece(5, 5)))


@pytest.mark.parametrize("cut", range(0, 120, 7))
def test_a_torn_last_line_is_left_out_and_said(path: Path, cut: int) -> None:
    lines = lines_of(path, PIECES)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:cut])
    kept = opened(path)
    assert kept.damaged == (cut > 0)
    assert kept.prefix(A) == whole(10) and kept.prefix(B) == whole(5)
    kept.add(B, 5, piece(5, 1))
    kept.save()
    assert reopened(kept).prefix(B) == whole(6)


@given(st.integers(0, 3), st.integers(0, 10_000), st.integers(1, 255))
def test_a_line_of_which_a_byte_has_changed_is_never_believed(tmp_path_factory, number, place, by) -> None:
    path = tmp_path_factory.mktemp("unfinished") / "unfinished.jsonl"
    lines = lines_of(path, PIECES)
    changed = bytearray(lines[number])
    changed[place % (len(changed) - 1)] ^= by
    path.write_bytes(b"".join([*lines[:number], bytes(changed), *lines[number + 1:]]))
    kept = opened(path)
    for name in kept:
        prefix = kept.prefix(name)
        assert name in (A, B) and prefix == whole(len(prefix.tokens))
    assert kept.damaged or json.loads(changed) == json.loads(lines[number])


@pytest.mark.parametrize("line", [
    b"nonsense\n", b"[1]\n", b"{}\n", b"\0\0\0\0\n", b'{"crc": 1}\n', b'{"key": "a", "crc": null}\n',
    b"[" * 5000 + b"\n"])
def test_what_another_program_wrote_is_left_out(path: Path, line: bytes) -> None:
    lines = lines_of(path, PIECES)
    path.write_bytes(lines[0] + line + b"".join(lines[1:]))
    kept = opened(path)
    assert kept.damaged and list(kept) == [A] and kept.prefix(A) == whole(5)


@pytest.mark.parametrize("change", [{"tokens": [1, 2.5]}, {"tokens": [2**40]}, {"tokens": None}, {"held": [[1]]},
                                    {"held": 3}, {"start": 3}, {"seconds": None, "start": 1},
                                    {"key": "mine"}, {"key": 7}])
def test_a_line_that_is_whole_and_says_nonsense_is_left_out(path: Path, change: dict[str, object]) -> None:
    lines = lines_of(path, PIECES)
    line = {**json.loads(lines[2]), **change}
    del line["crc"]
    path.write_text("".join([lines[0].decode(), json.dumps({**line, "crc": unfinished._checksum(line)}) + "\n"]))
    kept = opened(path)
    assert kept.damaged and kept.prefix(A) == whole(5)


def test_a_place_that_is_no_file_is_one_line(path: Path) -> None:
    path.mkdir()
    with pytest.raises(LocalthinkError, match=r"unfinished\.jsonl cannot be written"):
        opened(path)


def written_by(path: Path, rounds: int, samples: int, tokens: int) -> Iterator[int]:
    """A run of so many slots, in which one sample ends a round; yields the file's size after each."""
    kept = opened(path)
    names, fresh = [key("long", number) for number in range(samples)], samples
    at = dict.fromkeys(names, 0)
    for turn in range(rounds):
        for name, start in at.items():
            kept.add(name, start, piece(start, tokens))
            at[name] = start + tokens
        gone = names[turn % samples]
        kept.forget(gone)
        del at[gone]
        names[turn % samples] = key("long", fresh)
        at[names[turn % samples]] = 0
        fresh += 1
        kept.save()
        yield path.stat().st_size
    kept.close()


def test_the_file_grows_with_what_is_unfinished_and_not_with_the_run(
        path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "SPARE", 10_000)
    sizes = list(written_by(path, rounds=200, samples=8, tokens=20))
    assert sum(later < earlier for earlier, later in pairwise(sizes)) >= 3, "it was written anew"
    once = 8 * 8 * 20 * 10 + 8 * 120  # eight samples of at most 160 tokens, ten bytes each, and a line's own
    assert max(sizes) <= 2 * once + 10_000 + once
    kept = opened(path)
    assert len(kept) >= 8 and all(kept.prefix(name) == whole(len(kept.prefix(name).tokens)) for name in kept)


def test_a_disk_that_is_full_loses_nothing_that_was_saved(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    kept = opened(path)
    kept.add(A, 0, whole(5))
    kept.save()
    kept.add(A, 5, piece(5, 5))
    with monkeypatch.context() as patch, pytest.raises(LocalthinkError, match="No space left"):
        patch.setattr(os, "fsync", full)
        kept.save()
    assert reopened(kept).prefix(A) == whole(5)
