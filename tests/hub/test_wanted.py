"""What people write is understood, what cannot be meant is answered in one line, and a pulled model is meant by what it
is called, by its address, by its files, and by nothing else.
"""
from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.errors import UsageError
from localthink.hub.wanted import Place, Wanted, answers, is_address, meant, name_among, name_of, parse_wanted
from localthink.shelf.receipts import PulledFile, Receipt

REPOSITORY = "bartowski/DeepSeek-R1-Distill-Qwen-7B-GGUF"
FILE = "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf"
PAGE = f"https://huggingface.co/{REPOSITORY}"
TITLE = "DeepSeek-R1-Distill-Qwen-7B"
OLD, NEW = "a" * 40, "b" * 40


@pytest.mark.parametrize(("text", "revision", "file", "precision"), [
    (f"hf:{REPOSITORY}", None, "", ""),
    (f"hf://{REPOSITORY}", None, "", ""),
    (f"hf:{REPOSITORY}:q4_k_m", None, "", "Q4_K_M"),
    (f"hf:{REPOSITORY}:ud-q4_k_xl", None, "", "UD-Q4_K_XL"),
    (f"hf:{REPOSITORY}/{FILE}", None, FILE, ""),
    (f"hf:{REPOSITORY}/{FILE}:Q4_K_M", None, FILE, "Q4_K_M"),
    (f"hf:{REPOSITORY}/a--b..c.gguf", None, "a--b..c.gguf", ""),
    (f"hf:{REPOSITORY}/Q8/{FILE}", None, f"Q8/{FILE}", ""),
    (f"hf:{REPOSITORY}@v1", "v1", "", ""),
    (f"hf:{REPOSITORY}@refs%2Fpr%2F1/{FILE}", "refs/pr/1", FILE, ""),
    (f"hf:{REPOSITORY}@v1:Q8_0", "v1", "", "Q8_0"),
    (PAGE, None, "", ""),
    (f"{PAGE}/", None, "", ""),
    (f"{PAGE}:Q4_K_M", None, "", "Q4_K_M"),
    (f"hf.co/{REPOSITORY}:Q4_K_M", None, "", "Q4_K_M"),
    (f"{PAGE}/tree/main", "main", "", ""),
    (f"{PAGE}/blob/main/{FILE}", "main", FILE, ""),
    (f"{PAGE}/resolve/v1/Q8/{FILE}?download=true", "v1", f"Q8/{FILE}", ""),
    (f"{PAGE}?show_file_info={FILE}", None, "", ""),
])
def test_an_address_has_a_repository_and_perhaps_more(text: str, revision: str | None, file: str,
                                                      precision: str) -> None:
    assert parse_wanted(text) == Wanted(text, (Place(REPOSITORY, revision),), precision, file)


