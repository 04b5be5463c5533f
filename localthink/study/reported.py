"""What a report is made of: a study's folder, or folders of plain runs that are compared as they are."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from localthink.batch.ledger import RESULTS
from localthink.batch.manifest import read_manifest
from localthink.errors import UsageError
from localthink.generation import LATER, with_fields
from localthink.records import Generation
from localthink.study.analysis import SetAnalysis, analyse, analyse_set
from localthink.study.cells import BASELINE, Cell
from localthink.study.folder import REPORT, counted_problems, find, read_record
from localthink.study.rightness import AUTOMATIC, ThoughtsBy, find_source
from localthink.study.samples import Sample, complete_pairs, read_samples, read_texts, setting_name
from localthink.study.spec import SETS
from localthink.text.visible import shown_name

SHOWN_EACH = 3  # pairs of each kind in the browser of samples
MUST_BE_ONE = ("model sha256", "data sha256", "markers_sha256", "seed", "append", "raw")


@dataclass(frozen=True, slots=True)
class Pair:
    """A problem under the baseline and under the main setting, with one seed, as whole results; `kind` says why."""

    kind: str
    problem: str
    left: Mapping[str, Any]
    right: Mapping[str, Any]
    samples: tuple[Sample, Sample]


@dataclass(frozen=True, slots=True)
class Reported:
    """`facts` are names and values that say where it all comes from; `pairs` are by the place of their analysis."""

    title: str
    about: str
    analyses: tuple[SetAnalysis, ...]
    facts: tuple[tuple[str, str], ...]
    pairs: tuple[tuple[Pair, ...], ...]
    target: Path | None


def report_on(names: Sequence[str], models: tuple[str, ...] = (), by: ThoughtsBy = AUTOMATIC) -> Reported:
    """What there is to report of a study (its name, file or folder), or of several folders of runs.

    `models` are those that the study was run with, where it was not its own; `by` says who judges thoughts.

    Raises UsageError where there are no samples, and for runs that cannot be compared, with the difference.
    """
    if all(read_manifest(Path(name)) is not None for name in names):
        return _of_runs([Path(name) for name in names], by)
    if len(names) > 1:
        missing = next(name for name in names if read_manifest(Path(name)) is None)
        raise UsageError(f"{shown_name(missing)} holds no run: give one study, or folders of `localthink run`")
    study, folder = find(names[0], models=models)
    record = read_record(folder)
    analyses = analyse(study, folder, counted_problems(folder), by)
    if not analyses or record is None:
        raise UsageError(f"{study.name} has no samples yet: localthink study run {names[0]} begins it")
    private = {name for name in SETS if (data := study.data(name)) is not None and data.private}
    pairs = tuple(() if each.name in private else _pairs(each, [folder.results(each.model, each.name)])
                  for each in analyses)
    facts = [("study", study.name), ("study sha256", study.sha256), ("seed", str(study.seed)),
             ("samples of a problem", str(study.samples)), ("begun", str(record["created"]))]
    facts += [(f"data of [{name}]", f"{data.source}, sha256 {record['data'][name]['sha256']}"
               + (f", revision {revision}" if (revision := record["data"][name]["revision"]) else ""))
              for name in SETS if (data := study.data(name)) is not None]
    facts += [fact for each in analyses for fact in _run_facts(folder.run(each.model, each.name), f"[{each.name}] ")]
    return Reported(study.name, study.about, tuple(analyses), tuple(dict.fromkeys(facts)), pairs, folder.path / REPORT)


def _run_facts(run: Path, prefix: str) -> list[tuple[str, str]]:
    manifest = read_manifest(run)
    assert manifest is not None, "its results are there"
    model, settings = manifest["model"], manifest["settings"]
    versions = manifest["sessions"][-1]["versions"] if manifest["sessions"] else {}
    machine = manifest["sessions"][-1]["machine"] if manifest["sessions"] else {}
    return [("model", f"{model['name']}, {model.get('quantization')}, sha256 {model['sha256']}"),
            (f"{prefix}settings of all", ", ".join(f"{name} {settings.get(name)}" for name in (
                "temperature", "top_p", "top_k", "min_p", "max_tokens", "max_thinking", "context", "cache",
                *(name for name in LATER if settings.get(name) is not None)))),
            ("markers sha256", str(settings.get("markers_sha256"))),
            ("versions", ", ".join(f"{name} {value}" for name, value in versions.items() if value)),
            ("machine", f"{machine.get('system')}, {machine.get('cores')} cores"),
            (f"{prefix}starts", str(len(manifest["sessions"])))]


def _of_runs(folders: Sequence[Path], by: ThoughtsBy) -> Reported:
    """Plain runs: the first is the baseline, each is one setting of the name of its folder."""
    manifests = [read_manifest(folder) or {} for folder in folders]
    if len(folders) < 2:
        raise UsageError(f"{shown_name(folders[0])} is one run: give at least two to compare, the baseline first")
    for folder, manifest in zip(folders[1:], manifests[1:], strict=True):
        _check_comparable(folders[0], manifests[0], folder, manifest)
    samples: list[Sample] = []
    cells: list[Cell] = []
    for folder, manifest in zip(folders, manifests, strict=True):
        name = f"{folder.name} ({setting_name(manifest['settings'])})"
        if any(name == cell.name for cell in cells):
            raise UsageError(f"{shown_name(folder)} is given twice: name each run once")
        cells.append(Cell(name, "arm" if cells else BASELINE, {}, _generation(manifest["settings"])))
        samples += [replace(sample, cell=name) for sample in read_samples(folder / RESULTS)]
    if not samples:
        raise UsageError(f"{shown_name(folders[0])} has no samples yet: run it first")
    wanted = sum(manifest["data"].get("samples", 0) for manifest in manifests)
    main = cells[1].name if len(cells) == 2 else ""
    analysis = analyse_set(str(manifests[0]["model"]["name"]), "test", samples, cells, wanted, main, False,
                           find_source(by, samples, folders))
    pairs = _pairs(analysis, [folder / RESULTS for folder in folders])
    facts = [(name, str(folder)) for name, folder in zip((cell.name for cell in cells), folders, strict=True)]
    facts += [fact for folder in folders for fact in _run_facts(folder, f"{folder.name}: ")]
    return Reported(" and ".join(folder.name for folder in folders), "Runs that were compared after they were made.",
                    (analysis,), tuple(dict.fromkeys(facts)), (pairs,), None)


def _generation(settings: Mapping[str, Any]) -> Generation:
    """How a run's samples were written, by its manifest."""
    return with_fields(Generation(), {**settings, "markers": settings.get("groups")})


