from __future__ import annotations

from pathlib import Path

import pytest

from localthink import locations
from localthink.errors import ModelFileError, UsageError
from localthink.local_models import find_model, known_models
from tiny_gguf import write_tiny_gguf


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a person's own models, empty, beside which `countdown` is the bundled one."""
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    (bundled / "countdown.gguf").touch()
    monkeypatch.setenv(locations.HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.setattr(locations, "bundled_models", lambda: bundled)
    monkeypatch.chdir(tmp_path)
    return locations.local_models()


def kept(home: Path, name: str) -> Path:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
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


@pytest.mark.parametrize("path", ["nowhere.gguf", "models/nowhere", "./nowhere", "../x/y.gguf", "a\0b.gguf"])
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
