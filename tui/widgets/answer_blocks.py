"""A stretch of an answer as widgets. While the stretch grows only what has changed is written anew."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from markdown_it import MarkdownIt
from markdown_it.token import Token
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Markdown, Static
from textual.widgets.markdown import MarkdownBlock, MarkdownFence

from localthink.tui.widgets.answer_content import BOXED, block_content, inline_content
from localthink.tui.widgets.answer_markdown import CONTINUES, MATH_BLOCK, parse, parser

MOST_COLOURED = 20_000  # characters of one block of code: colouring reads them all at once
_TEXTS = ("paragraph_open", "th_open", "td_open", *(f"h{level}" for level in range(1, 7)))
_LISTS = ("bullet_list_open", "ordered_list_open")
_LEAVES = ("inline", "fence", "code_block", MATH_BLOCK)


class Prose:
    """A block of text, with mathematics in it."""

    def build_from_token(self: MarkdownBlock, token: Token) -> None:  # type: ignore[misc]  # it is mixed into one
        self.set_content(inline_content(token.children or ()))


class Formula(MarkdownBlock):
    """A formula that stands alone."""

    DEFAULT_CSS = "Formula { padding: 0 4; }"

    def build_from_token(self, token: Token) -> None:
        self.set_content(block_content(token))


class Code(MarkdownFence):
    """A block of code. Its language is what the model says it is: none is guessed."""

    DEFAULT_CSS = "Code { margin: 0; & > Label { padding: 0 1; } }"

    def build_from_token(self, token: Token) -> None:
        self.code = token.content.rstrip()
        self.set_content(self.highlight(self.code, self.lexer, ansi=self.app.native_ansi_color,
                                        dark=self.app.current_theme.dark))

    @classmethod
    def highlight(cls, code: str, language: str, ansi: bool = False, dark: bool = False) -> Content:
        known = language.split()[0] if language.strip() and len(code) <= MOST_COLOURED else "text"
        return super().highlight(code, known, ansi, dark)


class Continued:
    """A list of one item, which may go on with the one before."""

    def __init__(self: MarkdownBlock, markdown: Markdown, token: Token) -> None:  # type: ignore[misc]
        super().__init__(markdown, token)  # type: ignore[safe-super]
        self.set_class(CONTINUES in token.meta, CONTINUES)


def _mixed(mixed_in: type, names: Sequence[str]) -> dict[str, type[MarkdownBlock]]:
    """Textual's own blocks of these names with something of ours."""
    return {name: type(base.__name__, (mixed_in, base), {}) for name in names for base in (Markdown.BLOCKS[name],)}


class Stretch(Markdown):
    """Some blocks of an answer. Its children are laid out the same wherever an answer is cut into stretches."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {BOXED}
    DEFAULT_CSS = f"""
    Stretch {{
        padding: 0;
        & > .{BOXED} {{ text-style: bold; color: $text-accent; background: $accent-muted; }}
        & MarkdownList {{ margin: 0; }}
        & > MarkdownBlock {{ margin: 1 0 0 0; }}
        & > .{CONTINUES}, & > MarkdownHorizontalRule {{ margin: 0; }}
        &.first > MarkdownBlock:first-child, &.amid-list > MarkdownBlock:first-child {{ margin: 0; }}
    }}
    """
    BLOCKS: ClassVar[dict[str, type[MarkdownBlock]]] = {
        **Markdown.BLOCKS, **_mixed(Prose, _TEXTS), **_mixed(Continued, _LISTS), "fence": Code, "code_block": Code}

    def __init__(self, text: str, classes: str) -> None:
        super().__init__(text, classes=classes, parser_factory=_parser, open_links=False)
        self._tokens = parse(text)

    def unhandled_token(self, token: Token) -> MarkdownBlock | None:
        if token.type != MATH_BLOCK:
            return None
        formula = Formula(self, token)
        formula.build_from_token(token)
        return formula

    async def show(self, text: str) -> None:
        """Show another text in place of the one before, of which it is most often the beginning or an end."""
        before, self._tokens = self._tokens, parse(text)
        if _shape(before) == _shape(self._tokens):
            self._rewrite(_leaves(before), _leaves(self._tokens))
        else:
            await self.update(text)

    def _rewrite(self, before: Sequence[Token], after: Sequence[Token]) -> None:
        for widget, old, new in zip(self._leaf_widgets(), before, after, strict=True):
            if old.content == new.content and old.meta == new.meta:
                continue
            if isinstance(widget, MarkdownBlock):
                widget.build_from_token(new)
            elif isinstance(widget, Static):
                widget.update(inline_content(new.children or ()))

    def _leaf_widgets(self) -> list[Widget]:
        """The widgets of `_leaves`, in their order: blocks of text, code and formulas, and the cells of tables."""
        return [widget for widget in self.walk_children(Widget)
                if isinstance(widget, (Prose, Formula, Code)) or widget.has_class("cell") or widget.has_class("header")]


def _parser() -> MarkdownIt:
    return parser()


def _shape(tokens: Iterable[Token]) -> list[tuple[str, str, str, int]]:
    return [(token.type, token.tag, token.info, token.level) for token in tokens]


def _leaves(tokens: Iterable[Token]) -> list[Token]:
    return [token for token in tokens if token.type in _LEAVES]