def _check_comparable(first: Path, one: Mapping[str, Any], folder: Path, other: Mapping[str, Any]) -> None:
    """Raise UsageError where two runs differ in what would be taken for the effect of a setting."""
    left, right = (
        {**manifest["settings"], "model sha256": manifest["model"]["sha256"], "data sha256": manifest["data"]["sha256"]}
        for manifest in (one, other))
    for name in MUST_BE_ONE:
        if left.get(name) != right.get(name):
            raise UsageError(f"{shown_name(folder)} cannot be compared with {shown_name(first)}: its {name} is "
                             f"{str(right.get(name))[:16]} and not {str(left.get(name))[:16]}")


def _pairs(analysis: SetAnalysis, results: Sequence[Path]) -> tuple[Pair, ...]:
    """Some pairs of each kind, one a problem, the first that there are; those that one side alone solves come first."""
    kinds: dict[str, list[tuple[Sample, Sample]]] = {"lost": [], "gained": [], "neither": [], "both": []}
    if not analysis.main:
        return ()
    for left, right in complete_pairs(analysis.samples, (analysis.baseline.name, analysis.main)):
        kind = {(True, False): "lost", (False, True): "gained", (False, False): "neither"}.get(
            (left.right, right.right), "both")
        shown = {pair[0].problem for pair in kinds[kind]}
        if len(shown) < SHOWN_EACH and left.problem not in shown and left.token_ids != right.token_ids:
            kinds[kind].append((left, right))
    keys = {sample.key for found in kinds.values() for pair in found for sample in pair}
    texts: dict[str, Mapping[str, Any]] = {}
    for path in results:
        texts |= read_texts(path, keys)
    return tuple(Pair(kind, left.problem, texts[left.key], texts[right.key], (left, right))
                 for kind, found in kinds.items() for left, right in found)
