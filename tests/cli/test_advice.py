"""What an error advises is there where it is read: options on a command line, and in a chat what the chat has."""
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from localthink import locations
from localthink.cli.chat import command
from localthink.engine.loading import load
from localthink.engine.messages import Died
from localthink.errors import PromptError, UsageError
from localthink.fit.choice import FitError
from localthink.prompt.messages import check_room
from localthink.prompt.template import ChatTemplate
from localthink.records import Message
from sources import imports, modules

OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+|-[a-z](?![\w-]))")
FACES = ("localthink.cli.", "localthink.plain.", "localthink.tui.")  # which write for one face
ON_A_COMMAND_LINE = {  # about files and folders that are named on one: a chat calls nothing there that could say it
    "localthink.batch.items", "localthink.batch.ledger", "localthink.batch.manifest", "localthink.batch.sources",
    "localthink.label.file", "localthink.label.run", "localthink.solving.questions", "localthink.study.folder",
    "localthink.study.spec"}
ADVICE = 1  # the place of what only a command line says, among an error's arguments


def options_of_chat() -> set[str]:
    return {name for parameter in command.params for name in parameter.opts if isinstance(parameter, click.Option)}


def of_the_chat() -> dict[str, Path]:
    """Every module that a chat can come to run: in its own process, in the engine's and in the template's."""
    every, found = modules(), set[str]()
    waiting = ["localthink.cli.chat", "localthink.engine.worker", "localthink.prompt.worker"]
    while waiting:
        name = waiting.pop()
        if name in every and name not in found:
            found.add(name)
            waiting += imports(every[name])
    return {name: every[name] for name in found}


def texts(tree: ast.AST) -> Iterator[str]:
    """The strings of a module that could be shown: no docstring, no declaration of an option, no advice of an error."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "click.option":
            continue
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error"):
            for argument in node.args[:ADVICE]:
                yield from texts(ast.Expression(argument))
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).lower().strip("_") == "advice":
            continue
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield from texts(node)


@pytest.mark.parametrize(("module", "path"), sorted(
    each for each in of_the_chat().items() if each[0] not in ON_A_COMMAND_LINE))  # in one order in every process
def test_no_message_that_reaches_the_chat_names_an_option_that_it_lacks(module: str, path: Path) -> None:
    known = options_of_chat() if module.startswith(FACES) else set()
    for text in texts(ast.parse(path.read_text(encoding="utf-8"))):
        named = set() if OPTION.fullmatch(text) else set(OPTION.findall(text))  # whole, it is said to a program
        assert named <= known, f"{text!r} names {named - known}"


def test_the_chat_is_looked_through() -> None:
    assert {"localthink.prompt.messages", "localthink.fit.choice", "localthink.prompt.template",
            "localthink.plain.news", "localthink.tui.screens.models", "localthink.engine.model"} <= of_the_chat().keys()
    assert not of_the_chat().keys() & {"localthink.batch.run", "localthink.cli.ask"}
    assert "--context" in options_of_chat() and "--raw" not in options_of_chat()


def refused_template() -> None:
    with ChatTemplate("{{ raise_exception('no') }}", "", "") as template:
        template.render([Message("user", "Hi")])


@pytest.mark.parametrize(("refuse", "kind", "says", "advises"), [
    (refused_template, PromptError, "cannot be rendered: no: take another model", "--raw sends the prompt without"),
    (lambda: check_room(100, 100), PromptError, "shorten it, or open the model with a longer context", "--context 101"),
    (lambda: load(None, context=10**9), FitError, "a context of at most 1,024 tokens fits", "--force tries it"),
])
def test_options_are_advised_on_a_command_line_alone(refuse, kind, says, advises) -> None:
    if kind is FitError and not locations.bundled_model().is_file():
        pytest.skip("the bundled model is not here")
    with pytest.raises(kind) as caught:
        refuse()
    error = caught.value
    assert says in str(error) and not OPTION.findall(str(error))
    assert advises in error.advice and error.on_command_line() == f"{error}; {error.advice}"


def test_advice_comes_through_from_the_process_of_an_engine() -> None:
    error = Died("no", 2, advice="--force").error()
    assert isinstance(error, UsageError) and error.on_command_line() == "no; --force"
