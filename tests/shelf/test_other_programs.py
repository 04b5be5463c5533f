"""What other programs keep is found where each of them keeps it, once, and only when it is whole."""
from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from localthink import locations
from localthink.shelf.other_programs import (
    HUGGING_FACE,
    LLAMA_CPP,
    LM_STUDIO,
    OLLAMA,
    KeptModel,
    in_files,
    model_files,
    other_models,
)

WEIGHTS = "GGUF, and twenty bytes more"  # no model is shorter than 24
NAME = "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M"
DIGEST = "ab" * 32
links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")


def file(path: Path, content: str = WEIGHTS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def snapshot(cache: Path, repository: str, commit: str, *names: str) -> tuple[Path, ...]:
    folder = cache / f"models--{repository.replace('/', '--')}" / "snapshots" / commit
    return tuple(file(folder / name) for name in names)


def ollama(folder: Path, name: str, *, digest: str = DIGEST, size: int | None = len(WEIGHTS), file_type: str = "Q4_K_M",
           weights: str | None = WEIGHTS) -> Path:
    """A model of ollama's, `name` being host/namespace/model/tag; the path of its blob."""
    config = file(folder / "blobs" / f"sha256-{'0' * 64}", json.dumps({"file_type": file_type}))
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": size}
    if size is None:
        del layer["size"]
    file(folder / "manifests" / name, json.dumps({
        "config": {"digest": config.name.replace("-", ":")},
        "layers": [{"mediaType": "application/vnd.ollama.image.template", "digest": f"sha256:{'1' * 64}"}, layer]}))
    blob = folder / "blobs" / f"sha256-{digest}"
    if weights is not None:
        file(blob, weights)
    return blob


def found() -> list[KeptModel]:
    return list(other_models())


def test_where_nothing_is_kept_nothing_is_found() -> None:
    assert found() == []


@pytest.mark.parametrize(("variables", "place"), [
    ({}, "~/.cache/huggingface/hub"),
    ({"XDG_CACHE_HOME": "{0}/xdg"}, "{0}/xdg/huggingface/hub"),
    ({"HF_HOME": "{0}/hf", "XDG_CACHE_HOME": "{0}/xdg"}, "{0}/hf/hub"),
    ({"HF_HOME": "~/hf"}, "~/hf/hub"),
    ({"HF_HUB_CACHE": "{0}/hub", "HUGGINGFACE_HUB_CACHE": "{0}/old", "HF_HOME": "{0}/hf"}, "{0}/hub"),
    ({"HUGGINGFACE_HUB_CACHE": "{0}/old", "HF_HOME": "{0}/hf"}, "{0}/old"),
    ({"HF_HUB_CACHE": "", "HF_HOME": ""}, "~/.cache/huggingface/hub"),
])
def test_the_hubs_cache_is_where_its_client_has_it(variables: dict[str, str], place: str, tmp_path: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value.format(tmp_path))
    cache = Path(place.format(tmp_path)).expanduser()
    assert locations.hugging_face_cache() == cache
    (path,) = snapshot(cache, "bartowski/DeepSeek-R1-Distill-Qwen-7B-GGUF", "c0ffee", f"{NAME}.gguf")
    assert found() == [KeptModel(HUGGING_FACE, (NAME, f"{NAME}.gguf"), (path,), "Q4_K_M")]


def test_of_several_snapshots_the_latest_that_has_the_whole_model_counts() -> None:
    cache = locations.hugging_face_cache()
    old = snapshot(cache, "o/r", "aaaa", "m-00001-of-00002.gguf", "m-00002-of-00002.gguf", "other.gguf", "gone.gguf")
    middle = snapshot(cache, "o/r", "bbbb", "other.gguf")
    new = snapshot(cache, "o/r", "cccc", "m-00001-of-00002.gguf", "other.gguf")
    for age, paths in enumerate((new, middle, old)):
        os.utime(paths[0].parent, (10_000 - age, 10_000 - age))
    assert {model.parts for model in found()} == {old[:2], (new[1],), (old[3],)}
    file(cache / "models--o--r" / "refs" / "main", "bbbb\n")  # the newest folder is not the branch's latest
    assert {model.parts for model in found()} == {old[:2], middle, (old[3],)}


def test_folders_of_a_repository_hold_models_of_their_own() -> None:
    cache = locations.hugging_face_cache()
    paths = snapshot(cache, "o/r", "aaaa", "Q4_K_M/model.gguf", "Q8_0/model.gguf")
    assert [model.parts for model in found()] == [(path,) for path in paths]


def test_data_sets_of_the_hub_are_not_looked_through() -> None:
    file(locations.hugging_face_cache() / "datasets--o--r" / "snapshots" / "aaaa" / "model.gguf")
    assert found() == []


@links
def test_a_snapshot_points_at_blobs_and_what_points_nowhere_is_not_offered() -> None:
    cache = locations.hugging_face_cache()
    blob = file(cache / "models--o--r" / "blobs" / "sum")
    folder = cache / "models--o--r" / "snapshots" / "aaaa"
    folder.mkdir(parents=True)
    (folder / "here.gguf").symlink_to(os.path.relpath(blob, folder))
    (folder / "gone.gguf").symlink_to(os.path.relpath(blob.with_name("none"), folder))
    assert [model.names[0] for model in found()] == ["here"]


@pytest.mark.parametrize(("platform", "variables", "place"), [
    ("linux", {}, "~/.cache/llama.cpp"),
    ("linux", {"XDG_CACHE_HOME": "{0}/xdg"}, "{0}/xdg/llama.cpp"),
    ("darwin", {}, "~/Library/Caches/llama.cpp"),
    ("win32", {"LOCALAPPDATA": "{0}/local"}, "{0}/local/llama.cpp"),
    ("linux", {"LLAMA_CACHE": "{0}/cache"}, "{0}/cache"),
    ("win32", {"LLAMA_CACHE": "{0}/cache"}, "{0}/cache"),
])
def test_what_llama_cpp_downloaded_is_found(platform: str, variables: dict[str, str], place: str, tmp_path: Path,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value.format(tmp_path))
    name = f"bartowski_DeepSeek-R1-Distill-Qwen-7B-GGUF_{NAME}"
    path = file(Path(place.format(tmp_path)).expanduser() / f"{name}.gguf")
    file(path.with_name(f"{name}.gguf.json"))
    file(path.with_name("another.gguf.downloadInProgress"))
    assert found() == [KeptModel(LLAMA_CPP, (name, f"{name}.gguf"), (path,), "Q4_K_M")]


@pytest.mark.parametrize("home", [".lmstudio", ".cache/lm-studio"])
def test_lm_studios_models_are_found(person: Path, home: str) -> None:
    path = file(person / home / "models" / "lmstudio-community" / "R1-GGUF" / f"{NAME}.gguf")
    file(path.with_name("mmproj-model-f16.gguf"))
    assert found() == [KeptModel(LM_STUDIO, (NAME, f"{NAME}.gguf"), (path,), "Q4_K_M")]


def test_lm_studios_pointer_says_where_its_home_is(person: Path, tmp_path: Path) -> None:
    path = file(tmp_path / "big disk" / "models" / "p" / "r" / f"{NAME}.gguf")
    file(person / ".lmstudio-home-pointer", f"{tmp_path / 'big disk'}\n")
    assert [model.parts for model in found()] == [(path,)]
    file(person / ".lmstudio-home-pointer", str(person / ".lmstudio"))  # as it usually is
    assert locations.lm_studio_models() == (person / ".lmstudio" / "models", person / ".cache" / "lm-studio" / "models")
    (person / ".lmstudio-home-pointer").write_bytes(b"\xff\0")
    assert found() == []


def test_lm_studios_settings_say_where_its_models_are(person: Path, tmp_path: Path) -> None:
    moved = file(tmp_path / "models on the big disk" / "p" / "r" / f"{NAME}.gguf")
    left = file(person / ".lmstudio" / "models" / "p" / "r" / "old.gguf")
    settings = file(person / ".lmstudio" / "settings.json", json.dumps({"downloadsFolder": str(moved.parents[2])}))
    assert [model.parts for model in found()] == [(moved,), (left,)]
    for damaged in ("", "[]", "{", '{"downloadsFolder": 3}', '{"downloadsFolder": ""}', "[" * 100_000):
        settings.write_text(damaged)
        assert [model.parts for model in found()] == [(left,)]


@pytest.mark.parametrize(("manifest", "names"), [
    ("registry.ollama.ai/library/deepseek-r1/7b", ("deepseek-r1:7b",)),
    ("registry.ollama.ai/library/qwq/latest", ("qwq:latest", "qwq")),
    ("registry.ollama.ai/somebody/r1/8b", ("somebody/r1:8b",)),
    ("hf.co/bartowski/R1-GGUF/Q4_K_M", ("hf.co/bartowski/R1-GGUF:Q4_K_M",)),
])
def test_ollamas_models_are_called_as_it_calls_them(person: Path, manifest: str, names: tuple[str, ...]) -> None:
    blob = ollama(person / ".ollama" / "models", manifest)
    assert found() == [KeptModel(OLLAMA, names, (blob,), "Q4_K_M")]


def test_ollamas_models_are_found_where_the_variable_moves_them_and_the_service_keeps_them(
        person: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "moved"))
    monkeypatch.setattr(locations, "OLLAMA_SERVICE", tmp_path / "service")
    for folder, model in ((tmp_path / "moved", "a"), (person / ".ollama" / "models", "b"), (tmp_path / "service", "c")):
        ollama(folder, f"registry.ollama.ai/library/{model}/1b")
    assert [model.names for model in found()] == [("a:1b",), ("b:1b",), ("c:1b",)]


