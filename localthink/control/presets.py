"""How much a model is to think, in three words: a budget and a penalty for each."""
from __future__ import annotations

from pathlib import Path
from typing import Any

BUNDLED = "countdown"
ANSWER_ROOM = 512  # tokens: longer than most answers of R1's distills
LANDING = 2.0  # of a soft landing, where none is given: the closing tag has an eighth of the likeliest's probability
EFFORTS = ("low", "medium", "high")
# the bundled model thinks for about 150 tokens
_BUNDLED: dict[str, dict[str, Any]] = {
    "low": {"alpha": 3.0, "beta": 40.0, "max_thinking": 100, "landing": LANDING, "answer_room": 64},
    "medium": {"alpha": 3.0, "beta": 40.0, "max_thinking": 200, "landing": LANDING, "answer_room": 64},
    "high": {"alpha": 3.0, "beta": 40.0, "max_thinking": 400, "landing": LANDING, "answer_room": 64},
}
_OTHERS: dict[str, dict[str, Any]] = {
    "low": {"alpha": 3.0, "beta": 600.0, "max_thinking": 1000, "landing": LANDING, "answer_room": ANSWER_ROOM},
    "medium": {"alpha": 3.0, "beta": 600.0, "max_thinking": 4000, "landing": LANDING, "answer_room": ANSWER_ROOM},
    "high": {"alpha": 3.0, "beta": 600.0, "max_thinking": 16000, "landing": LANDING, "answer_room": ANSWER_ROOM},
}


def preset(effort: str, model: str | None) -> dict[str, Any]:
    """The fields of `generation.FIELDS` that an effort sets, for a model by its name or path; None is the bundled.

    The bundled model's family is called after it, and is like it.
    """
    bundled = model is None or Path(model).stem.startswith(BUNDLED)
    return dict((_BUNDLED if bundled else _OTHERS)[effort])
