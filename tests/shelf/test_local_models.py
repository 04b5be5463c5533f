from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from localthink import locations
from localthink.errors import ModelFileError, UsageError
from localthink.shelf.local_models import (
    BUNDLED,
    OWN,
    PULLED,
    FoundModel,
    catalogue_name,
    find_model,
    found_models,
    known_models,
    name_for,
)
from localthink.shelf.other_programs import HUGGING_FACE, LM_STUDIO, OLLAMA
from localthink.shelf.receipts import PulledFile, Receipt, write_receipt
from tiny_gguf import write_tiny_gguf

TITLE = "DeepSeek-R1-Distill-Qwen-7B"
LEAST = 24  # bytes of a header


def model_bytes(length: int = LEAST) -> bytes:
    return b"GGUF" + bytes(length - 4)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a person's own models, empty, beside which `countdown` is the bundled one."""
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    (bundled / "countdown.gguf").write_bytes(model_bytes())
    monkeypatch.setenv(locations.HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.setattr(locations, "bundled_models", lambda: bundled)
    monkeypatch.chdir(tmp_path)
    return locations.local_models()


def kept(home: Path, name: str) -> Path:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model_bytes())
    return path


def test_no_name_is_the_bundled_model(tmp_path: Path) -> None:
    assert find_model(None) == tmp_path / "bundled" / "countdown.gguf"


def test_missing_bundled_model_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "bundled" / "countdown.gguf").unlink()
    with pytest.raises(ModelFileError, match="install localthink again"):
        find_model(None)


@pytest.mark.parametrize("name", ["countdown", "countdown.gguf"])
def test_bundled_model_is_found_by_name(tmp_path: Path, name: str) -> None:
    assert find_model(name) == tmp_path / "bundled" / "countdown.gguf"


@pytest.fixture
def family(tmp_path: Path) -> Path:
    path = tmp_path / "bundled" / "family" / "countdown-low.gguf"
    path.parent.mkdir()
    path.write_bytes(model_bytes())
    return path


def test_the_bundled_models_family_is_found_by_name_and_listed_only_where_it_is_asked_for(family: Path) -> None:
    assert find_model("countdown-low") == family and name_for(family) == "countdown-low"
    assert [model.name for model in found_models()] == list(known_models()) == ["countdown"]
    assert [model.name for model in found_models(family=True)] == ["countdown", "countdown-low"]


def test_a_mistyped_member_of_the_family_is_told_the_nearest(family: Path) -> None:
    with pytest.raises(UsageError, match=r"did you mean 'countdown-low'\? known here: countdown; give"):
        find_model("countdown-lo")


@pytest.mark.parametrize("name", ["r1-7b-q4", "r1-7b-q4.gguf"])
@pytest.mark.parametrize("folder", ["", "deepseek/qwen/"])
def test_kept_model_is_found_by_name_at_any_depth(home: Path, folder: str, name: str) -> None:
    path = kept(home, f"{folder}r1-7b-q4.gguf")
    assert find_model(name) == path


@pytest.mark.parametrize("name", ["r1-70b", "r1-70b-00001-of-00002", "r1-70b-00001-of-00002.gguf"])
def test_split_model_is_one_model_with_one_name(home: Path, name: str) -> None:
    first = kept(home, "r1-70b-00001-of-00002.gguf")
    kept(home, "r1-70b-00002-of-00002.gguf")
    assert find_model(name) == first
    assert sorted(known_models()) == ["countdown", "r1-70b"]


def test_existing_path_is_taken_as_it_is(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "some.gguf", weights=False)
    assert find_model(str(path)) == path
    assert find_model("some.gguf") == Path("some.gguf")
    path.rename(tmp_path / "no-suffix")
    assert find_model("no-suffix") == Path("no-suffix")


def test_existing_file_wins_over_a_name(tmp_path: Path) -> None:
    (tmp_path / "countdown").touch()
    assert find_model("countdown") == Path("countdown")


