"""`localthink info`: what a GGUF file is, from its header alone."""
from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from localthink.errors import UsageError
from localthink.text.sizes import rounded, sized
from localthink.text.terminal import Terminal
from localthink.text.visible import printable

if TYPE_CHECKING:
    from localthink.gguf.header import ModelFacts

Row = tuple[str, str]
LABEL_WIDTH, COLUMN_WIDTH = 16, 16
CONTEXTS = (8_192, 32_768)
CACHE_TYPES = ("f16", "q8_0")
BOLD, DIM = "1", "2"


@click.command("info")
@click.argument("model", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, chat template and all.")
def command(model: str | None, as_json: bool) -> None:
    """Show what MODEL is, without loading it: its shape, its thinking, the memory it takes.

    MODEL is a path, or the name of a bundled or downloaded model; the bundled one if left out.
    Sizes are in bytes.
    """
    from localthink.gguf.header import read_facts
    from localthink.shelf.local_models import find_model

    facts = read_facts(find_model(model))
    if as_json:
        click.echo(json.dumps(_object(facts), default=str))
        return
    out = Terminal(sys.stdout)
    out.write(f"{plain(facts.name)}\n", BOLD)
    out.write(f"{plain(str(facts.path), limit=4096)}\n", DIM)
    for group in (_identity(facts), _shape(facts), _thinking(facts), _memory(facts)):
        out.write("\n")
        for label, value in group:
            out.write(f"  {label:{LABEL_WIDTH}}", DIM)
            out.write(f"{value}\n")


def plain(text: str, limit: int = 80) -> str:
    """Text from a file as it may stand on one line of a terminal, where it can do nothing but be read."""
    written = printable(text)
    return written if len(written) <= limit else f"{written[: limit - 1]}…"


def _object(facts: ModelFacts) -> dict[str, object]:
    return {
        **asdict(facts), "weight_bytes": facts.weight_bytes, "has_weights": facts.has_weights,
        "r1_roles": facts.r1_roles, "thinks": facts.thinks,
        "cache_bytes_per_token": {type_: _cache(facts, type_) for type_ in CACHE_TYPES},
    }


def _identity(facts: ModelFacts) -> Iterator[Row]:
    yield "architecture", plain(facts.architecture)
    if facts.has_weights:
        yield "parameters", rounded(facts.parameters)
        mix = ", ".join(f"{type_} {sized(size)}" for type_, size in facts.type_bytes.items())
        yield "quantization", f"{facts.quantization}: {mix}"
    else:
        yield "weights", "none: a vocabulary alone, which can be shown and not asked"
    files = f", in {len(facts.parts)} parts" if len(facts.parts) > 1 else ""
    yield "size on disk", sized(facts.file_bytes) + files


def _shape(facts: ModelFacts) -> Iterator[Row]:
    if facts.layers:
        yield "layers", f"{facts.layers}, of width {facts.width:,}"
        length = (f"{facts.key_length}" if facts.key_length == facts.value_length
                  else f"{facts.key_length} for keys and {facts.value_length} for values")
        yield "heads", f"{_each(facts.heads)}, with {_each(facts.kv_heads)} for keys and values, of size {length}"
        yield "context", f"{facts.context_length:,} tokens"
    kind = " / ".join(plain(part) for part in (facts.tokenizer, facts.pre_tokenizer) if part)
    yield "vocabulary", f"{facts.vocabulary:,} tokens, {kind}"


def _thinking(facts: ModelFacts) -> Iterator[Row]:
    opening, closing = facts.think_tags
    own = (opening, closing) == ("<think>", "</think>") and facts.think is not None and facts.end_think is not None
    between = f"between {opening} ({facts.think}) and {closing} ({facts.end_think})" if own else (
        f"between {opening} and {closing}, as text")
    yield "thinks", f"yes, {between}" if facts.thinks else "no: neither its template nor its vocabulary says so"
    if facts.thinks:
        yield "opened by", _opened_by(facts)
    yield "roles", "R1's own" if facts.r1_roles else "not R1's"
    template = f"yes, {len(facts.chat_template):,} characters" if facts.chat_template else "none"
    yield "chat template", template


def _opened_by(facts: ModelFacts) -> str:
    """Who begins the block of thinking in a prompt with `--think auto`."""
    from localthink.errors import PromptError
    from localthink.prompt.messages import leaves_open
    from localthink.prompt.template import ChatTemplate
    from localthink.records import Message
    from localthink.thinking.tags import Tags

    by_us = "localthink, as R1's authors ask (--think free leaves it to the model)"
    by_model = "the model, if it does (--think open does it in the prompt)"
    if facts.chat_template is None:
        return by_us if facts.r1_family else by_model
    try:
        with ChatTemplate(facts.chat_template, facts.bos_text, facts.eos_text) as template:
            text = template.render([Message("user", "?")])
    except PromptError as error:
        return f"nobody can say: {error}"
    if leaves_open(text, Tags(*facts.think_tags)):
        return "its chat template"
    return f"{by_us}: its chat template does not" if facts.r1_family else by_model


def _memory(facts: ModelFacts) -> Iterator[Row]:
    if not facts.layers:
        return
    yield "KV cache", "".join(f"{title:<{COLUMN_WIDTH}}" for title in (
        "1 token", *(f"{tokens:,} tokens" for tokens in CONTEXTS))).rstrip()
    for type_ in CACHE_TYPES:
        size = _cache(facts, type_)
        sizes = ("not with heads of this size",) if size is None else (sized(size * n) for n in (1, *CONTEXTS))
        yield f"  {type_}", "".join(f"{text:<{COLUMN_WIDTH}}" for text in sizes).rstrip()


def _cache(facts: ModelFacts, type_: str) -> int | None:
    """Bytes a token, None where the heads cannot be packed so."""
    try:
        return facts.cache_bytes_per_token(type_, type_)
    except UsageError:
        return None


def _each(count: int | tuple[int, ...]) -> str:
    return f"{min(count):,} to {max(count):,}, by layer" if isinstance(count, tuple) else f"{count:,}"
