"""`localthink ask`: one question, its thinking as it happens, its answer."""
from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

import click

from localthink.cli.page import DIM, HELD_STYLE, Page
from localthink.cli.terminal import INTERRUPTED, Terminal, json_line, read_text
from localthink.errors import UsageError
from localthink.records import CACHE_TYPES, Event, Request, Sampling, Tip, Trace
from localthink.trace_json import trace_object

if TYPE_CHECKING:
    from localthink.engine.engine import Engine

MOST_AT_ONCE = 16  # samples in one batch; more wait their turn


@dataclass(frozen=True, slots=True)
class Asked:
    """The question, and how it is to be answered and shown."""

    question: str
    samples: int
    seed: int
    tip: Tip
    sampling: Sampling
    max_tokens: int | None
    stop: tuple[str, ...]
    raw: bool
    hide_thinking: bool

    def request(self, engine: Engine) -> Request:
        return engine.request(self.question, n=self.samples, tip=self.tip, sampling=self.sampling, seed=self.seed,
                              max_tokens=self.max_tokens, stop=self.stop, raw=self.raw)


@click.command("ask")
@click.argument("question", required=False)
@click.option("-m", "--model", help="Path or name of a GGUF model.  [default: the bundled one]")
@click.option("--alpha", type=float, default=3.0, show_default=True, help="Strength of the switch penalty, in logits.")
@click.option("--beta", type=float, default=600, show_default=True,
              help="Its duration, in tokens from the start of a thought.")
@click.option("--no-penalty", is_flag=True, help="Decode plainly; the same as --alpha 0.")
@click.option("--markers", "groups", multiple=True, metavar="GROUP",
              help="Which groups of switch markers count.  [default: switch]")
@click.option("--temperature", type=float, default=0.6, show_default=True, help="0 is greedy.")
@click.option("--top-p", type=float, default=0.95, show_default=True, help="1 is off.")
@click.option("--top-k", type=int, default=0, help="0 is off, the default.")
@click.option("--min-p", type=float, default=0.0, help="0 is off, the default.")
@click.option("--seed", type=click.IntRange(min=0), help="Repeats a sample.  [default: a new one each time]")
@click.option("--max-tokens", type=int, help="Most tokens to write.  [default: what the context holds]")
@click.option("--stop", multiple=True, metavar="TEXT", help="End the answer before this text; may be repeated.")
@click.option("--n", "samples", type=int, default=1, show_default=True, help="So many samples at once.")
@click.option("--context", type=int, help="Tokens that the KV cache holds, all samples together.")
@click.option("--cache", type=click.Choice(CACHE_TYPES), default="f16", show_default=True,
              help="Type of the KV cache.")
@click.option("--threads", type=int, help="CPU threads.  [default: the physical cores]")
@click.option("--gpu-layers", type=int, help="Layers on the GPU, -1 for all.  [default: all where there is a GPU]")
@click.option("--raw", is_flag=True, help="Send the text as it is, without the model's template.")
@click.option("--hide-thinking", is_flag=True, help="Show the answer only.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a sample, one a line.")
def command(question: str | None, model: str | None, alpha: float, beta: float, no_penalty: bool,
            groups: tuple[str, ...], temperature: float, top_p: float, top_k: int, min_p: float, seed: int | None,
            max_tokens: int | None, stop: tuple[str, ...], samples: int, context: int | None, cache: str,
            threads: int | None, gpu_layers: int | None, raw: bool, hide_thinking: bool, as_json: bool) -> None:
    """Ask a model one QUESTION (- reads standard input) and watch it think.

    The answer goes to standard output; the thinking, a mark at each new thought, and a summary go to
    standard error.
    """
    import secrets

    from localthink.engine.loading import load

    if samples < 1:
        raise UsageError(f"n is {samples}: ask for at least one sample")
    asked = Asked(
        read_text(question, "question"), samples, secrets.randbits(31) if seed is None else seed,
        Tip(0.0 if no_penalty else alpha, beta, groups=groups or Tip().groups),
        Sampling(temperature, top_p, top_k, min_p), max_tokens, stop, raw, hide_thinking,
    )
    slots = min(samples, MOST_AT_ONCE)
    with load(model, slots=slots, context=context, cache=cache, threads=threads, gpu_layers=gpu_layers) as engine:
        _hint(engine, asked)
        with _interrupts() as interrupted:
            if as_json:
                _show_json(engine, asked, cache, interrupted)
            else:
                start = time.perf_counter()
                traces = _show(engine, asked, interrupted)
                _summarise(traces, asked, time.perf_counter() - start)
    if interrupted:
        sys.exit(INTERRUPTED)


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """A list that is no longer empty once Ctrl+C was pressed; a second press raises at once."""
    pressed: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _events(engine: Engine, asked: Asked, interrupted: Sequence[int]) -> Iterator[Event]:
    """The events until the end or Ctrl+C, which still brings what every unfinished sample had to show."""
    request = engine.submit(asked.request(engine))
    unfinished = asked.samples
    while unfinished:
        for event in engine.cancel(request) if interrupted else engine.step():
            unfinished -= event.trace is not None
            yield event


