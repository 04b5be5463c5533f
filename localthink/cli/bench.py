"""`localthink bench`: how fast a model reads and writes here, and what the penalty costs."""
from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import click

from localthink.cli.options import engine_options
from localthink.interrupts import INTERRUPTED, interrupts
from localthink.offload import Offload
from localthink.text.terminal import Terminal, json_line

if TYPE_CHECKING:
    from localthink.bench.figures import Figures
    from localthink.bench.measuring import Bench
    from localthink.bench.work import Work
    from localthink.engine.engine import Engine

SEVERAL, SEVERAL_ON_GPU = 4, 16  # slots beside one alone; the kernels of a processor take rows in fours
TELL_EVERY = 0.1  # seconds
DIM, BOLD = "2", "1"


@click.command("bench")
@click.argument("model", required=False)
@click.option("--slots", type=int, help="Measure one slot, and so many at once.  [default: 4, or 16 with a GPU]")
@click.option("--tokens", type=int, help="Tokens that each slot writes in a round, without and with the penalty.  "
                                         "[default: what there is time for, at most 128]")
@click.option("--prompt-tokens", type=int, help="Tokens of prompt that are read in a round, all slots together.  "
                                                "[default: what there is time for, at most 512]")
@click.option("--rounds", type=int, default=3, show_default=True, help="So often, one after the other.")
@click.option("--context", type=int, help="Tokens that the KV cache holds.  [default: what is needed]")
@engine_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(model: str | None, slots: int | None, tokens: int | None, prompt_tokens: int | None, rounds: int,
            context: int | None, cache: str | None, threads: int | None, offload: Offload, force: bool,
            as_json: bool) -> None:
    """Measure how fast MODEL (the bundled one if left out) reads prompts and writes, with and without the penalty.

    Takes about half a minute, less for a small model. Ctrl+C ends it with what was measured so far.
    """
    from localthink.bench.measuring import Bench
    from localthink.bench.work import Work
    from localthink.engine.bindings import supports_gpu
    from localthink.engine.loading import load
    from localthink.machine.resources import other_programs_share

    disturbed = other_programs_share()
    several = slots if slots is not None else SEVERAL_ON_GPU if supports_gpu() and offload.layers != 0 else SEVERAL
    work = Work(tuple(dict.fromkeys((1, several))), rounds, prompt_tokens, tokens)
    progress, choices = BenchProgress(Terminal(sys.stderr)), list[str]()
    with load(model, slots=several, context=work.cells if context is None else context, cache=cache,
              threads=threads, offload=offload, layout="split", force=force, on_choice=choices.append,
              progress=lambda share: progress.tell(f"reading the model: {share:.0%}")) as engine:
        with interrupts() as interrupted:
            bench = Bench(engine, work, lambda: bool(interrupted), progress.tell)
            bench.run()
        progress.end()
        _report(bench, _described(engine, threads, " · ".join(choices), disturbed()), bool(interrupted), as_json)
    if interrupted:
        sys.exit(INTERRUPTED)


class BenchProgress:
    """What is going on, on a line that is written over; only on a terminal, and no oftener than anybody reads it."""

    def __init__(self, err: Terminal) -> None:
        self._err, self._told = err, 0.0

    def tell(self, text: str) -> None:
        now = time.monotonic()
        if now - self._told >= TELL_EVERY:
            self._told = now
            self._err.replace_line(text)

    def end(self) -> None:
        self._err.replace_line("")


def _described(engine: Engine, threads: int | None, choice: str, disturbed: float) -> dict[str, Any]:
    """What is measured, on which machine, what was `chosen` for it, and the share of it that other programs had."""
    from localthink.machine.processor_features import processor_name
    from localthink.machine.resources import physical_cores

    facts = engine.model.facts
    return {
        "model": {"name": engine.model.name, "path": str(facts.path), "quantization": facts.quantization,
                  "parameters": facts.parameters, "bytes": facts.file_bytes},
        "engine": {"threads": threads or physical_cores(), "cache": engine.cache, "context": engine.cells,
                   "slots": engine.slots, "layout": "split", "gpu_layers": engine.model.gpu_layers,
                   "chosen": choice},
        "machine": {"processor": processor_name(), "cores": physical_cores(), "system": platform.platform(),
                    "llama_cpp_python": version("llama-cpp-python"), "built_with": engine.model.backend,
                    "other_programs": round(disturbed, 3)},
    }


