"""The models to choose from: what is here, what is not, and what a person means by a name."""
from __future__ import annotations

from pathlib import Path

import pytest

from localthink import locations
from localthink.chat.stock import Stock, asked, look_for, offer, recommended, report_on, take_stock
from localthink.chat.surveying import Machine
from localthink.errors import LocalthinkError
from localthink.hub.wanted import Wanted
from localthink.machine.capacity import Bandwidth, MemoryBudget
from localthink.shelf.catalogue import parse_name
from localthink.shelf.receipts import PulledFile, Receipt, write_receipt
from tiny_gguf import write_tiny_gguf

MACHINE = Machine(MemoryBudget(22 * 2**30), Bandwidth(60e9))


@pytest.fixture
def own() -> Path:
    """Two precisions of a model of the catalogue, in a person's own folder."""
    folder = locations.local_models()
    folder.mkdir(parents=True)
    write_tiny_gguf(folder / "DeepSeek-R1-Distill-Qwen-7B-Q8_0.gguf")
    return write_tiny_gguf(folder / "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf")


def test_what_is_here_is_not_offered_again(own: Path) -> None:
    stock = take_stock()
    assert [(kept.model.name, kept.spec and kept.spec.name, kept.precision) for kept in stock.here] == [
        ("countdown", None, ""), ("DeepSeek-R1-Distill-Qwen-7B-Q4_K_M", "r1-qwen-7b", "Q4_K_M"),
        ("DeepSeek-R1-Distill-Qwen-7B-Q8_0", "r1-qwen-7b", "Q8_0")]
    names = [spec.name for spec in stock.others]
    assert "r1-qwen-7b" not in names and "r1-qwen-1.5b" in names
    assert stock.folder == locations.hugging_face_cache() and stock.free > 0 and not stock.trouble


def test_a_pull_that_was_begun_is_known(tmp_path: Path) -> None:
    folder = tmp_path / "hub" / "models--me--m"
    pointer = folder / "snapshots" / ("a" * 40) / "m.gguf"
    (folder / "blobs").mkdir(parents=True)
    (folder / "blobs" / f"{'b' * 64}.incomplete").write_bytes(b"1234")
    file = PulledFile("m.gguf", str(pointer), 9, "b" * 64, "b" * 64)
    write_receipt(Receipt("me/m", "a" * 40, "Q4_K_M", (file,), "r1-qwen-7b"))
    stock, spec = take_stock(), parse_name("r1-qwen-7b")[0]
    assert spec in stock.others
    assert stock.begun(spec, "Q4_K_M") == 4 and stock.begun(spec, "Q8_0") == 0


def test_a_broken_catalogue_of_a_person_is_told_of_and_files_stay(own: Path) -> None:
    locations.user_catalogue().parent.mkdir(parents=True)
    locations.user_catalogue().write_text("[broken", encoding="utf-8")
    stock = take_stock()
    assert "catalogue.toml cannot be read" in stock.trouble
    assert len(stock.here) == 3 and stock.others == ()
    assert recommended(stock, MACHINE, asked(None, None, None)) is None


def test_an_offer_is_at_the_best_precision_unless_another_is_chosen() -> None:
    spec, wish = parse_name("r1-qwen-7b")[0], asked(None, None, None)
    found = offer(spec, MACHINE, wish)
    assert found.precision == found.best and found.wanted == f"r1-qwen-7b:{found.best}"
    other = offer(spec, MACHINE, wish, "Q3_K_M")
    assert (other.precision, other.best, other.bytes) == ("Q3_K_M", found.best, spec.precisions["Q3_K_M"])


def test_nothing_is_recommended_before_speeds_are_known() -> None:
    assert recommended(take_stock(), Machine(MACHINE.room), asked(None, None, None)) is None
    assert recommended(take_stock(), MACHINE, asked(None, None, None)) is not None


def test_a_file_is_reported_on_by_its_header(own: Path) -> None:
    assert report_on(own, MACHINE, asked(None, None, None)).verdict == "fits"
    own.write_bytes(b"<!doctype html>")
    with pytest.raises(LocalthinkError, match="is a web page"):
        report_on(own, MACHINE, asked(None, None, None))


@pytest.mark.parametrize("text", ["hf:me/tiny", "https://huggingface.co/me/tiny", "r1-qwen-14b", "r1-qwen-7b:Q3_K_M"])
def test_what_is_not_here_is_to_be_pulled(own: Path, text: str) -> None:
    found = look_for(text, take_stock())
    assert isinstance(found, Wanted) and found.text == text


def test_what_is_here_is_a_file(own: Path) -> None:
    stock = take_stock()
    assert look_for("countdown", stock) == locations.bundled_model()
    assert look_for(str(own), stock) == look_for("r1-qwen-7b:q4_k_m", stock) == own


@pytest.mark.parametrize(("text", "said"), [
    ("r1-qwen-7b", "is here in 2 precisions: name one"), ("nonsense", "there is no model called 'nonsense'"),
    ("/no/where.gguf", "there is no file"), ("me/tiny", "write hf:me/tiny"),
    ("r1-qwen-14b:Q9", "has no precision 'Q9'"), ("hf:nonsense", "is not the address of a model")])
def test_what_is_neither_says_what_can_be_done(own: Path, text: str, said: str) -> None:
    with pytest.raises(LocalthinkError, match=said):
        look_for(text, take_stock())


def test_an_empty_stock_offers_nothing() -> None:
    assert Stock().others == () and Stock().here == ()
