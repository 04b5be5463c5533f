"""What people write is understood, and what cannot be meant is answered in one line."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.errors import UsageError
from localthink.hub.wanted import Place, Wanted, is_address, parse_wanted

REPOSITORY = "bartowski/DeepSeek-R1-Distill-Qwen-7B-GGUF"
FILE = "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf"
PAGE = f"https://huggingface.co/{REPOSITORY}"


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
