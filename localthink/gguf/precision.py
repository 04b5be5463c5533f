"""The precision of a GGUF file by its name: what its publisher wrote there, in the one way of writing it."""
from __future__ import annotations

import re

PART = re.compile(r"(?P<name>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})", re.DOTALL)  # one of a split model's files
_PRECISION = re.compile(  # at the end of a name, or before another word: Q4_K_M, IQ4_XS, UD-Q4_K_XL, Q8_0, TQ1_0, BF16
    r"(?<![A-Z0-9])(?P<dynamic>UD[-_.])?"
    r"(?P<kind>I?Q[1-8](?:[_-](?:[01](?:[_-][48]){0,2}|K(?:[_-](?:XXS|XS|XL|S|M|L))?|XXS|XS|NL|S|M|L))?"
    r"|TQ[12]_0|MXFP4(?:[_-]MOE)?|NVFP4|BF16|FP?16|FP?32)(?![A-Z0-9])", re.IGNORECASE)
_SAME = {"FP16": "F16", "FP32": "F32"}


def precision_of(file_name: str) -> str:
    """The precision that a file's name, or that of its folder, ends with: `Q4_K_M`; empty where it names none.

    `file_name` may be a path. The part of a split model is not looked at, nor is how anything is capitalised.
    """
    *folders, name = re.split(r"[/\\]", file_name)
    for text in (name, *reversed(folders)):
        found = list(_PRECISION.finditer(stem(text)))
        if found:
            return _written(found[-1])
    return ""


def stem(file_name: str) -> str:
    """A file's name without `.gguf` and without the number of its part."""
    name = re.sub(r"\.gguf$", "", file_name, flags=re.IGNORECASE)
    part = PART.fullmatch(name)
    return part["name"] if part else name


def as_precision(text: str) -> str:
    """What a person wrote as a precision, as `precision_of` writes it; empty where it is none."""
    match = _PRECISION.fullmatch(text.strip())
    return _written(match) if match else ""


def _written(match: re.Match[str]) -> str:
    kind = match["kind"].upper().replace("-", "_")
    return ("UD-" if match["dynamic"] else "") + _SAME.get(kind, kind)
