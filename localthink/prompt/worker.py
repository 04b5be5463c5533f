"""The child process that renders chat templates: `python -m localthink.prompt.worker`.

A template comes out of a model file that anyone may have written. Jinja's sandbox keeps it away
from the machine, but nothing inside an interpreter stops an endless loop or `'a' * 10**10`; a
process can be killed; where a system has no limits for one, the parent's clock is all there is. Knows
Jinja, set up as Hugging Face does, and nothing of models.

The first line on standard output is `ready`. Then each line of JSON on standard input, an object
with `template`, `variables`, `seconds` and `most_bytes`, is answered by one line of JSON on standard
output, an object with either `text` or `error`. The end of standard input ends the process.
"""
from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, BinaryIO

from jinja2 import Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from localthink.child_process import lower_limits

READY = b"ready\n"
MOST_MEMORY = 2**30  # bytes of address space, of which Python and Jinja themselves take few
MOST_OF_A_MESSAGE = 200  # characters of an error that are worth a line


class TooLongError(Exception):
    """The template writes more than was asked for."""


class GenerationBlock(Extension):
    """Hugging Face's `{% generation %}`, which marks text for training: here its body, no more."""

    tags = {"generation"}  # noqa: RUF012 - as Extension declares it

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


def raise_exception(message: str) -> None:
    raise TemplateError(message)


def strftime_now(form: str) -> str:
    return datetime.now().strftime(form)


def tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None,
           separators: tuple[str, str] | None = None, sort_keys: bool = False) -> str:
    """JSON as it is: Jinja's own filter escapes characters that mean something in HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


@lru_cache(maxsize=8)
def compiled(source: str) -> Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", GenerationBlock],
    )
    environment.filters["tojson"] = tojson
    environment.globals.update(raise_exception=raise_exception, strftime_now=strftime_now)
    return environment.from_string(source)


def render(source: str, variables: dict[str, Any], most: int) -> str:
    pieces, size = [], 0
    for piece in compiled(source).generate(variables):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise TooLongError
    return "".join(pieces)


def answer(request: dict[str, Any]) -> bytes:
    """The reply to one request, as a line that is never longer than the request allows."""
    most = request["most_bytes"]
    try:
        line = json.dumps({"text": render(request["template"], request["variables"], most)}).encode()
        if len(line) >= most:
            raise TooLongError
    except Exception as error:
        line = json.dumps({"error": explain(error, most)[:MOST_OF_A_MESSAGE]}).encode()
    return line + b"\n"


def explain(error: Exception, most: int) -> str:
    match error:
        case TooLongError():
            return f"it writes more than {most >> 20} MiB"
        case MemoryError():
            return "it asks for too much memory"
        case TemplateSyntaxError():
            return f"line {error.lineno}: {error.message}"
        case SecurityError():
            return f"it reaches for what a template must not touch: {error.message}"
        case TemplateError():
            return str(error.message or "it refuses these messages")
    return f"{type(error).__name__}: {error}"


def replies_only() -> BinaryIO:
    """Standard output for the replies; whatever else is printed goes nowhere."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return replies


def send(replies: BinaryIO, line: bytes) -> None:
    replies.write(line)
    replies.flush()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole terminal; the parent decides
    lower_limits(MOST_MEMORY)
    with replies_only() as replies:
        send(replies, READY)
        for line in sys.stdin.buffer:
            request = json.loads(line)
            # Should the parent die while a template hangs: this clock needs no turn of the interpreter.
            faulthandler.dump_traceback_later(request["seconds"], exit=True, file=sys.stdout)
            reply = answer(request)
            faulthandler.cancel_dump_traceback_later()
            send(replies, reply)


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        main()
