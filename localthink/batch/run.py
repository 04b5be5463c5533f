"""A run from its input to its last sample: checked, chosen, recorded, done.

    input --preflight--> what there is to do --fit--> slots and cache --manifest--> workers <--dispatch--> ledger

Whatever ends it, what is in the ledger stays, and the same call goes on from there.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from localthink.batch import manifest as manifests
from localthink.batch.dispatch import Work
from localthink.batch.execution import Execution, Watcher
from localthink.batch.figures import Figures, Meter
from localthink.batch.items import BadLine, Item
from localthink.batch.ledger import ERRORS, MANIFEST, RESULTS, SPOOL, UNFINISHED, Ledger
from localthink.batch.preflight import Checker, Preflight, tokens_needed
from localthink.batch.results import input_error
from localthink.batch.settings import result_key
from localthink.batch.sources import STANDARD_INPUT, data_sha256, find_source, read_items
from localthink.batch.spec import Spec
from localthink.batch.status import write_status
from localthink.batch.unfinished import SAVE_SECONDS, Unfinished
from localthink.batch.workers import LocalWorkers, Workers
from localthink.engine.messages import Loading
from localthink.errors import UsageError
from localthink.fit.batch import BatchFit, fit_batch
from localthink.fit.choice import FitError
from localthink.gguf.header import read_facts
from localthink.grade import mathematics
from localthink.grade.grading import Grader, known_answer
from localthink.machine.resources import physical_cores

SAME_EVERYWHERE = "f16"  # the cache where free memory must not decide: other machines have other memory
MOST_NOTED = 10  # bad lines that are told one by one


class Run:
    """One start of a run. Use it in a `with`; it holds the folder's lock."""

    def __init__(self, spec: Spec, watcher: Watcher, workers: Workers | None = None) -> None:
        self.spec, self._watcher = spec, watcher
        self.facts = read_facts(spec.model)
        self._workers = workers or LocalWorkers()
        self._bad_lines: set[int] = set()
        self.known = 0  # samples of this input that the ledger has
        self._old = manifests.read_manifest(spec.folder)
        if spec.source != STANDARD_INPUT:  # a wrong name leaves no folder behind
            revision = self._old["data"].get("revision") if self._old else None
            self.source = find_source(spec.source, self._spool, revision)
        spec.check(self.facts.context_length)
        self.unfinished = Unfinished(spec.folder / UNFINISHED)
        self.ledger = Ledger(spec.folder)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        spec = self.spec
        self._old = manifests.read_manifest(spec.folder)  # again: until the lock was ours, another may have written
        if self._old is None and self.ledger.done:
            raise UsageError(f"{spec.folder / RESULTS} has results and no {MANIFEST} beside it: restore it, "
                             "or give another folder with -o")
        self.unfinished.read()
        if self.ledger.torn:
            self._watcher.note("dropped a last line that was only half written")
        if spec.source == STANDARD_INPUT:
            self.source = find_source(spec.source, self._spool)
        self._new = self._manifest()
        if self._old is not None:
            manifests.check_same(self._old, self._new, spec.folder, spec.extend)

    def check_continues(self, old: dict[str, Any], folder: Path) -> None:
        """Raise UsageError unless this would continue the run of which `old` is the manifest."""
        kept = ("context", "cache", *(["slots"] if self.spec.deterministic and self.spec.slots is None else []))
        chosen = {name: old["settings"].get(name) for name in kept if self._new["settings"][name] is None}
        manifests.check_same(old, {**self._new, "settings": {**self._new["settings"], **chosen}}, folder,
                             self.spec.extend)

    @property
    def _spool(self) -> Path:
        """Where standard input waits until it is known to belong here."""
        return self.spec.folder / f"{SPOOL}.new"

    def _manifest(self) -> dict[str, Any]:
        spec = self.spec
        known, before = (self._old["model"], self._old["settings"]) if self._old else ({}, {})
        self.model = manifests.model_record(self.facts, known)
        self.longest: int | None = spec.longest or before.get("context")
        self.cache: str | None = spec.cache or before.get("cache")
        if self.cache is None and (spec.deterministic or spec.shard is not None):
            self.cache = SAME_EVERYWHERE
        more = {"append": spec.append, "limit": spec.limit, "shard": str(spec.shard) if spec.shard else None,
                "cache": self.cache, "context": self.longest, "deterministic": spec.deterministic}
        if spec.think_tags is not None:
            more["think_tags"] = list(spec.think_tags)
        self.slots: int | None = spec.slots
        if spec.deterministic:  # what else a last bit depends on
            self.slots = spec.slots or before.get("slots")
            more |= {"slots": self.slots, "threads": self._threads or physical_cores(),
                     "gpu_layers": self.spec.placed.layers, "gpu_split": [spec.offload.split, spec.offload.main_gpu,
                                                                        *spec.offload.shares],
                     "versions": manifests.deciding_versions()}
        data = {"source": self.source.name, "form": self.source.form, "revision": self.source.revision,
                "sha256": data_sha256(self.source)}
        return manifests.new_manifest(spec.settings, self.model, data, more)

    def items(self) -> Iterator[Item | BadLine]:
        """The items of all shards, and the bad lines."""
        spec = self.spec
        try:
            yield from read_items(self.source, spec.settings, append=spec.append, limit=spec.limit)
        except OSError as error:
            raise UsageError(f"{self.source.name} cannot be read any more: {error.strerror}") from None

    def _is_ours(self, item: Item) -> bool:
        return self.spec.shard is None or item.id in self.spec.shard

    def preflight(self) -> Preflight:
        """Check every line, those of other shards too: all shards are to have one context. Report the bad ones.

        Raises UsageError where there is nothing to do, one is bad and the run is strict, or grading takes more than
        is installed.
        """
        spec, preflight, known, begun, bad = self.spec, Preflight(), 0, set[str](), list[BadLine]()
        if self._old is None:  # else there are better figures to see
            write_status(self.spec.folder, Figures("checking"))
        engine = self._engine_identity() if self._old is not None else None
        loading = Loading(str(self.spec.model), longest=self.longest, offload=self.spec.placed,
                          vocabulary_only=True, think_tags=self.spec.think_tags)
        trained = self.facts.context_length
        with Checker(loading, self._watcher.stopped) as checker:
            preflight.backend, preflight.room = checker.loaded.backend, checker.loaded.room
            for row in checker.check(self.items()):
                if isinstance(row, BadLine):
                    self._note_bad(row, len(bad))
                    bad.append(row)
                    continue
                item, prompt_tokens = row
                needed = tokens_needed(prompt_tokens, item.settings.generation.max_tokens, trained)
                preflight.needed = max(preflight.needed, needed)
                if not self._is_ours(item):
                    continue
                preflight.items += 1
                preflight.samples += item.settings.samples
                preflight.count_answer(known_answer(item.carried) if spec.grade else None)
                if engine is not None:
                    known += sum(key in self.ledger for key in keys(item, engine))
                    begun |= {key for key in keys(item, engine) if key in self.unfinished}
        preflight.bad, self._bad_lines = len(bad), {row.line for row in bad}
        self.known = known
        if engine is not None and known < len(self.ledger.done):
            done = len(self.ledger.done)
            raise UsageError(f"{self.spec.folder} has results that belong to no item of {self.source.name} "
                             f"({done - known} of {done}): keep the lines that it had, and add others after them")
        self._go_on_with(begun)
        self.ledger.replace_input_errors([input_error(row) for row in bad])
        if not preflight.items:
            raise UsageError(f"{self.source.name} has no item that can be run" + (
                f": see {self.spec.folder / ERRORS}" if bad else " in this shard" if self.spec.shard else ""))
        if preflight.mathematical and not mathematics.is_installed():
            raise UsageError(f"{preflight.mathematical:,} of {preflight.items:,} items take Math-Verify to grade: "
                             "pip install 'localthink[math]', or run without grading with --no-grade")
        return preflight

    def _go_on_with(self, begun: set[str]) -> None:
        """Keep of what is unfinished the samples that are this run's."""
        unfinished, name = self.unfinished, self.unfinished.path
        if unfinished.damaged:
            self._watcher.note(f"{name} is damaged: what it says from there on is left out, and written again")
        if foreign := sum(key not in begun and key not in self.ledger for key in unfinished):
            self._watcher.note(f"{name} has {foreign:,} samples of another run: they are left out")
        unfinished.keep_only({key for key in begun if not self.ledger.has(key)})
        if unfinished:
            self._watcher.note(f"{len(unfinished):,} unfinished samples continue after the {unfinished.tokens:,} "
                               "tokens already written")

    def _note_bad(self, row: BadLine, before: int) -> None:
        if self.spec.strict:
            raise UsageError(f"{self.source.name}, line {row.line}: {row.reason}")
        if before < MOST_NOTED:
            self._watcher.note(f"line {row.line}: {row.reason}")
        elif before == MOST_NOTED:
            self._watcher.note(f"more bad lines: see {self.spec.folder / ERRORS}")

    def fit(self, preflight: Preflight) -> BatchFit:
        """How many samples at once, in which cache. Raises FitError where not one fits, unless the run is forced."""
        spec, here = self.spec, self._workers.engines_here
        assert preflight.room is not None, "the preflight comes first"
        room = preflight.room.divided(here)
        fit = fit_batch(self.facts.shape, self.facts.weights, self.longest or preflight.needed, preflight.samples,
                        room.without_device() if spec.offload.layers == 0 else room,
                        max(1, physical_cores() // here), cache=self.cache, slots=self.slots,
                        split=True if spec.deterministic else spec.split, even=spec.deterministic,
                        gpu_layers=self.spec.placed.layers)
        if not fit.fits and not spec.force:
            raise FitError(f"{self.facts.path.stem} does not fit: {fit.why}: give a smaller --context or --slots, take "
                           "a smaller model or precision (localthink models fit), or --force tries it anyway")
        return fit

    @property
    def _threads(self) -> int | None:
        """Of each engine: those it was given, or its share of the cores; None leaves it to the engine's machine."""
        here = self._workers.engines_here
        return self.spec.threads or (max(1, physical_cores() // here) if here > 1 else None)

    def record(self, preflight: Preflight, fit: BatchFit) -> None:
        """Write the manifest, before the first token, and keep what came from standard input."""
        spec, new = self.spec, self._new
        if self.source.path == self._spool:
            self._spool.replace(spec.folder / SPOOL)
            self.source = replace(self.source, path=spec.folder / SPOOL)
        self.longest = new["settings"]["context"] = self.longest or fit.longest
        self.cache = new["settings"]["cache"] = fit.cache
        new["data"] |= {"items": preflight.items, "samples": preflight.samples, "bad_lines": preflight.bad}
        if spec.deterministic:
            new["settings"]["slots"] = fit.slots
        if self._old is not None:
            new["created"], new["sessions"] = self._old["created"], self._old["sessions"]
            if note := manifests.version_note(new["sessions"]):
                self._watcher.note(note)
        new["sessions"].append(manifests.session(
            slots=fit.slots, cells=fit.cells, layout="split" if fit.split else "unified",
            threads=self._threads or physical_cores(), gpu_layers=fit.choice.placement.gpu_layers,
            backend=preflight.backend, workers=self._workers.size, done_before=len(self.ledger.done)))
        manifests.write_json(spec.folder / MANIFEST, new)

    def execute(self, preflight: Preflight, fit: BatchFit) -> Figures:
        """Do what is left to do; the last figures say how it ended."""
        spec = self.spec
        meter = Meter(preflight.items, preflight.samples, self.ledger.tally, fit.slots * self._workers.size)
        offload = self.spec.placed
        if self._workers.engines_here > 1:  # each would find the whole GPU free
            offload = replace(offload, layers=fit.choice.placement.gpu_layers)
        loading = Loading(str(spec.model), fit.slots, fit.cells, self.longest, fit.cache, fit.split,
                          spec.deterministic, self._threads, offload, force=True,
                          think_tags=spec.think_tags,
                          keep_every=None if spec.deterministic else SAVE_SECONDS)
        engine_settings = {"context": self.longest, "slots": fit.slots, "cache": fit.cache,
                           "layout": "split" if fit.split else "unified", "deterministic": spec.deterministic}
        feed = self._feed(meter)
        first = next(feed, None)
        if first is None:
            figures = meter.figures("complete", self.ledger.errors)
            write_status(spec.folder, figures)
            self.unfinished.remove()
            return figures
        with Grader() if spec.grade else nullcontext() as grader:
            execution = Execution(chain([first], feed), self._workers, loading, self.ledger, self.unfinished, meter,
                                  self._watcher, self.model["name"], engine_settings, grader)
            state = execution.run()
        if state == "complete" and data_sha256(self.source) != self._new["data"]["sha256"]:
            raise UsageError(f"{self.source.name} was changed while the run was reading it: give the file that the run "
                             "began with, or another folder with -o")
        if state == "complete":
            self.unfinished.remove()
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
        names = ("cache", "context", "markers_sha256", "think_tags", "deterministic", "slots", "threads", "gpu_layers",
                 "gpu_split", "versions")
        return {"model": self.model["sha256"], **{name: settings[name] for name in names if name in settings}}

    def close(self) -> None:
        self._workers.close()
        with suppress(OSError):  # standard input that did not belong here
            self._spool.unlink(missing_ok=True)
        self.unfinished.close()
        self.ledger.close()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def keys(item: Item, engine: dict[str, Any]) -> list[str]:
    """The keys of an item's samples."""
    return [result_key(item.id, item.content, sample, item.settings, engine) for sample in range(item.settings.samples)]
