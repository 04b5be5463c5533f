"""ThinkBrake (arXiv 2510.00546): thinking ends where the model nearly would end it by itself.

At the end of a sentence, the closing tag comes if

    log p(likeliest token) - log p(closing tag) <= margin

both at temperature 1 and before any bias. The authors look where a paragraph ends in a full stop; here every sentence
end counts. They search the margin for each model, from 0.05 to 5.
"""
from __future__ import annotations

from localthink.control.budget import ends_sentence
from localthink.control.interface import Action, Control
from localthink.control.view import View


class EarlyExit(Control):
    """Leaves the first `after` tokens of thinking alone."""

    name = "early-exit"

    def __init__(self, margin: float = 0.25, after: int = 0) -> None:
        self._margin, self._after = margin, after

    def before(self, view: View) -> Action | None:
        if not view.thinking or view.thinking_tokens < max(self._after, 1) or view.wish == "think":
            return None
        if not ends_sentence(view.tail) or (margin := view.margin(view.words.closing[0])) > self._margin:
            return None
        return Action(force=view.words.closing,
                      why=f"closed the thinking {margin:.2f} behind the likeliest token, after "
                          f"{view.thinking_tokens:,} tokens")