@pytest.mark.parametrize(("text", "said"), [
    ("hf:", "write hf:owner/repo"), ("hf:owner", "write hf:owner/repo"), ("hf:o/r/", "write hf:owner/repo"),
    ("hf:o--o/r", "write hf:owner/repo"), ("hf:o/r@", "write hf:owner/repo"), ("hf:../r", "write hf:owner/repo"),
    ("hf:o/r\n", "write the name of one"), ("", "there is no model"),
    ("hf:o/r:seven", "the precision 'seven', which is none"), ("hf:o/r:", "the precision ''"),
    ("hf:o/r/model.safetensors", "'model.safetensors', which is no .gguf file"),
    ("hf:o/r/a/../b.gguf", "is no .gguf file"), ("hf:o/r//b.gguf", "is no .gguf file"),
    (f"hf:o/r/{FILE}:Q8_0", "names a file at Q4_K_M and asks for Q8_0"),
    ("hf:o/r@..%2F..", "give a branch, a tag or a commit"),
    ("o/r", "write hf:o/r"), ("o/r:Q4_K_M", "write hf:o/r:Q4_K_M"),
    ("https://example.com/o/r", "is not the page of a model"), ("https://huggingface.co/o", "is not the page"),
    ("https://huggingface.co/datasets/o/r", "is not the page of a model"),
    (f"{PAGE}/blob/main/README.md", "no .gguf file"),
    ("no-such-model", "no-such-model"),
])
def test_what_cannot_be_meant_says_so(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_wanted(text)
    assert said in str(caught.value) and str(caught.value).isprintable()


def test_a_name_of_the_catalogue_leads_to_its_repositories() -> None:
    wanted = parse_wanted("r1-qwen-7b:q8_0")
    assert wanted.model == "r1-qwen-7b" and wanted.precision == "Q8_0" and not wanted.file
    assert wanted.places and all("{precision}" in place.pattern for place in wanted.places)
    assert parse_wanted("r1-qwen-7b").precision == ""


@given(st.text(max_size=40) | st.text("hf:/@.-oqQ4_K Mg%2F", max_size=30).map("hf:o/r".__add__))
def test_any_text_is_understood_or_refused_in_a_line(text: str) -> None:
    try:
        wanted = parse_wanted(text)
    except UsageError as error:
        assert str(error).isprintable()
    else:
        assert wanted.places and ".." not in wanted.file.split("/")


@pytest.mark.parametrize("text", [
    "hf:me/r", "hf:", "https://huggingface.co/a/b", "HTTP://x", "hf.co/me/r", "huggingface.co/"])
def test_what_is_meant_as_an_address_is_answered_as_one(text: str) -> None:
    assert is_address(text)
    try:
        parse_wanted(text)
    except UsageError as error:
        assert "address of a model" in str(error) or "page of a model" in str(error)


@pytest.mark.parametrize("text", ["", "r1-qwen-7b", "me/r", "/hf:me/r", "hfx", "m.gguf"])
def test_what_is_no_address(text: str) -> None:
    assert not is_address(text)


def pulled(cache: Path, *names: str, repository: str = "me/r", commit: str = NEW, model: str = "",
           precision: str = "Q4_K_M") -> Receipt:
    """A receipt whose files are links to their contents, as in the Hub's cache."""
    files = []
    for name in names:
        folder = cache / f"models--{repository.replace('/', '--')}"
        path, content = folder / "snapshots" / commit / name, folder / "blobs" / f"{commit}-{name.replace('/', '-')}"
        for place in (path, content):
            place.parent.mkdir(parents=True, exist_ok=True)
        content.write_bytes(name.encode())
        path.symlink_to(content)
        files.append(PulledFile(name, str(path), len(name), ""))
    return Receipt(repository, commit, precision, tuple(files), model, True)


@pytest.fixture
def split(tmp_path: Path) -> Receipt:
    return pulled(tmp_path, "Q6/m-Q6_K-00001-of-00002.gguf", "Q6/m-Q6_K-00002-of-00002.gguf", precision="Q6_K")


@pytest.fixture
def receipts(tmp_path: Path, split: Receipt) -> tuple[Receipt, ...]:
    return (split, pulled(tmp_path, f"{TITLE}-Q4_K_M.gguf", repository="you/r", model="r1-qwen-7b"))


@pytest.mark.parametrize("name", [
    "m-Q6_K", "m-Q6_K-00001-of-00002", "m-Q6_K-00001-of-00002.gguf", "hf:me/r", "hf:me/r:q6_k", "hf:me/r@bbbbbbb",
    "hf:me/r/Q6/m-Q6_K-00001-of-00002.gguf", "hf:me/r/Q6/m-Q6_K-00002-of-00002.gguf",
    "hf:me/r@bbbbbbbb/Q6/m-Q6_K-00001-of-00002.gguf", f"hf:me/r@{NEW}", "https://huggingface.co/me/r",
    "{path}", "{content}", "{part}", "m.link.gguf"])
def test_a_model_is_known_by_all_its_names(receipts: tuple[Receipt, ...], split: Receipt, tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.link.gguf").symlink_to(split.path)
    asked = name.format(path=split.path, content=split.path.resolve(), part=split.paths[1])
    assert meant(asked, receipts) == (split,)


@pytest.mark.parametrize("name", ["r1-qwen-7b", "R1-Qwen-7B:q4_k_m", "r1-qwen-7b:Q4_K_M", TITLE, "deepseek-r1:7b",
                                  "hf:you/r", f"{TITLE}-Q4_K_M"])
def test_a_model_of_the_catalogue_is_known_by_all_names_of_its_entry(receipts: tuple[Receipt, ...], name: str) -> None:
    assert meant(name, receipts) == (receipts[1],)


@pytest.mark.parametrize("name", [
    "", ".", "m", "me/r", "r1-qwen-7b:Q8_0", "r1-qwen-7b:nonsense", "hf:me/r:Q8_0", "hf:me/r@aaaaaaaa", "hf:me/r@main",
    "hf:me/r/m-Q6_K-00001-of-00002.gguf", "hf:me/other", "a\0b", "~nosuchperson/x", "x" * 5000])
def test_nothing_else_means_it(receipts: tuple[Receipt, ...], name: str) -> None:
    assert meant(name, receipts) == ()


def test_a_malformed_address_is_refused(receipts: tuple[Receipt, ...]) -> None:
    with pytest.raises(UsageError, match="is not the address of a model"):
        meant("hf:me", receipts)


def test_a_branch_is_known_where_it_is_noted(receipts: tuple[Receipt, ...], split: Receipt, tmp_path: Path) -> None:
    note = tmp_path / "models--me--r" / "refs" / "v" / "1"
    note.parent.mkdir(parents=True)
    note.write_text(NEW)
    assert meant("hf:me/r@v%2F1", receipts) == (split,)
    note.write_bytes(b"\xff")
    assert meant("hf:me/r@v%2F1", receipts) == ()


@pytest.mark.skipif(os.name == "nt", reason="contents are shown by links there only with a privilege")
def test_a_place_counts_before_a_content_that_others_share(tmp_path: Path) -> None:
    old, new = pulled(tmp_path, "m.gguf", commit=OLD), pulled(tmp_path, "m.gguf")
    new.path.unlink()
    new.path.symlink_to(old.path.resolve())
    assert meant(str(new.path), (old, new)) == (new,)
    assert meant(str(old.path.resolve()), (old, new)) == (old, new)


def test_of_several_each_has_a_name_that_it_shares_with_none(tmp_path: Path) -> None:
    four = pulled(tmp_path, "m4.gguf", model="r1-qwen-7b")
    other = pulled(tmp_path, "m4.gguf", model="r1-qwen-7b", repository="you/r")
    old = pulled(tmp_path, "m4.gguf", model="r1-qwen-7b", commit=OLD)
    eight = pulled(tmp_path, "m8.gguf", model="r1-qwen-7b", precision="Q8_0")
    every = (four, other, old, eight)
    assert [name_among(each, every) for each in every] == [
        "hf:me/r@bbbbbbbb/m4.gguf", "hf:you/r/m4.gguf", "hf:me/r@aaaaaaaa/m4.gguf", "r1-qwen-7b:Q8_0"]
    for each in every:
        assert meant(name_among(each, every), every) == (each,)
    assert meant("r1-qwen-7b", every) == every and meant("hf:me/r", every) == (four, old, eight)
    assert name_of(four) == "r1-qwen-7b:Q4_K_M" and name_of(pulled(tmp_path, "x.gguf")) == "hf:me/r/x.gguf"


def test_what_answers_is_at_that_precision_of_that_model_or_from_that_place(tmp_path: Path) -> None:
    named, unnamed = pulled(tmp_path, "m.gguf", model="tiny"), pulled(tmp_path, "n.gguf")
    wanted = Wanted("tiny", (Place("me/r"),), "Q4_K_M", "", "tiny")
    assert answers(named, wanted) and answers(unnamed, wanted)
    assert answers(named, Wanted("tiny", (), "", "", "tiny"))  # its source has left the catalogue
    assert not answers(named, Wanted("other", (Place("me/r"),), "Q4_K_M", "", "other"))
    assert not answers(unnamed, Wanted("hf:me/r@v9", (Place("me/r", "v9"),)))
    assert not answers(unnamed, Wanted("hf:me/r/m.gguf", (Place("me/r"),), "", "m.gguf"))
    assert not answers(named, Wanted("tiny", (Place("me/r"),), "Q8_0", "", "tiny"))