def _report(bench: Bench, described: dict[str, Any], interrupted: bool, as_json: bool) -> None:
    from localthink.bench.measuring import PENALTY
    from localthink.machine.resources import BUSY_SHARE

    figures = [each for each in bench.figures.values() if each.readings or each.plain]
    if as_json:
        click.echo(json_line({
            **described, "penalty": {"alpha": PENALTY.alpha, "beta": None, "where": PENALTY.where},
            "work": {"rounds": bench.work.rounds, "prompt_tokens": bench.work.prompt, "tokens": bench.work.tokens},
            "interrupted": interrupted, "results": [result(each) for each in figures]}))
        return
    out = Terminal(sys.stdout)
    for line in heading(described, bench.work):
        out.write(f"{line}\n", DIM)
    if not figures:
        out.write("stopped before anything was measured\n")
        return
    for number, line in enumerate(table(figures)):
        out.write(f"{line}\n", "" if number else BOLD)
    for each in figures:
        out.write(f"{verdict(each)}\n", DIM)
    if (others := described["machine"]["other_programs"]) > BUSY_SHARE:
        out.write(f"other programs had {others:.0%} of the processor meanwhile: it is faster without them\n", DIM)
    if interrupted:
        out.write("stopped early: these are the figures of what was done\n", DIM)


def result(figures: Figures) -> dict[str, Any]:
    """The figures as JSON; speeds are tokens a second of all slots together, None where nothing was measured."""
    from localthink.bench.figures import median_interval

    ratios = figures.ratios
    return {
        "slots": figures.slots, "readings": len(figures.readings), "pairs": len(ratios),
        "prompt_tokens_per_second": round(figures.reading_speed, 2) if figures.readings else None,
        "tokens_per_second": {"plain": round(figures.plain_speed, 2) if ratios else None,
                              "penalty": round(figures.penalty_speed, 2) if ratios else None},
        "ratio": round(statistics.median(ratios), 4) if ratios else None,
        "ratio_interval": [round(bound, 4) for bound in median_interval(ratios) or ()] or None,
    }


def heading(described: Mapping[str, Mapping[str, Any]], work: Work) -> Iterator[str]:
    """What was measured, in lines."""
    from localthink.text.sizes import counted, rounded, sized

    model, engine, machine = described["model"], described["engine"], described["machine"]
    yield (f"{model['name']}: {model['quantization']}, {rounded(model['parameters'])} parameters, "
           f"{sized(model['bytes'])}")
    yield str(engine["chosen"])
    yield (f"{counted(engine['threads'], 'thread')} on {machine['processor']}, "
           f"GPU layers: {engine['gpu_layers']}, llama-cpp-python {machine['llama_cpp_python']}")
    if work.prompt is not None and work.tokens is not None:
        yield (f"{counted(work.rounds, 'round')}: {work.prompt} prompt tokens, then "
               f"{work.tokens} tokens a slot without penalty and {work.tokens} with it")
    yield ""


def table(figures: Sequence[Figures]) -> Iterator[str]:
    """A line of titles, then one for each number of slots."""
    from localthink.bench.figures import median_interval

    yield f"{'slots':>5}{'reading':>12}{'writing':>12}{'with penalty':>15}   ratio [95 %]"
    for each in figures:
        ratios = each.ratios
        shown = [f"{speed:,.1f}" if speed else "–"
                 for speed in (each.reading_speed, each.plain_speed, each.penalty_speed)]
        interval = median_interval(ratios)
        sure = f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else " [too few steps]"
        ratio = f"{statistics.median(ratios):.3f}{sure}" if ratios else "–"
        yield f"{each.slots:>5}{shown[0]:>12}{shown[1]:>12}{shown[2]:>15}   {ratio}"
    yield "tokens/s of all slots together, medians; the penalty has no part in reading"
    yield ""


def verdict(figures: Figures) -> str:
    """What the ratio says, and what it does not."""
    from localthink.bench.figures import median_interval
    from localthink.text.sizes import counted

    ratios, title = figures.ratios, counted(figures.slots, "slot")
    interval = median_interval(ratios)
    if interval is None:
        return f"{title}: {len(ratios)} pairs of steps are too few to tell what the penalty costs"
    low, high = (1 - bound for bound in reversed(interval))
    found = f"({low:.1%} to {high:.1%}, {len(ratios)} pairs of steps)"
    if low <= 0 <= high:
        return f"{title}: no cost that can be told from noise {found}"
    if high < 0:
        return f"{title}: no cost, and what gained must be something else {found}"
    return f"{title}: the penalty costs {1 - statistics.median(ratios):.1%} of the speed {found}"