def test_ollamas_precision_is_that_of_its_configuration_or_of_the_tag(person: Path) -> None:
    folder = person / ".ollama" / "models"
    ollama(folder, "registry.ollama.ai/library/m/7b-q8_0", file_type="unknown")
    assert [model.precision for model in found()] == ["Q8_0"]
    (folder / "blobs" / f"sha256-{'0' * 64}").unlink()
    assert [model.precision for model in found()] == ["Q8_0"]


@pytest.mark.parametrize("damage", [
    {"weights": None}, {"size": 8}, {"digest": "../../secret"}, {"digest": "AB" * 32}, {"digest": "ab"},
])
def test_a_manifest_without_its_whole_blob_is_no_model(person: Path, damage: dict[str, object]) -> None:
    arguments = {"weights": WEIGHTS} | damage
    if "digest" in damage:
        arguments["weights"] = None
    ollama(person / ".ollama" / "models", "registry.ollama.ai/library/m/1b", **arguments)  # type: ignore[arg-type]
    assert found() == []


def test_a_size_that_a_manifest_does_not_say_is_not_missed(person: Path) -> None:
    ollama(person / ".ollama" / "models", "registry.ollama.ai/library/m/1b", size=None)
    assert len(found()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no name has a colon there")
@pytest.mark.parametrize("digest", [f"sha256:{DIGEST}", f"sha256-{DIGEST}"])
def test_early_ollamas_blobs_have_a_colon_in_their_names(person: Path, digest: str) -> None:
    folder = person / ".ollama" / "models"
    blob = ollama(folder, "registry.ollama.ai/library/m/1b")
    blob = blob.rename(blob.with_name(f"sha256:{DIGEST}"))
    config = folder / "blobs" / f"sha256-{'0' * 64}"
    config.rename(config.with_name(f"sha256:{'0' * 64}"))
    manifest = folder / "manifests" / "registry.ollama.ai" / "library" / "m" / "1b"
    manifest.write_text(manifest.read_text().replace(f"sha256:{DIGEST}", digest))
    assert found() == [KeptModel(OLLAMA, ("m:1b",), (blob,), "Q4_K_M")]


def test_a_blob_that_is_no_model_is_not_offered(person: Path) -> None:
    ollama(person / ".ollama" / "models", "registry.ollama.ai/library/m/1b", weights="x" * len(WEIGHTS))
    assert found() == []


@pytest.mark.parametrize("content", [
    "", "[]", "null", "{", '{"layers": 3}', '{"layers": [3, null]}', '{"layers": [{"mediaType": 1}]}',
    '{"layers": [{"mediaType": "application/vnd.ollama.image.model"}]}',
    '{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": 3}]}', "\udcff",
    "[" * 100_000, '{"layers": ' * 100_000, '{"layers": ' + "9" * 5000 + "}",
], ids=lambda content: content[:20])
def test_a_damaged_manifest_is_passed_over(person: Path, content: str) -> None:
    folder = person / ".ollama" / "models"
    ollama(folder, "registry.ollama.ai/library/whole/1b")
    (folder / "manifests" / "registry.ollama.ai" / "library" / "whole" / "2b").write_bytes(
        content.encode("utf-8", "surrogateescape"))
    assert [model.names for model in found()] == [("whole:1b",)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes among files are of POSIX")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(person: Path) -> None:
    folder = person / ".ollama" / "models"
    blob = ollama(folder, "registry.ollama.ai/library/whole/1b")
    (path,) = snapshot(locations.hugging_face_cache(), "o/r", "aaaa", f"{NAME}.gguf")
    (path.parents[2] / "refs").mkdir()
    (person / ".lmstudio").mkdir()
    for pipe in (folder / "manifests" / "registry.ollama.ai" / "library" / "whole" / "2b",
                 path.parents[2] / "refs" / "main", person / ".lmstudio-home-pointer",
                 person / ".lmstudio" / "settings.json"):
        os.mkfifo(pipe)
    assert [model.parts for model in found()] == [(path,), (blob,)]


@pytest.mark.parametrize("written", ["[" * 500 + "]" * 500, "3", "null"])
def test_a_configuration_without_a_precision_leaves_it_to_the_tag(person: Path, written: str) -> None:
    folder = person / ".ollama" / "models"
    ollama(folder, "registry.ollama.ai/library/m/7b-q8_0")
    file(folder / "blobs" / f"sha256-{'0' * 64}", f'{{"file_type": {written}}}')
    assert [model.precision for model in found()] == ["Q8_0"]


@pytest.mark.parametrize("name", [
    "mmproj-model-f16.gguf", "R1-mmproj-Q8_0.gguf", "imatrix_unsloth.gguf", "R1.imatrix.gguf", "R1-imatrix.gguf",
    "ggml-vocab-qwen2.gguf", "ggml-vocab-Q4_0.gguf", "R1-vocab.gguf", "R1.gguf.part", "R1.gguf.incomplete",
    "R1.gguf.downloadInProgress", "R1.safetensors", "R1-00002-of-00002.gguf", "R1-00001-of-00002.gguf",
    "R1-00003-of-00001.gguf", ".gguf/x",
])
def test_what_is_no_whole_model_is_not_offered(tmp_path: Path, name: str) -> None:
    file(tmp_path / "folder" / name)
    assert list(model_files(tmp_path / "folder")) == []


@pytest.mark.parametrize("name", ["R1-imatrix-Q4_K_M.gguf", "vocabulary.gguf", "R1.Q4_K_M.imatrix.gguf", "R1.gguf"])
def test_a_model_is_not_taken_for_something_else(tmp_path: Path, name: str) -> None:
    path = file(tmp_path / "folder" / name)
    assert list(model_files(tmp_path / "folder")) == [(path,)]


@pytest.mark.parametrize("suffix", [".part", ".aria2", ".incomplete", ".crdownload", ".downloadInProgress"])
@pytest.mark.parametrize("name", ["R1.gguf", "R1-00001-of-00002.gguf", "R1-00002-of-00002.gguf"])
def test_a_file_that_is_still_being_downloaded_is_not_offered(tmp_path: Path, name: str, suffix: str) -> None:
    paths = [file(tmp_path / name) for name in ("R1.gguf", "R1-00001-of-00002.gguf", "R1-00002-of-00002.gguf")]
    file(tmp_path / f"{name}{suffix}")
    whole = [tuple(paths[1:])] if name == "R1.gguf" else [(paths[0],)]
    assert list(model_files(tmp_path)) == whole


@pytest.mark.parametrize(("name", "content"), [
    ("._R1.gguf", b"\x00\x05\x16\x07" + bytes(4092)), (".R1.gguf", WEIGHTS.encode()), ("R1.gguf", bytes(5000)),
    ("R1.gguf", b"version https://git-lfs.github.com/spec/v1\n"), ("R1.gguf", b"../../blobs/" + b"a" * 64),
    ("R1.gguf", b"gguf" + bytes(100)), ("R1.gguf", b"GGUF" + bytes(19)), ("R1.gguf.download/R1.bin", WEIGHTS.encode()),
    (".Trash-1000/files/R1.gguf", WEIGHTS.encode()), ("$RECYCLE.BIN/S-1-5-21/$R1.gguf", WEIGHTS.encode()),
    (".git/lfs/objects/R1.gguf", WEIGHTS.encode()), ("deep/.Trashes/R1.gguf", WEIGHTS.encode()),
    ("#recycle/R1.gguf", WEIGHTS.encode()), ("R1-00001-of-00002.GGUF", WEIGHTS.encode()),
])
def test_what_only_looks_like_a_model_is_not_offered_nor_what_is_hidden_or_thrown_away(
        tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / "folder" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    if "-of-" in name:  # llama.cpp would not find the second
        path.with_name(name.replace("-00001", "-00002")).write_bytes(content)
    assert list(model_files(tmp_path / "folder")) == []


@links
@pytest.mark.parametrize("target", ["nowhere", "text", "folder", "R1.gguf"])
def test_a_link_that_leads_to_no_model_is_not_offered(tmp_path: Path, target: str) -> None:
    file(tmp_path / "text", "a page of text that has more than twenty-four bytes")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "folder").mkdir()
    (tmp_path / "models" / "R1.gguf").symlink_to(tmp_path / target if target == "text" else target)
    assert list(model_files(tmp_path / "models")) == []


@pytest.mark.parametrize("name", ["R1.GGUF", "R1.Gguf", "R1-00001-of-00001.GGUF"])
def test_capitals_in_a_files_name_do_not_matter(tmp_path: Path, name: str) -> None:
    path = file(tmp_path / name)
    ((found,),) = model_files(tmp_path)
    assert found == path and in_files("", (found,)).names[0] == "R1"


def test_the_folder_that_is_looked_through_may_be_hidden_itself(tmp_path: Path) -> None:
    path = file(tmp_path / ".cache" / "models" / "R1.gguf")
    assert list(model_files(path.parent)) == [(path,)]


def test_a_part_that_is_no_model_makes_the_whole_none(tmp_path: Path) -> None:
    parts = tuple(file(tmp_path / f"R1-{number:05}-of-00002.gguf") for number in (1, 2))
    assert list(model_files(tmp_path)) == [parts]
    parts[1].write_text("<!doctype html> and so on for a while")
    assert list(model_files(tmp_path)) == []


def test_a_split_model_is_one_and_comes_with_all_its_parts(tmp_path: Path) -> None:
    parts = tuple(file(tmp_path / f"R1-{number:05}-of-00012.gguf") for number in range(1, 13))
    assert list(model_files(tmp_path)) == [parts]
    parts[7].unlink()
    assert list(model_files(tmp_path)) == []


def test_a_folder_called_like_a_model_is_looked_into(tmp_path: Path) -> None:
    path = file(tmp_path / "R1.gguf" / "R1-Q8_0.gguf")
    assert list(model_files(tmp_path)) == [(path,)]


@links
def test_links_are_followed_and_never_in_circles(tmp_path: Path) -> None:
    path = file(tmp_path / "elsewhere" / "r" / "R1.gguf")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "itself").symlink_to(tmp_path / "elsewhere" / "itself")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "linked").symlink_to(tmp_path / "elsewhere")
    assert list(model_files(tmp_path / "models")) == [(tmp_path / "models" / "linked" / "r" / path.name,)]


def test_a_folder_that_cannot_be_read_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, hidden = file(tmp_path / "a" / "R1.gguf"), file(tmp_path / "b" / "R1.gguf")
    scandir = os.scandir

    def refuse(folder: Path) -> object:
        if Path(folder) == hidden.parent:
            raise PermissionError
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert list(model_files(tmp_path)) == [(path,)]


@pytest.mark.parametrize("folder", ["nowhere", "a\0b", "file"])
def test_what_is_no_folder_holds_no_models(tmp_path: Path, folder: str) -> None:
    file(tmp_path / "file")
    assert list(model_files(tmp_path / folder)) == []
