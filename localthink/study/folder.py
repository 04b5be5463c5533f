"""A study's folder: what it was begun as, and where the runs of each model lie.

    STUDY_DIR/study.json            what it is, in full
    STUDY_DIR/MODEL/test.jsonl      the lines of one set, problem after problem, every setting of each
    STUDY_DIR/MODEL/test/           their run, as `localthink run` leaves it
"""
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localthink import locations
from localthink.batch.ledger import RESULTS, make_folder
from localthink.batch.manifest import now, write_json
from localthink.errors import LocalthinkError, UsageError
from localthink.study.problems import Problems, check_apart, read_problems
from localthink.study.spec import COUNTDOWN, SETS, SetName, Study, find_study, read_study, stem
from localthink.text.visible import shown_name

RECORD, FORMAT = "study.json", 1
REPORT, FIGURES = "report.html", "figures"
VERDICT = "report.json"  # what the report says in a sentence, for whatever lists reports


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """One folder on the disk, which need not be there yet."""

    path: Path

    @property
    def record(self) -> Path:
        return self.path / RECORD

    def lines(self, model: str, name: SetName) -> Path:
        return self.path / stem(model) / f"{name}.jsonl"

    def run(self, model: str, name: SetName) -> Path:
        return self.path / stem(model) / name

    def results(self, model: str, name: SetName) -> Path:
        return self.run(model, name) / RESULTS


def model_name(model: str) -> str | None:
    """What `find_model` is asked for: the model that comes along has no name there."""
    return None if model == COUNTDOWN else model


def find(name_or_path: str, folder: Path | None = None,
         models: tuple[str, ...] = ()) -> tuple[Study, StudyFolder]:
    """The study of this name, file or folder, and its folder: `folder`, its own, or the one kept for its name.

    `models` are in place of those that it names; then they are in the name of its folder too.
    """
    own = Path(name_or_path)
    if (own / RECORD).is_file():
        return begun_study(StudyFolder(own)), StudyFolder(own)
    study = find_study(name_or_path).with_models(models)
    if folder is None:
        folder = locations.studies() / "-".join([study.name, *map(stem, models)])
    return study, StudyFolder(folder)


def read_record(folder: StudyFolder) -> dict[str, Any] | None:
    """What the folder's study was begun as, None where none was. Raises UsageError for what is no record."""
    try:
        record = json.loads(folder.record.read_text(encoding="utf-8"))
        wrong = record["format"] != FORMAT or not isinstance(record["identity"], dict)
        if wrong or not isinstance(record["data"], dict) or not isinstance(record["toml"], str):
            raise KeyError
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LocalthinkError(f"{folder.record} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{folder.record} is no record of a study that this localthink wrote: restore it",
                         "another folder with -o begins anew") from None
    return record  # type: ignore[no-any-return]


def counted_problems(folder: StudyFolder) -> dict[SetName, int]:
    """How many problems each set of the folder's study has; nothing where none was begun."""
    record = read_record(folder)
    return {name: record["data"][name]["problems"] for name in SETS if name in record["data"]} if record else {}


def begun_study(folder: StudyFolder) -> Study:
    """The study that a folder was begun with. Raises UsageError where none was."""
    record = read_record(folder)
    if record is None:
        raise UsageError(f"{shown_name(folder.path)} holds no study: give the folder that localthink study run wrote")
    study = read_study(record["toml"], str(record["name"]), Path(record["folder"]), str(folder.record))
    return study.with_models(tuple(map(str, record["identity"].get("models", ()))))


def begin(study: Study, folder: StudyFolder) -> dict[SetName, Problems]:
    """The problems of the study's sets; the folder is made, or is found to be this study's.

    Raises UsageError where it is another study's, or this one's before it was edited, with the difference; where the
    data has changed since; and where the sets overlap.
    """
    record = read_record(folder)
    if record is not None:
        _check_same(record["identity"], study.identity, folder)
    known = record["data"] if record is not None else {}
    problems: dict[SetName, Problems] = {}
    for name in SETS:
        if (data := study.data(name)) is not None:
            problems[name] = read_problems(study, data, known.get(name, {}).get("revision"))
    if "choose" in problems:
        check_apart(problems["choose"].problems, problems["test"].problems)
    described = {name: {"sha256": each.sha256, "revision": each.revision, "problems": len(each.problems)}
                 for name, each in problems.items()}
    if record is None:
        make_folder(folder.path)
        write_json(folder.record, {
            "format": FORMAT, "created": now(), "name": study.name, "about": study.about, "identity": study.identity,
            "sha256": study.sha256, "data": described, "folder": str(study.folder.resolve()), "toml": study.toml})
    elif known != described:
        raise UsageError(f"the problems of {study.name} are not those that {shown_name(folder.path)} was begun with: "
                         "restore the data, or give another folder with -o")
    return problems


def begun_studies() -> Iterator[tuple[StudyFolder, dict[str, Any]]]:
    """The studies in the folder where those without `-o` are kept."""
    root = locations.studies()
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        record = read_record(StudyFolder(path))
        if record is not None:
            yield StudyFolder(path), record


def _check_same(old: Mapping[str, Any], new: Mapping[str, Any], folder: StudyFolder) -> None:
    before, after = _flat(old), _flat(new)
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if changed:
        shown = "; ".join(f"{name} was {_shown(before, name)} and is now {_shown(after, name)}" for name in changed)
        raise UsageError(f"{shown_name(folder.path)} was begun as another study: {shown}: undo that, or give another "
                         "folder with -o")


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def _shown(table: Mapping[str, Any], name: str) -> str:
    return json.dumps(table[name], ensure_ascii=False) if name in table else "not there"
