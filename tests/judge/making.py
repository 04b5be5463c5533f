"""Cases, and models whose logits of yes and no are known."""
from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localthink.grade.countdown import Puzzle
from localthink.judge.interface import Case
from localthink.judge.prompts import Prompts
from scripted_gguf import TOOL

PLAIN = "{% for message in messages %}{{ message.content }}{% endfor %}"
WORDS = ("Y e", "Ye s", "y e", "ye s", "N o", "n o", "Ġ Yes", "Ċ Ċ")  # what makes Yes, yes, No, no, Yes after a space
PUZZLE = Puzzle((13, 1, 5), 60)  # (13 - 1) * 5
BARE = Prompts(dict.fromkeys(("thought", "step", "answer"), "{question}{before}{text}"), ("Yes", "yes"), ("No", "no"))


def case(text: str, key: str = "", **more: Any) -> Case:
    return Case(**{"key": key or text, "kind": "thought", "question": "Q ", "text": text, **more})


def write_judge(folder: Path, logits: Mapping[str, Mapping[str, float]], template: str = PLAIN, **more: Any) -> Path:
    """A model that answers by the last token of its prompt: by these logits of words."""
    spec = importlib.util.spec_from_file_location("scripted_model", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    chain = {last: list(words.items()) for last, words in logits.items()}
    return Path(tool.write(folder / "judge.gguf", chain, template=template, merges=WORDS, bos=None, add_bos=False,
                           **{"control": (tool.EOS, tool.USER, tool.ASSISTANT), "user_defined": (), **more}))


def softmax(yes: list[float], no: list[float]) -> float:
    return sum(map(math.exp, yes)) / sum(map(math.exp, [*yes, *no]))
