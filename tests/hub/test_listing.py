"""Among the files of a repository, the ones that make up the model that is meant are found."""
from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.errors import UsageError
from localthink.hub.faults import SourceError
from localthink.hub.listing import Listing, RemoteFile, choose, group_files
from localthink.hub.wanted import Place, Wanted

GIB = 2**30
NAMES = ("m-Q4_K_M.gguf", "m-Q8_0.gguf", "big/m-F16-00001-of-00002.gguf", "big/m-F16-00002-of-00002.gguf")
OTHERS = ("README.md", "config.json", "mmproj-m-F16.gguf", "m.imatrix", "m-imatrix.gguf", "m.gguf.sha256")


def files(*names: str) -> list[RemoteFile]:
    return [RemoteFile(name, (number + 4) * GIB, f"{number:064x}") for number, name in enumerate(names)]


def chosen(names: Sequence[str], precision: str = "", file: str = "", pattern: str = "",
           prefer: Sequence[str] = ()) -> list[str]:
    place = Place("o/r", None, pattern)
    listing = Listing(place, "a" * 40, group_files(files(*names)))
    offer = choose(listing, Wanted("hf:o/r", (place,), precision, file), prefer)
    return [file.name for file in offer.files]


@given(st.permutations(NAMES + OTHERS))
def test_the_order_of_the_listing_does_not_matter_and_parts_come_in_theirs(names: list[str]) -> None:
    offers = group_files(files(*names))
    assert [(offer.precision, [file.name for file in offer.files]) for offer in offers] == [
        ("F16", list(NAMES[2:])), ("Q4_K_M", [NAMES[0]]), ("Q8_0", [NAMES[1]])]
    assert all(offer.whole for offer in offers)


def test_a_precision_is_found_however_it_is_written() -> None:
    assert chosen(("M.q4_k_m.GGUF", "M.q8_0.gguf"), "Q4_K_M") == ["M.q4_k_m.GGUF"]
    assert chosen(NAMES, "F16") == list(NAMES[2:])


def test_a_file_is_found_and_brings_the_other_parts_of_its_model() -> None:
    assert chosen(NAMES, file=NAMES[1]) == [NAMES[1]]
    assert chosen(NAMES, file=NAMES[3]) == list(NAMES[2:])


def test_the_only_model_needs_no_precision() -> None:
    assert chosen(("only.gguf", *OTHERS)) == ["only.gguf"]


def test_where_nothing_is_said_the_first_preferred_precision_is_taken() -> None:
    assert chosen(NAMES, prefer=("Q6_K", "Q8_0", "Q4_K_M")) == [NAMES[1]]


def test_models_of_another_name_are_left_alone() -> None:
    names = ("r1-7b-Q4_K_M.gguf", "r1-14b-Q4_K_M.gguf", "r1-14b-Q8_0.gguf")
    assert chosen(names, "Q4_K_M", pattern="r1-14b-{precision}.gguf") == ["r1-14b-Q4_K_M.gguf"]
    assert chosen(names, prefer=("Q4_K_M",), pattern="R1-7B-{precision}.gguf") == ["r1-7b-Q4_K_M.gguf"]
    assert chosen(names, "Q8_0", pattern="renamed-{precision}.gguf") == ["r1-14b-Q8_0.gguf"]


@pytest.mark.parametrize(("asked", "error", "said"), [
    ({}, UsageError, "o/r holds Q4_K_M (4.00 GiB), Q8_0 (5.00 GiB), F16 (13.00 GiB); say which, as hf:o/r:Q4_K_M"),
    ({"prefer": ("IQ1_S",)}, UsageError, "say which"),
    ({"precision": "Q6_K"}, SourceError, "o/r has nothing at Q6_K: it holds Q4_K_M (4.00 GiB)"),
    ({"file": "m-Q4_K_S.gguf"}, SourceError, "there is no m-Q4_K_S.gguf in o/r: did you mean m-Q4_K_M.gguf"),
    ({"file": "zzzzzz"}, SourceError, "there is no zzzzzz in o/r: it holds Q4_K_M"),
])
def test_what_is_not_there_or_not_clear_is_answered_with_what_is_there(asked, error, said: str) -> None:
    with pytest.raises(error) as caught:
        chosen(NAMES, **asked)
    assert said in str(caught.value)


def test_two_models_at_one_precision_must_be_told_apart() -> None:
    with pytest.raises(UsageError, match=r"2 models at Q8_0, a-Q8_0.gguf, b-Q8_0.gguf: name one, as hf:o/r/a-Q8_0"):
        chosen(("a-Q8_0.gguf", "b-Q8_0.gguf"), "Q8_0")


@pytest.mark.parametrize("names", [NAMES[:3], (NAMES[0], NAMES[3]), [f"m-F16-0000{n}-of-00003.gguf" for n in (1, 3)]])
def test_a_model_that_lacks_a_part_is_refused(names: Sequence[str]) -> None:
    with pytest.raises(SourceError, match=r"holds \d of the \d parts of"):
        chosen(names, "F16")


def test_a_repository_without_models_is_of_no_use() -> None:
    with pytest.raises(SourceError, match=r"o/r holds no \.gguf model"):
        chosen(OTHERS)
