"""A figure as SVG whose colours are names, which a page or the file itself fills in, light or dark."""
from __future__ import annotations

import re
from dataclasses import dataclass

# what is drawn in these becomes var(--name): a page's style says which colour that is
COLOURS = {"ink": "#010101", "faint": "#020202", "base": "#030303", "main": "#040404", "gain": "#050505",
           "loss": "#060606", "right": "#070707", "wrong": "#080808", "none": "#090909", "cut": "#0a0a0a",
           "loop": "#0b0b0b", "page": "#0c0c0c"}
LIGHT = {"ink": "#1c1e21", "faint": "#c4c8ce", "base": "#6b7280", "main": "#1d6fb8", "gain": "#1b7f4d",
         "loss": "#b5382f", "right": "#2a8f5b", "wrong": "#c2483d", "none": "#b08a2e", "cut": "#7d8590",
         "loop": "#7a56a8", "page": "#ffffff"}
DARK = {"ink": "#e6e8eb", "faint": "#454b54", "base": "#9aa2ad", "main": "#63aaf0", "gain": "#4cc38a",
        "loss": "#f0766b", "right": "#46b37c", "wrong": "#e5695e", "none": "#d3ac4f", "cut": "#8b949e",
        "loop": "#b08be0", "page": "#15181c"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure: `name` is short and without spaces, `caption` says what it shows and of how many."""

    name: str
    title: str
    caption: str
    svg: str


def palette() -> str:
    """The colours as CSS, light and dark."""
    light, dark = ("".join(f"--{name}:{value};" for name, value in colours.items()) for colours in (LIGHT, DARK))
    return f":root{{{light}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}@media print{{:root{{{light}}}}}"


def standalone(svg: str) -> str:
    """The figure as a file of its own, which brings its colours along."""
    return re.sub(r"(<svg [^>]*>)", rf"\1<style>{palette()}</style>", svg, count=1)


def for_a_page(svg: str, name: str, title: str) -> str:
    """What was drawn in COLOURS, to stand in a page beside others: colours by name, any size, ids of its own."""
    svg = re.sub(r"^.*?(?=<svg)", "", svg, flags=re.DOTALL)
    for colour, placeholder in COLOURS.items():
        svg = svg.replace(placeholder, f"var(--{colour})")
    for size in ("width", "height"):
        svg = re.sub(rf'(<svg [^>]*?) {size}="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    return re.sub(r"<svg ", f'<svg role="img" aria-label="{title}" ', svg, count=1)
