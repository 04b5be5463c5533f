"""Two answers with one seed, one below the other, and what there is to say of them."""
from __future__ import annotations

from localthink.chat.compare import Comparison, Summary, summary
from localthink.plain.answer import Follower
from localthink.plain.voice import Voice


def show_comparison(comparison: Comparison, voice: Voice) -> None:
    said = summary(comparison)
    for header, turn in zip(said.names.headers, comparison.turns, strict=True):
        voice.say(f"── {header} ──", "1")
        follower = Follower(turn, voice.sheet())
        follower.show()
        follower.end()
    voice.say("\n".join(_lines(said)))


def _lines(said: Summary) -> list[str]:
    """Figures first, each of both sides in one line, as it is heard best; then where the two part."""
    lines = [f"── {said.names.headers[0]} / {said.names.headers[1]} ──"]
    lines += [f"{row.label}: {row.left} / {row.right}" for row in said.rows]
    lines += [said.opening, *(f"{name}: {words}" for name, words in said.quotes), said.meaning]
    return [line for line in lines if line]
