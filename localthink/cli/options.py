"""Options that several commands have in common."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from localthink.errors import UsageError
from localthink.generation import FIELDS, with_fields
from localthink.records import CACHE_TYPES, SPLIT_MODES, THINK_MODES, Generation, Offload, SplitMode
from localthink.thinking.tags import Tags

Command = Callable[..., None]
AUTO = "auto"

_GENERATION = (
    click.option("--alpha", type=float, default=3.0, show_default=True,
                 help="Strength of the switch penalty, in logits."),
    click.option("--beta", type=float, default=600, show_default=True,
                 help="Its duration, in tokens from the start of a thought."),
    click.option("--no-penalty", is_flag=True, help="Decode plainly; the same as --alpha 0."),
    click.option("--markers", multiple=True, metavar="GROUP",
                 help="Which groups of switch markers count.  [default: switch]"),
    click.option("--grace", type=int, default=0, show_default=True,
                 help="Tokens after a switch in which the penalty rests; the paper has none."),
    click.option("--think", type=click.Choice(THINK_MODES), default="auto", show_default=True,
                 help="Whether the prompt opens the block of thinking: always, as the template does (free), or where "
                      "R1's family needs it (auto)."),
    click.option("--think-tags", nargs=2, metavar="OPENING CLOSING",
                 help="The texts around its thinking.  [default: what the model's file says]"),
    click.option("--temperature", type=float, default=0.6, show_default=True, help="0 is greedy."),
    click.option("--top-p", type=float, default=0.95, show_default=True, help="1 is off."),
    click.option("--top-k", type=int, default=0, help="0 is off, the default."),
    click.option("--min-p", type=float, default=0.0, help="0 is off, the default."),
    click.option("--max-tokens", type=int, help="Most tokens to write.  [default: what the context holds]"),
    click.option("--max-thinking", type=int,
                 help="Most tokens of thinking, after which it answers.  [default: no limit]"),
    click.option("--stop", multiple=True, metavar="TEXT", help="End the answer before this text; may be repeated."),
)
_ENGINE = (
    click.option("--cache", type=click.Choice([AUTO, *CACHE_TYPES]), default=AUTO, show_default=True,
                 help="Type of the KV cache; auto takes f16, or q8_0 where memory is short."),
    click.option("--threads", type=int, help="CPU threads.  [default: the physical cores]"),
    click.option("--gpu-layers", metavar="auto|N|all", default=AUTO, show_default=True,
                 help="Layers on the GPU; auto takes as many as it holds."),
    click.option("--main-gpu", type=int, default=0, show_default=True,
                 help="Of several GPUs, the one that has everything, or what is not split."),
    click.option("--gpu-split", type=click.Choice(SPLIT_MODES), default="layer", show_default=True,
                 help="Of several GPUs, one has everything, each has layers, or all share the rows of each."),
    click.option("--gpu-shares", metavar="A,B,…", default="",
                 help="What part each GPU has.  [default: by free memory]"),
    click.option("--force", is_flag=True, help="Load the model even where it does not fit into memory."),
)

model_option = click.option("-m", "--model", help="Path or name of a GGUF model.  [default: the bundled one]")


def generation_options(command: Command) -> Command:
    """What decides how a text is written: the command gets `generation` and `think_tags`."""

    @functools.wraps(command)
    def gathered(*, no_penalty: bool, think_tags: tuple[str, str] | None, **given: Any) -> None:
        if think_tags is not None:
            Tags(*think_tags)  # refuses what is no pair of tags before anything is loaded
        fields = {name: given.pop(name) for name in FIELDS if name in given}
        if no_penalty:
            fields["alpha"] = 0.0
        if not fields["markers"]:
            del fields["markers"]
        command(generation=with_fields(Generation(), fields), think_tags=think_tags, **given)

    return _with(gathered, _GENERATION)


def engine_options(command: Command) -> Command:
    """How the model is run: the command gets `cache`, `threads`, `offload` and `force`."""

    @functools.wraps(command)
    def gathered(*, cache: str, gpu_layers: str, main_gpu: int, gpu_split: SplitMode, gpu_shares: str,
                 **rest: Any) -> None:
        offload = Offload(gpu_layers_of(gpu_layers), main_gpu, gpu_split, _shares(gpu_shares))
        command(cache=None if cache == AUTO else cache, offload=offload, **rest)

    return _with(gathered, _ENGINE)


def gpu_layers_of(text: str) -> int | None:
    """None for auto, -1 for all (and -1 itself, as llama.cpp has it)."""
    if text in (AUTO, "all"):
        return None if text == AUTO else -1
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"gpu-layers is {text!r}: give a number of layers, all, or auto") from None


def _shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise UsageError(f"gpu-shares is {text!r}: give a number for each GPU, as 3,1") from None


def _with(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
