"""Options that several commands have in common."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

from localthink.control.presets import ANSWER_ROOM, EFFORTS, LANDING, preset
from localthink.errors import UsageError
from localthink.generation import FIELDS, with_fields
from localthink.offload import SPLIT_MODES, Offload, SplitMode
from localthink.records import CACHE_TYPES, LOOP_GUARD, THINK_MODES, Generation
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
    click.option("--thinking", metavar="MIN..MAX",
                 help="Fewest and most tokens of thinking, either may be left out; it lands softly, with room kept for "
                      "an answer."),
    click.option("--landing", type=float, metavar="NATS",
                 help="From the most tokens on, close where the model might: so close to its likeliest token."),
    click.option("--closing", "closing_message", default="", metavar="TEXT",
                 help="Written before the thinking is closed at its limit."),
    click.option("--answer-room", type=int, help="Tokens that thinking leaves for the answer, at most a quarter."),
    click.option("--effort", type=click.Choice(EFFORTS), help="Thinking and penalty together; see docs/controls.md."),
    click.option("--control", "controls", multiple=True, metavar="NAME[:key=value,…]",
                 help="Another control; may be repeated. See localthink controls."),
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


def generation_options(command: Command, loop_guard: bool = False) -> Command:
    """What decides how a text is written: the command gets `generation` and `think_tags`.

    `loop_guard` says whether that control is there where nothing is said of it.
    """

    @functools.wraps(command)
    def gathered(*, no_penalty: bool, think_tags: tuple[str, str] | None, effort: str | None, thinking: str | None,
                 guard: bool, controls: tuple[str, ...], **given: Any) -> None:
        if think_tags is not None:
            Tags(*think_tags)  # refuses what is no pair of tags before anything is loaded
        fields = {name: given.pop(name) for name in FIELDS if name in given}
        if no_penalty:
            fields["alpha"] = 0.0
        if not fields["markers"]:
            del fields["markers"]
        fields |= _budget(thinking, fields, effort is not None)
        if effort is not None:
            fields |= _effort(preset(effort, given.get("model")), {"no_penalty": "alpha", "thinking": "max_thinking"})
        if fields["closing_message"] and not any(
                fields.get(name) is not None for name in ("max_thinking", "landing", "answer_room")):
            raise UsageError("there is nothing that would close the thinking with this text: give --thinking or "
                             "--max-thinking as well")
        guarded = guard and not any(written.partition(":")[0].strip() == LOOP_GUARD for written in controls)
        fields["controls"] = [*([LOOP_GUARD] if guarded else []), *controls]
        command(generation=with_fields(Generation(), fields), think_tags=think_tags, **given)

    guard = click.option("--loop-guard/--no-loop-guard", "guard", default=loop_guard, show_default=True,
                         help="Notice text that goes round in a circle, help it out, and end it if it comes back.")
    return _with(gathered, (*_GENERATION, guard))


def guarded_options(command: Command) -> Command:
    """`generation_options` for commands whose answers nobody watches to the end."""
    return generation_options(command, loop_guard=True)


def _effort(fields: dict[str, Any], also: dict[str, str]) -> dict[str, Any]:
    """The fields of a preset, but for what was given on the command line; `also` has options that give a field.

    Whoever says how long it thinks has said all of it: the budget of a preset goes together.
    """
    source = click.get_current_context().get_parameter_source
    given = {name for name in (*fields, *also) if source(name) is ParameterSource.COMMANDLINE}
    given |= {also[name] for name in also if name in given}
    if "max_thinking" in given:
        given |= {"min_thinking", "landing", "answer_room"}
    return {name: value for name, value in fields.items() if name not in given}


def _budget(thinking: str | None, fields: dict[str, Any], effort: bool) -> dict[str, Any]:
    """The fields that --thinking sets."""
    if thinking is None:
        if fields["landing"] is not None and fields["max_thinking"] is None and not effort:
            raise UsageError(f"landing is {fields['landing']:g}, and there is no limit to land at: give --thinking or "
                             "--max-thinking as well")
        return {}
    if fields["max_thinking"] is not None:
        raise UsageError("--thinking and --max-thinking both say how long it thinks: give one of them")
    first, dots, last = thinking.partition("..")
    try:
        least, most = (int(part) if part.strip() else None for part in (first, last))
    except ValueError:
        least = most = None
    if not dots or least is most is None:
        raise UsageError(f"thinking is {thinking!r}: give the fewest and the most tokens as 500..4000, 500.. or ..4000")
    found: dict[str, Any] = {"min_thinking": least, "max_thinking": most}
    if fields["landing"] is None and most is not None:
        found["landing"] = LANDING
    if fields["answer_room"] is None:
        found["answer_room"] = ANSWER_ROOM
    return found


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