def _show(engine: Engine, asked: Asked, interrupted: Sequence[int]) -> list[Trace]:
    """Show samples as text: a single one while it is written, several in their order as they end."""
    page = Page(Terminal(sys.stdout), Terminal(sys.stderr), asked.hide_thinking)
    traces = []
    for event in _events(engine, asked, interrupted):
        if asked.samples == 1:
            page.show(event)
        else:
            page.collect(event, asked.samples)
        if event.trace is not None:
            traces.append(event.trace)
    page.end()
    return traces


def _show_json(engine: Engine, asked: Asked, cache: str, interrupted: Sequence[int]) -> None:
    settings = {"max_tokens": asked.max_tokens, "stop": list(asked.stop), "raw": asked.raw, "context": engine.cells,
                "slots": engine.slots, "cache": cache}
    for event in _events(engine, asked, interrupted):
        if event.trace is not None:
            click.echo(json_line(trace_object(event.trace, engine.model.name, settings)))


def _summarise(traces: Sequence[Trace], asked: Asked, seconds: float) -> None:
    err = Terminal(sys.stderr)
    tokens = sum(trace.tokens for trace in traces)
    speed = traces[0].tokens_per_second if len(traces) == 1 else tokens / seconds
    parts = [f"{len(traces)} samples"] if len(traces) > 1 else []
    if any(trace.thoughts for trace in traces):
        parts += [_count(sum(len(trace.thoughts) for trace in traces), "thought"),
                  f"{sum(trace.held for trace in traces):.1f} switches held"]
    parts += [_count(tokens, "token"), f"{speed:,.0f} tokens/s", f"seed {asked.seed}"]
    err.write(" · ".join(parts) + "\n", DIM)
    if cut := sum(trace.finish_reason == "length" for trace in traces):
        err.write(f"{_count(cut, 'sample')} cut off: give more --max-tokens or --context\n", HELD_STYLE)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _hint(engine: Engine, asked: Asked) -> None:
    """Say what the bundled model can do where it is asked for anything else."""
    from localthink import locations
    from localthink.grade.countdown import read_puzzle

    bundled = locations.bundled_model()
    if asked.raw or not bundled.is_file() or not engine.model.facts.path.samefile(bundled):
        return
    puzzle = read_puzzle(asked.question)
    if puzzle and len(puzzle.numbers) == 3 and max(puzzle.numbers) <= 13 and 10 <= puzzle.target <= 100:
        return
    Terminal(sys.stderr).write(
        "This small model can only play Countdown, with three numbers up to 13 and a target from 10 to 100. Try:\n"
        '  localthink ask "Use 4, 7 and 11 to make 39."\n'
        '  localthink ask "Use 3, 5 and 12 to make 51."\n'
        "A real model is loaded by its path: localthink ask -m PATH/TO/MODEL.gguf QUESTION\n", HELD_STYLE)