def test_folder_does_not_hide_a_name(tmp_path: Path) -> None:
    (tmp_path / "countdown").mkdir()
    assert find_model("countdown") == tmp_path / "bundled" / "countdown.gguf"
    (tmp_path / "folder").mkdir()
    assert find_model("folder") == Path("folder")  # whoever reads it says that it is one


@pytest.mark.parametrize("path", [
    "nowhere.gguf", "models/nowhere", "./nowhere", "~nosuchperson/x", "../x/y.gguf", "a\0b.gguf"])
def test_path_without_a_file_is_said_to_be_one(path: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        find_model(path)
    assert str(caught.value).startswith("there is no file ")
    assert str(caught.value).isprintable()


def test_unknown_name_lists_the_known_and_the_nearest(home: Path) -> None:
    kept(home, "r1-qwen-7b.gguf")
    with pytest.raises(UsageError) as caught:
        find_model("r1-qwen-7")
    assert str(caught.value) == ("there is no model called 'r1-qwen-7': did you mean 'r1-qwen-7b'? known here: "
                                 "countdown, r1-qwen-7b; give the path of a .gguf file, "
                                 f"or put it into {locations.local_models()}")


def test_unknown_name_with_nothing_near_it_suggests_nothing() -> None:
    with pytest.raises(UsageError, match="'zzz': known here: countdown; give the path"):
        find_model("zzz")


@pytest.mark.parametrize("name", ["x" * 5000, "a\nb\x1b[2J", ""])
def test_impossible_name_is_one_short_line(name: str) -> None:
    with pytest.raises((UsageError, ModelFileError)) as caught:
        find_model(name)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 300


def test_name_of_several_models_asks_for_a_path(home: Path) -> None:
    one, two = kept(home, "a/r1.gguf"), kept(home, "b/r1.gguf")
    with pytest.raises(UsageError) as caught:
        find_model("r1")
    assert str(one) in str(caught.value) and str(two) in str(caught.value)


def test_no_folder_of_own_models_is_no_error(home: Path) -> None:
    assert not home.exists()
    assert list(known_models()) == ["countdown"]


def studio(person: Path, name: str) -> Path:
    return kept(person / ".lmstudio" / "models" / "publisher" / "repository", name)


def snapshot(name: str, repository: str = "o/r", commit: str = "c0ffee") -> Path:
    folder = locations.hugging_face_cache() / f"models--{repository.replace('/', '--')}"
    return kept(folder / "snapshots" / commit, name)


def pull(*names: str, model: str = "", precision: str = "Q4_K_M", checked: bool = True, size: int = LEAST,
         repository: str = "o/r", commit: str = "c0ffee", written: int = 1) -> Path:
    """A receipt `written` at a second, and the files that it names, in the Hub's cache."""
    paths = [snapshot(name, repository, commit) for name in names]
    files = tuple(PulledFile(name, str(path), size, "") for name, path in zip(names, paths, strict=True))
    before = set(locations.receipts().glob("*.json"))
    write_receipt(Receipt(repository, commit, precision, files, model=model, checked=checked))
    for path in set(locations.receipts().glob("*.json")) - before:
        os.utime(path, (written, written))
    return paths[0]


def ollama(person: Path, manifest: str) -> Path:
    folder = person / ".ollama" / "models"
    path = kept(folder / "manifests", manifest)
    path.write_text('{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:%s"}]}'
                    % ("ab" * 32), encoding="utf-8")
    return kept(folder / "blobs", "sha256-" + "ab" * 32)


def keepers() -> dict[str, str]:
    return {model.name: model.keeper for model in found_models()}


def test_everything_that_is_here_is_listed_with_its_keeper_the_best_first(home: Path, person: Path) -> None:
    kept(home, "mine.gguf").write_bytes(model_bytes(100))
    pull("pulled-Q4_K_M.gguf")
    snapshot("cached.gguf")
    studio(person, "studio-Q8_0.gguf")
    blob = ollama(person, "registry.ollama.ai/library/deepseek-r1/7b")
    assert list(keepers().items()) == [
        ("countdown", BUNDLED), ("mine", OWN), ("pulled-Q4_K_M", PULLED), ("cached", HUGGING_FACE),
        ("studio-Q8_0", LM_STUDIO), ("deepseek-r1:7b", OLLAMA)]
    assert list(known_models()) == list(keepers())
    by_name = {model.name: model for model in found_models()}
    assert by_name["mine"] == FoundModel("mine", home / "mine.gguf", OWN, 100, ("mine", "mine.gguf"))
    assert by_name["studio-Q8_0"].precision == "Q8_0"
    assert by_name["deepseek-r1:7b"].path == blob


@pytest.mark.parametrize("name", ["studio-Q8_0", "studio-Q8_0.gguf"])
def test_another_programs_model_is_found_by_its_file(person: Path, name: str) -> None:
    path = studio(person, "studio-Q8_0.gguf")
    assert find_model(name) == path


def test_ollamas_model_is_found_by_ollamas_name(person: Path) -> None:
    blob = ollama(person, "registry.ollama.ai/library/qwq/latest")
    assert find_model("qwq:latest") == find_model("qwq") == blob
    blob = ollama(person, "hf.co/bartowski/R1-GGUF/Q4_K_M")
    assert find_model("hf.co/bartowski/R1-GGUF:Q4_K_M") == blob


def test_the_size_of_a_split_model_is_that_of_all_its_parts(home: Path) -> None:
    for number in (1, 2):
        kept(home, f"r1-0000{number}-of-00002.gguf").write_bytes(model_bytes(LEAST * number))
    assert [model.bytes for model in found_models() if model.keeper == OWN] == [LEAST * 3]


def test_a_split_model_without_a_part_is_not_offered(home: Path) -> None:
    first = kept(home, "r1-00001-of-00002.gguf")
    with pytest.raises(UsageError, match="no model called 'r1'"):
        find_model("r1")
    assert find_model(str(first)) == first  # whoever reads it says which part is missing


def test_an_unfinished_download_is_not_offered_wherever_it_is_found(person: Path) -> None:
    path = pull("whole-Q4_K_M.gguf", checked=False)
    assert list(keepers()) == ["countdown"]
    studio(person, "x").unlink()
    (person / ".lmstudio" / "models" / "publisher" / "repository" / "linked.gguf").hardlink_to(path)
    assert list(keepers()) == ["countdown"]
    pull("whole-Q4_K_M.gguf")
    assert keepers() == {"countdown": BUNDLED, "whole-Q4_K_M": PULLED}


def test_a_split_model_of_which_a_part_is_unfinished_is_not_offered() -> None:
    pull("r1-00001-of-00002.gguf", "r1-00002-of-00002.gguf", checked=False)
    assert list(keepers()) == ["countdown"]


def test_a_pulled_model_whose_precision_nobody_knows_is_called_by_its_model_alone() -> None:
    path = pull("any.gguf", model="r1-qwen-7b", precision="")
    assert keepers() == {"countdown": BUNDLED, "r1-qwen-7b": PULLED}
    assert find_model("r1-qwen-7b") == path


@pytest.mark.parametrize("parts", [("r1-Q4_K_M.gguf",), ("r1-00001-of-00002.gguf", "r1-00002-of-00002.gguf")])
def test_a_pulled_model_that_is_cut_short_since_is_nobodys(parts: tuple[str, ...]) -> None:
    path = pull(*parts)
    assert PULLED in keepers().values()
    path.with_name(parts[-1]).write_bytes(bytes(LEAST + 1))
    assert keepers() == {"countdown": BUNDLED}
    assert find_model(str(path)) == path  # a path is a person's own affair


def test_a_pulled_model_that_lost_a_part_is_nobodys() -> None:
    path = pull("r1-00001-of-00002.gguf", "r1-00002-of-00002.gguf")
    path.with_name("r1-00002-of-00002.gguf").rename(path.with_name("kept-elsewhere.bin"))
    assert keepers() == {"countdown": BUNDLED}


def test_what_two_commits_share_is_no_less_whole_when_one_of_them_is_damaged() -> None:
    old = pull("r1-00001-of-00002.gguf", "r1-00002-of-00002.gguf")
    new = pull("r1-00001-of-00002.gguf", "r1-00002-of-00002.gguf", commit="decade")
    new.unlink()
    new.hardlink_to(old)
    old.with_name("r1-00002-of-00002.gguf").write_bytes(b"")
    assert find_model("r1") == new


def test_of_a_model_that_was_pulled_twice_the_latest_has_the_name_and_all_can_be_named() -> None:
    first = pull(f"{TITLE}-Q8_0.gguf", model="r1-qwen-7b", precision="Q8_0", written=1)
    other = pull(f"{TITLE}-Q8_0.gguf", model="r1-qwen-7b", precision="Q8_0", repository="you/r", written=2)
    latest = pull(f"{TITLE}-Q8_0.gguf", model="r1-qwen-7b", precision="Q8_0", commit="decade", written=3)
    assert find_model("r1-qwen-7b:Q8_0") == find_model("r1-qwen-7b") == find_model("r1-qwen-7b:q8_0") == latest
    assert {model.path: model.name for model in found_models() if model.keeper == PULLED} == {
        latest: "r1-qwen-7b:Q8_0", other: f"hf:you/r/{TITLE}-Q8_0.gguf", first: f"hf:o/r@c0ffee/{TITLE}-Q8_0.gguf"}
    for model in found_models():
        assert find_model(model.name) == model.path and name_for(model.path) == model.name


def test_a_file_that_was_pulled_at_two_commits_is_meant_as_it_is_now() -> None:
    pull("tiny-Q4_K_M.gguf", written=1)
    now = pull("tiny-Q4_K_M.gguf", commit="decade", written=2)
    os.utime(now.parent, (2**31, 2**31))  # a snapshot is as old as its folder
    assert find_model("tiny-Q4_K_M") == find_model("hf:o/r/tiny-Q4_K_M.gguf") == now
    assert name_for(now) == "tiny-Q4_K_M"


def test_what_a_file_is_called_means_it_alone(home: Path, tmp_path: Path) -> None:
    one, two = kept(home, "a/r1.gguf"), kept(home, "b/r1.gguf")
    parts = pull("m-Q6_K-00001-of-00002.gguf", "m-Q6_K-00002-of-00002.gguf")
    assert (name_for(one), name_for(two), name_for(parts)) == (str(one), str(two), "m-Q6_K")
    assert name_for(tmp_path / "none.gguf") == str(tmp_path / "none.gguf")
    (tmp_path / "m-Q6_K").touch()  # a file beside whoever asks wins
    assert find_model(name_for(parts)) == parts


@pytest.mark.parametrize("content", [b"", b"GGUF", model_bytes(LEAST - 1)])
def test_a_file_too_short_for_a_header_is_no_model(home: Path, content: bytes) -> None:
    kept(home, "stub.gguf").write_bytes(content)
    assert list(keepers()) == ["countdown"]
    kept(home, "stub.gguf")
    assert list(keepers()) == ["countdown", "stub"]


def test_a_file_with_other_content_is_no_model_and_its_path_stays_a_persons_own_affair(home: Path) -> None:
    path = kept(home, "page.gguf")
    path.write_bytes(b"<!doctype html>" + bytes(LEAST))
    assert list(keepers()) == ["countdown"] and find_model(str(path)) == path
    path.write_bytes(model_bytes())
    path.rename(path.with_name("PAGE.GGUF"))
    assert list(keepers()) == ["countdown", "PAGE"]
    with pytest.raises(ModelFileError, match="there is no file"):
        find_model("NONE.GGUF")


@pytest.mark.skipif(sys.platform == "win32", reason="no name has a line's end there")
def test_names_of_two_lines_are_listed_in_one(home: Path) -> None:
    kept(home, "a\nb.gguf")
    with pytest.raises(UsageError) as caught:
        find_model("zzz")
    assert str(caught.value).isprintable() and "known here: 'a\\nb', countdown;" in str(caught.value)


def test_one_file_under_several_keepers_is_one_model_under_all_its_names(home: Path, person: Path) -> None:
    pulled = pull(f"{TITLE}-Q4_K_M.gguf", model="r1-qwen-7b")
    linked = studio(person, "x").with_name("studio.gguf")
    linked.hardlink_to(pulled)
    linked.with_name("x").unlink()
    assert keepers() == {"countdown": BUNDLED, "r1-qwen-7b:Q4_K_M": PULLED}
    assert find_model("studio") == find_model(f"{TITLE}-Q4_K_M") == find_model("r1-qwen-7b") == pulled
    home.mkdir(parents=True)
    (home / "favourite.gguf").hardlink_to(pulled)
    assert keepers() == {"countdown": BUNDLED, "favourite": OWN}
    assert find_model("r1-qwen-7b:q4_k_m") == home / "favourite.gguf"


def test_a_name_of_several_keepers_asks_for_a_path(home: Path, person: Path) -> None:
    one, two = kept(home, "r1.gguf"), studio(person, "r1.gguf")
    with pytest.raises(UsageError) as caught:
        find_model("r1")
    assert str(caught.value) == f"'r1' is the name of 2 models: give the path of one, {one}, {two}"
    assert known_models()["r1"] == one


@pytest.mark.parametrize("name", [
    "r1-qwen-7b", "R1-Qwen-7B", "r1-qwen-7b:Q4_K_M", "r1-qwen-7b:q4_k_m", TITLE, f"{TITLE}:Q4_K_M", "deepseek-r1:7b",
    "deepseek-r1:7b:Q4_K_M"])
@pytest.mark.parametrize("keeper", [PULLED, LM_STUDIO, OLLAMA, OWN])
def test_a_model_of_the_catalogue_is_found_whoever_keeps_it(home: Path, person: Path, keeper: str, name: str) -> None:
    file = f"{TITLE}-Q4_K_M.gguf"
    places = {PULLED: lambda: pull("any-name.gguf", model="r1-qwen-7b"), LM_STUDIO: lambda: studio(person, file),
            OLLAMA: lambda: ollama(person, f"hf.co/bartowski/{TITLE}-GGUF/Q4_K_M"), OWN: lambda: kept(home, file)}
    path = places[keeper]()
    assert find_model(name) == path


def test_several_precisions_of_a_model_are_listed_where_none_is_named(person: Path) -> None:
    four, eight = pull("any.gguf", model="r1-qwen-7b"), studio(person, f"{TITLE}-Q8_0.gguf")
    with pytest.raises(UsageError) as caught:
        find_model("r1-qwen-7b")
    assert str(caught.value) == ("r1-qwen-7b is here in 2 precisions: name one, "
                                 "r1-qwen-7b:Q4_K_M, r1-qwen-7b:Q8_0")
    assert find_model("r1-qwen-7b:q4_k_m") == four
    assert find_model("r1-qwen-7b:q8_0") == eight


def test_a_precision_that_the_catalogue_does_not_list_is_found_where_it_is_here(person: Path) -> None:
    path = studio(person, f"{TITLE}-IQ4_XS.gguf")
    assert find_model("r1-qwen-7b:iq4_xs") == path


def test_of_two_copies_at_one_precision_the_best_keepers_is_taken(person: Path) -> None:
    studio(person, f"{TITLE}-Q4_K_M.gguf")
    pulled = pull("any.gguf", model="r1-qwen-7b")
    assert find_model("r1-qwen-7b") == pulled


@pytest.mark.parametrize(("name", "said"), [
    ("r1-qwen-7b", "r1-qwen-7b is not downloaded: localthink models pull r1-qwen-7b"),
    ("deepseek-r1:7b", "r1-qwen-7b is not downloaded: localthink models pull r1-qwen-7b"),
    (f"{TITLE.lower()}:q8_0", "r1-qwen-7b:Q8_0 is not downloaded: localthink models pull r1-qwen-7b:Q8_0"),
    ("r1-qwen-7b:Q9_0", "r1-qwen-7b has no precision 'Q9_0' in the catalogue: "
     "it is one of Q3_K_M, Q4_K_M, Q5_K_M, Q6_K, Q8_0"),
])
def test_a_model_of_the_catalogue_that_is_not_here_says_how_to_get_it(name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_model(name)
    assert str(caught.value) == said


def test_a_pull_that_was_not_checked_to_its_end_is_no_model_and_is_said_to_be_none() -> None:
    pull("any.gguf", model="r1-qwen-7b", checked=False)
    with pytest.raises(UsageError, match=r"^r1-qwen-7b is damaged or not checked "
                       r"\(localthink models verify says why\): localthink models pull r1-qwen-7b$"):
        find_model("r1-qwen-7b")


def test_a_precision_that_is_not_here_says_which_is(person: Path) -> None:
    studio(person, f"{TITLE}-Q8_0.gguf")
    with pytest.raises(UsageError) as caught:
        find_model("r1-qwen-7b:Q4_K_M")
    assert str(caught.value) == ("r1-qwen-7b:Q4_K_M is not downloaded: localthink models pull r1-qwen-7b:Q4_K_M; "
                                 "here is r1-qwen-7b:Q8_0")


def test_a_mistyped_name_of_the_catalogue_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no model called 'r1-qwen-70b': did you mean 'r1-qwen-7b'"):
        find_model("r1-qwen-70b")


def test_a_long_list_of_known_models_is_cut(home: Path) -> None:
    for number in range(40):
        kept(home, f"model-{number:02}.gguf")
    with pytest.raises(UsageError, match=r"known here: countdown, model-00, .*, model-18 and 21 more; give the path"):
        find_model("zzz")


def test_a_mistake_in_ones_own_catalogue_does_not_hide_what_is_here(home: Path) -> None:
    path = kept(home, "mine.gguf")
    locations.user_catalogue().parent.mkdir(parents=True)
    locations.user_catalogue().write_text("[mine")
    assert find_model("mine") == path
    with pytest.raises(ModelFileError, match="there is no file"):
        find_model("gone.gguf")
    with pytest.raises(UsageError, match=r"catalogue\.toml cannot be read"):
        find_model("r1-qwen-7b")


def test_what_a_found_model_is_in_the_catalogue_is_said_by_its_receipt_or_its_name(home: Path, person: Path) -> None:
    pulled = pull("any.gguf", model="r1-llama-8b", precision="Q6_K")
    titled, plain = studio(person, f"{TITLE}-Q8_0.gguf"), kept(home, "plain-Q4_0.gguf")
    blob = ollama(person, "registry.ollama.ai/library/deepseek-r1/7b")
    known: dict[Path, str] = {}
    for model in found_models():
        entry = catalogue_name(model)
        assert entry == catalogue_name(model.path)
        if entry is not None:
            known[model.path] = f"{entry[0].name}:{entry[1]}"
    assert known == {pulled: "r1-llama-8b:Q6_K", titled: "r1-qwen-7b:Q8_0", blob: "r1-qwen-7b:"}
    assert catalogue_name(plain) is None


def test_a_file_that_nobody_keeps_is_known_by_its_name(tmp_path: Path) -> None:
    entry = catalogue_name(tmp_path / "QwQ-32B-Q6_K.gguf")
    assert entry is not None and (entry[0].name, entry[1]) == ("qwq-32b", "Q6_K")


def test_a_receipt_of_a_model_that_left_the_catalogue_still_names_its_file() -> None:
    path = pull("any-Q4_K_M.gguf", model="gone")
    assert find_model("gone:Q4_K_M") == path
    assert catalogue_name(path) is None
