"""A run from its input to its last sample: checked, chosen, recorded, done.

    input --survey--> what there is to do --fit--> slots and cache --manifest--> crew <--dispatch--> ledger

Whatever ends it, what is in the ledger stays, and the same call goes on from there.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from localthink.batch import manifest as records
from localthink.batch.crew import Crew, LocalCrew
from localthink.batch.dispatch import Work
from localthink.batch.execution import Execution, Watcher
from localthink.batch.figures import Figures, Meter
from localthink.batch.items import BadLine, Item
from localthink.batch.ledger import ERRORS, MANIFEST, RESULTS, SPOOL, Ledger
from localthink.batch.results import input_error
from localthink.batch.settings import Settings, result_key
from localthink.batch.shard import Shard
from localthink.batch.sources import STANDARD_INPUT, data_sha256, find_source, read_items
from localthink.batch.survey import Checker, Survey, tokens_needed
from localthink.engine.messages import Loading
from localthink.errors import UsageError
from localthink.fit import BatchFit, fit_batch
from localthink.gguf_header import read_facts
from localthink.machine import free_memory, physical_cores

MOST_NOTED = 10  # bad lines that are told one by one


@dataclass(frozen=True, slots=True)
class Spec:
    """What a run was asked to be. `longest`, `slots` and `split` are chosen where they are None."""

    source: str
    folder: Path
    model: Path
    settings: Settings
    append: str = ""
    limit: int | None = None
    shard: Shard | None = None
    cache: str = "f16"
    longest: int | None = None
    slots: int | None = None
    split: bool | None = None
    deterministic: bool = False
    threads: int | None = None
    gpu_layers: int | None = None
    strict: bool = False
    extend: bool = False
    retry_errors: bool = False


class Run:
    """One start of a run. Use it in a `with`; it holds the folder's lock."""

    def __init__(self, spec: Spec, watcher: Watcher, crew: Crew | None = None) -> None:
        self.spec, self._watcher = spec, watcher
        self.facts = read_facts(spec.model)
        self._crew = crew or LocalCrew()
        self._bad_lines: set[int] = set()
        if spec.source != STANDARD_INPUT:
            self.source = find_source(spec.source, spec.folder)  # a wrong name leaves no folder behind
        self.ledger = Ledger(spec.folder)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        spec = self.spec
        self._old = records.read_manifest(spec.folder)
        if self._old is None and self.ledger.done:
            raise UsageError(f"{spec.folder / RESULTS} has results and no {MANIFEST} beside it: restore it, "
                             "or give another folder with -o")
        if self.ledger.torn:
            self._watcher.note("dropped a last line that was only half written")
        beside = spec.folder / f"{SPOOL}.new"
        if spec.source == STANDARD_INPUT:
            self.source = find_source(spec.source, beside)
        try:
            self._new = self._manifest()
            if self._old is not None:
                records.check_same(self._old, self._new, spec.folder, spec.extend)
            if self.source.path == beside:  # what came from standard input is kept only if it belongs here
                beside.replace(spec.folder / SPOOL)
                self.source = replace(self.source, path=spec.folder / SPOOL)
        finally:
            beside.unlink(missing_ok=True)

    def _manifest(self) -> dict[str, Any]:
        spec, old = self.spec, self._old
        known = old["model"] if old else {}
        self.model = records.model_record(self.facts, known)
        before = old["settings"] if old else {}
        self.longest: int | None = spec.longest or before.get("context")
        self.slots: int | None = spec.slots or (before.get("slots") if spec.deterministic else None)
        more = {"append": spec.append, "limit": spec.limit, "shard": str(spec.shard) if spec.shard else None,
                "cache": spec.cache, "context": self.longest, "deterministic": spec.deterministic,
                "slots": self.slots if spec.deterministic else None}
        data = {"source": self.source.name, "form": self.source.form, "revision": self.source.revision,
                "sha256": data_sha256(self.source)}
        return records.new_manifest(spec.settings, self.model, data, more)

    def items(self) -> Iterator[Item | BadLine]:
        """The items of all shards, and the bad lines."""
        spec = self.spec
        return read_items(self.source, spec.settings, append=spec.append, limit=spec.limit)

    def _is_ours(self, item: Item) -> bool:
        return self.spec.shard is None or item.id in self.spec.shard

    def survey(self) -> Survey:
        """Check every line, those of other shards too: all shards are to have one context. Report the bad ones.

        Raises UsageError where there is nothing to do, or one is bad and the run is strict.
        """
        survey, known = Survey(), 0
        engine = self._engine_identity() if self._old is not None else None
        loading = Loading(str(self.spec.model), longest=self.longest, vocabulary_only=True)
        trained = self.facts.context_length
        with Checker(loading, self._watcher.stopped) as checker:
            assert checker.loaded is not None
            survey.backend, survey.gpu = checker.loaded.backend, checker.loaded.gpu
            for row in checker.check(self.items()):
                if isinstance(row, BadLine):
                    self._bad(survey, row)
                    continue
                item, prompt_tokens = row
                survey.needed = max(survey.needed, tokens_needed(prompt_tokens, item.settings.max_tokens, trained))
                if not self._is_ours(item):
                    continue
                survey.items += 1
                survey.samples += item.settings.samples
                if engine is not None:
                    known += sum(key in self.ledger for key in keys(item, engine))
        if not survey.items:
            raise UsageError(f"{self.source.name} has no item that can be run" + (
                f": see {self.spec.folder / ERRORS}" if survey.bad else " in this shard" if self.spec.shard else ""))
        if engine is not None and known < len(self.ledger.done):
            raise UsageError(f"{self.spec.folder} has {len(self.ledger.done) - known} results that belong to no item "
                             f"of {self.source.name}: keep the lines that it had, and add others after them")
        return survey

    def _bad(self, survey: Survey, row: BadLine) -> None:
        survey.bad += 1
        self._bad_lines.add(row.line)
        self.ledger.append_errors([input_error(row)])
        if self.spec.strict:
            raise UsageError(f"{self.source.name}, line {row.line}: {row.reason}")
        if survey.bad <= MOST_NOTED:
            self._watcher.note(f"line {row.line}: {row.reason}")
        elif survey.bad == MOST_NOTED + 1:
            self._watcher.note(f"more bad lines: see {self.spec.folder / ERRORS}")

    def fit(self, survey: Survey) -> BatchFit:
        """How many samples at once, in which cache."""
        spec, here = self.spec, self._crew.engines_here
        return fit_batch(self.facts, self.longest or survey.needed, survey.samples, free_memory() // here,
                         max(1, physical_cores() // here), cache=spec.cache,
                         gpu=survey.gpu and spec.gpu_layers != 0, slots=self.slots,
                         split=True if spec.deterministic else spec.split)

    @property
    def _threads(self) -> int | None:
        """Of each engine: those it was given, or its share of the cores; None leaves it to the engine's machine."""
        here = self._crew.engines_here
        return self.spec.threads or (max(1, physical_cores() // here) if here > 1 else None)

    def record(self, survey: Survey, fit: BatchFit) -> None:
        """Write the manifest, before the first token."""
        spec, new = self.spec, self._new
        self.longest = new["settings"]["context"] = self.longest or fit.longest
        new["data"] |= {"items": survey.items, "samples": survey.samples, "bad_lines": survey.bad}
        if spec.deterministic:
            new["settings"]["slots"] = fit.slots
        if self._old is not None:
            new["created"], new["sessions"] = self._old["created"], self._old["sessions"]
        new["sessions"].append(records.session(
            slots=fit.slots, cells=fit.cells, layout="split" if fit.split else "unified",
            threads=self._threads or physical_cores(), gpu_layers=spec.gpu_layers, backend=survey.backend,
            workers=self._crew.size, done_before=len(self.ledger.done)))
        records.write_json(spec.folder / MANIFEST, new)

    def execute(self, survey: Survey, fit: BatchFit) -> Figures:
        """Do what is left to do; the last figures say how it ended."""
        spec = self.spec
        meter = Meter(survey.items, survey.samples, self.ledger.tally, fit.slots * self._crew.size)
        loading = Loading(str(spec.model), fit.slots, fit.cells, self.longest, spec.cache, fit.split,
                          spec.deterministic, self._threads, spec.gpu_layers)
        engine_settings = {"context": self.longest, "slots": fit.slots, "cache": spec.cache,
                           "layout": "split" if fit.split else "unified", "deterministic": spec.deterministic}
        execution = Execution(self._feed(meter), self._crew, loading, self.ledger, meter, self._watcher,
                              self.model["name"], engine_settings)
        state = execution.run()
        if data_sha256(self.source) != self._new["data"]["sha256"]:
            raise UsageError(f"{self.source.name} was changed while the run was reading it: give the file that the run "
                             "began with, or another folder with -o")
        return meter.figures(state, self.ledger.errors)

    def _feed(self, meter: Meter) -> Iterator[Work]:
        """Every sample that is not in the ledger, in the order of the items."""
        engine = self._engine_identity()
        for item in self.items():
            if isinstance(item, BadLine) or item.line in self._bad_lines or not self._is_ours(item):
                continue
            left = [Work(item, sample, key) for sample, key in enumerate(keys(item, engine))
                    if not self.ledger.has(key, self.spec.retry_errors)]
            meter.begin(item, len(left))
            yield from left

    def _engine_identity(self) -> dict[str, Any]:
        """What a text depends on, beyond its item and its settings."""
        settings = self._new["settings"]
        names = ("cache", "context", "slots", "markers_sha256")  # slots are settings only where shapes are fixed
        return {"model": self.model["sha256"], **{name: settings[name] for name in names}}

    def close(self) -> None:
        self._crew.close()
        self.ledger.close()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def keys(item: Item, engine: dict[str, Any]) -> list[str]:
    """The keys of an item's samples."""
    return [result_key(item.id, item.content, sample, item.settings, engine) for sample in range(item.settings.samples)]
