"""`localthink ask`: one question, its thinking as it happens, its answer."""
from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from localthink.cli.options import engine_options, generation_options, model_option
from localthink.control.catalogue import forks
from localthink.interrupts import INTERRUPTED, interrupts
from localthink.offload import Offload
from localthink.records import Event, Generation, Request, Trace, check_samples, check_think
from localthink.text.announcements import announcements
from localthink.text.page import DIM, HELD_STYLE, Page
from localthink.text.sizes import counted
from localthink.text.terminal import Terminal, json_line, read_text
from localthink.trace_json import trace_object

if TYPE_CHECKING:
    from localthink.engine.engine import Engine

MOST_AT_ONCE = 16  # samples in one batch; more wait their turn


@click.command("ask")
@click.argument("question", required=False)
@model_option
@generation_options
@click.option("--seed", type=click.IntRange(min=0), help="Repeats a sample.  [default: a new one each time]")
@click.option("--n", "samples", type=int, default=1, show_default=True, help="So many samples at once.")
@click.option("--context", type=int, help="Tokens that the KV cache holds, all samples together.")
@engine_options
@click.option("--raw", is_flag=True, help="Send the text as it is, without the model's template.")
@click.option("--hide-thinking", is_flag=True, help="Show the answer only.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a sample, one a line.")
def command(question: str | None, model: str | None, generation: Generation, think_tags: tuple[str, str] | None,
            seed: int | None, samples: int, context: int | None, cache: str | None, threads: int | None,
            offload: Offload, force: bool, raw: bool, hide_thinking: bool, as_json: bool) -> None:
    """Ask a model one QUESTION (- reads standard input) and watch it think.

    The answer goes to standard output; the thinking, a mark at each new thought, and a summary go to
    standard error.
    """
    import secrets

    from localthink.engine.loading import load

    check_samples(samples, 0)
    check_think(raw, generation.think)
    asked = read_text(question, "question")
    seed = secrets.randbits(31) if seed is None else seed
    slots = min(samples, MOST_AT_ONCE) + forks(generation)  # a fork has one of its own
    with load(model, slots=slots, context=context, cache=cache, threads=threads, offload=offload,
              force=force, think_tags=think_tags, on_choice=None if as_json else _say_choice) as engine:
        if not raw:
            _hint(engine, asked)
        request = engine.request(asked, generation, n=samples, seed=seed, raw=raw)
        with interrupts() as interrupted:
            if as_json:
                _show_json(engine, request, raw, interrupted)
            else:
                start = time.perf_counter()
                traces = _show(engine, request, hide_thinking, interrupted)
                _summarise(traces, seed, time.perf_counter() - start)
    if interrupted:
        sys.exit(INTERRUPTED)


def _say_choice(choice: str) -> None:
    Terminal(sys.stderr).write(f"{choice}\n", DIM)


def _events(engine: Engine, request: Request, interrupted: Sequence[int]) -> Iterator[Event]:
    """The events until the end or Ctrl+C, which still brings what every unfinished sample had to show."""
    number = engine.submit(request)
    unfinished = request.samples
    while unfinished:
        for event in engine.cancel(number) if interrupted else engine.step():
            unfinished -= event.trace is not None
            yield event


def _show(engine: Engine, request: Request, hide_thinking: bool, interrupted: Sequence[int]) -> list[Trace]:
    """Show samples as text: a single one while it is written, several in their order as they end."""
    page = Page(Terminal(sys.stdout), Terminal(sys.stderr), hide_thinking)
    traces = []
    for event in _events(engine, request, interrupted):
        if request.samples == 1:
            page.show(event, engine.model.thinks)
        else:
            page.collect(event, request.samples)
        if event.trace is not None:
            traces.append(event.trace)
    page.end()
    return traces


def _show_json(engine: Engine, request: Request, raw: bool, interrupted: Sequence[int]) -> None:
    settings = {"raw": raw, "context": engine.cells, "slots": engine.slots, "cache": engine.cache}
    for event in _events(engine, request, interrupted):
        if event.trace is not None:
            click.echo(json_line(trace_object(event.trace, engine.model.name, request.generation, settings)))


def _summarise(traces: Sequence[Trace], seed: int, seconds: float) -> None:
    err = Terminal(sys.stderr)
    tokens = sum(trace.tokens for trace in traces)
    speed = traces[0].tokens_per_second if len(traces) == 1 else tokens / seconds
    parts = [f"{len(traces)} samples"] if len(traces) > 1 else []
    if any(trace.thoughts for trace in traces):
        parts += [counted(sum(len(trace.thoughts) for trace in traces), "thought"),
                  counted(sum(trace.held for trace in traces), "switch held", "switches held")]
        if paraphrases := sum(trace.paraphrases for trace in traces):
            parts.append(counted(paraphrases, "paraphrase"))
    parts += [counted(tokens, "token"), f"{speed:,.0f} tokens/s", f"seed {seed}"]
    err.write(" · ".join(parts) + "\n", DIM)
    for trace in traces:
        said = f"sample {trace.sample + 1}: " if len(traces) > 1 else ""
        for announced in announcements(trace.interventions):
            err.write(f"{said}{announced}\n", HELD_STYLE)
    if silent := sum(trace.finish_reason == "stop" and not trace.answer.strip() for trace in traces):
        err.write(f"{counted(silent, 'sample')} ended without an answer\n", HELD_STYLE)
    if cut := sum(trace.finish_reason == "length" for trace in traces):
        err.write(f"{counted(cut, 'sample')} cut off: give more --max-tokens or --context\n", HELD_STYLE)
    for reason, why in (("loop", "went round in a circle"), ("confidence", "was not confident enough")):
        if ended := sum(trace.finish_reason == reason for trace in traces):
            err.write(f"{counted(ended, 'sample')} ended early: it {why}\n", HELD_STYLE)


def _hint(engine: Engine, question: str) -> None:
    """Say what the bundled model can do where it is asked for anything else."""
    from localthink.chat.puzzles import LIMITS, PUZZLES, is_bundled, is_playable

    if is_bundled(engine.model.facts.path) and not is_playable(question):
        commands = [f'  localthink ask "{puzzle}"\n' for puzzle in PUZZLES[:2]]
        Terminal(sys.stderr).write(
            f"{LIMITS} Try:\n{''.join(commands)}"
            "A real model is loaded by its path: localthink ask -m PATH/TO/MODEL.gguf QUESTION\n", HELD_STYLE)
