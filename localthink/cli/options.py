"""Options that several commands have in common."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from localthink.records import CACHE_TYPES, Sampling, Tip

Command = Callable[..., None]

_GENERATION = (
    click.option("--alpha", type=float, default=3.0, show_default=True,
                 help="Strength of the switch penalty, in logits."),
    click.option("--beta", type=float, default=600, show_default=True,
                 help="Its duration, in tokens from the start of a thought."),
    click.option("--no-penalty", is_flag=True, help="Decode plainly; the same as --alpha 0."),
    click.option("--markers", "groups", multiple=True, metavar="GROUP",
                 help="Which groups of switch markers count.  [default: switch]"),
    click.option("--temperature", type=float, default=0.6, show_default=True, help="0 is greedy."),
    click.option("--top-p", type=float, default=0.95, show_default=True, help="1 is off."),
    click.option("--top-k", type=int, default=0, help="0 is off, the default."),
    click.option("--min-p", type=float, default=0.0, help="0 is off, the default."),
    click.option("--max-tokens", type=int, help="Most tokens to write.  [default: what the context holds]"),
)
_ENGINE = (
    click.option("--cache", type=click.Choice(CACHE_TYPES), default="f16", show_default=True,
                 help="Type of the KV cache."),
    click.option("--threads", type=int, help="CPU threads.  [default: the physical cores]"),
    click.option("--gpu-layers", type=int, help="Layers on the GPU, -1 for all.  [default: all where there is a GPU]"),
)

stop_option = click.option("--stop", multiple=True, metavar="TEXT",
                           help="End the answer before this text; may be repeated.")
model_option = click.option("-m", "--model", help="Path or name of a GGUF model.  [default: the bundled one]")


def generation_options(command: Command) -> Command:
    """What decides how a text is written: the command gets `tip`, `sampling` and `max_tokens`."""

    @functools.wraps(command)
    def gathered(*, alpha: float, beta: float, no_penalty: bool, groups: tuple[str, ...], temperature: float,
                 top_p: float, top_k: int, min_p: float, **rest: Any) -> None:
        tip = Tip(0.0 if no_penalty else alpha, beta, groups=groups or Tip().groups)
        command(tip=tip, sampling=Sampling(temperature, top_p, top_k, min_p), **rest)

    return _with(gathered, _GENERATION)


def engine_options(command: Command) -> Command:
    """How the model is run: `cache`, `threads` and `gpu_layers`."""
    return _with(command, _ENGINE)


def _with(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
