"""How a sample is written, read from named fields and written as JSON: the one place that knows every field's name.

The fields of a batch's line, of a study, of the command line and of the library are these. A new setting is a field of
`Generation` (or of what it holds), a line in `FIELDS`, and an option.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from localthink.control.catalogue import check_together, read_control
from localthink.errors import UsageError
from localthink.records import THINK_MODES, ControlSpec, Generation, Sampling, ThinkMode, Tip
from localthink.text.values import check_unicode, did_you_mean, quoted


def number(field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UsageError(f"{field} is {quoted(value)}: give a number")
    try:
        return float(value)
    except OverflowError:
        raise UsageError(f"{field} is {quoted(value)}: give a smaller number") from None


def number_or_inf(field: str, value: object) -> float:
    """JSON has no infinity, so that it is written as a text."""
    if value == "inf":
        return math.inf
    if isinstance(value, str):
        raise UsageError(f'{field} is {quoted(value)}: give a number, or "inf"')
    return number(field, value)


def whole(field: str, value: object) -> int:
    """8.0 is a whole number too: tables often keep every number as a float."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise UsageError(f"{field} is {quoted(value)}: give a whole number below 2^63")
    return value


def texts(field: str, value: object) -> tuple[str, ...]:
    """One text, or a list of them."""
    listed = value if isinstance(value, (list, tuple)) else [value]
    for text in listed:
        if not isinstance(text, str):
            raise UsageError(f"{field} holds {quoted(text)}: give a text, or a list of texts")
        check_unicode(text, field)
    return tuple(listed)


def where(field: str, value: object) -> str:
    if value in ("thinking", "everywhere"):
        return str(value)
    raise UsageError(f"{field} is {quoted(value)}: it is 'thinking' or 'everywhere'")


def groups(field: str, value: object) -> tuple[str, ...]:
    named = texts(field, value)
    if not named:
        raise UsageError(f"{field} is an empty list: name a group of markers, or give an alpha of 0 for plain decoding")
    return named


def text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{field} is {quoted(value)}: give a text")
    return check_unicode(value, field)


def controls(field: str, value: object) -> tuple[ControlSpec, ...]:
    """One control, or a list of them, each as `NAME[:key=value,…]`."""
    return tuple(read_control(written) for written in texts(field, value))


def think_mode(field: str, value: object) -> ThinkMode:
    for mode in THINK_MODES:
        if value == mode:
            return mode
    raise UsageError(f"{field} is {quoted(value)}: give one of {', '.join(THINK_MODES)}")


@dataclass(frozen=True, slots=True)
class Field:
    """Where a setting is kept, under which name there, and how its value is read (from its name and the value)."""

    part: Literal["tip", "sampling", "own"]
    name: str
    read: Callable[[str, object], Any]

    @property
    def numeric(self) -> bool:
        return self.read in (number, number_or_inf, whole)


FIELDS: Mapping[str, Field] = {
    "alpha": Field("tip", "alpha", number_or_inf),
    "beta": Field("tip", "beta", number_or_inf),
    "grace": Field("tip", "grace", whole),
    "markers": Field("tip", "groups", groups),
    "where": Field("tip", "where", where),
    "temperature": Field("sampling", "temperature", number),
    "top_p": Field("sampling", "top_p", number),
    "min_p": Field("sampling", "min_p", number),
    "top_k": Field("sampling", "top_k", whole),
    "max_tokens": Field("own", "max_tokens", whole),
    "max_thinking": Field("own", "max_thinking", whole),
    "min_thinking": Field("own", "min_thinking", whole),
    "landing": Field("own", "landing", number),
    "closing_message": Field("own", "closing", text),
    "answer_room": Field("own", "answer_room", whole),
    "controls": Field("own", "controls", controls),
    "stop": Field("own", "stop", texts),
    "think": Field("own", "think", think_mode),
}


LATER = ("min_thinking", "landing", "closing_message", "answer_room", "controls")  # what the first version did not have
LINE_NAMES = {"where": "penalty_where"}  # by a line of a batch, where a field named "where" may be data


def line_name(name: str) -> str:
    """What a line of a batch calls a setting."""
    return LINE_NAMES.get(name, name)


LINE_FIELDS: Mapping[str, Field] = {line_name(name): field for name, field in FIELDS.items()}


def with_fields(generation: Generation, fields: Mapping[str, object],
                known: Mapping[str, Field] = FIELDS) -> Generation:
    """The same but for the settings that are among `fields`; null is not given, other names are somebody else's.

    `known` are the names that count: those of a batch's line are `LINE_FIELDS`.

    Raises UsageError for a value of the wrong type or out of its range.
    """
    given: dict[str, dict[str, Any]] = {"tip": {}, "sampling": {}, "own": {}}
    for name, field in known.items():
        if fields.get(name) is not None:
            given[field.part][field.name] = field.read(name, fields[name])
    if not any(given.values()):
        return generation
    new = replace(generation, tip=replace(generation.tip, **given["tip"]),
                  sampling=replace(generation.sampling, **given["sampling"]), **given["own"])
    check_together(new)
    return new


def field_of(generation: Generation, name: str) -> Any:
    """One setting by its name in `FIELDS`."""
    field = FIELDS[name]
    return getattr(generation if field.part == "own" else getattr(generation, field.part), field.name)


def with_field(generation: Generation, name: str, value: object) -> Generation:
    """The same with one setting changed; None puts it back to what it is by itself. Raises UsageError."""
    if value is not None:
        return with_fields(generation, {name: value})
    field, default = FIELDS[name], field_of(Generation(), name)
    if field.part == "own":
        return replace(generation, **{field.name: default})
    part = getattr(generation, field.part)
    return replace(generation, **{field.part: replace(part, **{field.name: default})})


def read_generation(fields: Mapping[str, object], where: str = "generation") -> Generation:
    """A whole `Generation` from named fields. Raises UsageError for an unknown name too, with the nearest known one."""
    for name in fields:
        if name not in FIELDS:
            hint = did_you_mean(name, FIELDS, f"the fields are {', '.join(FIELDS)}")
            raise UsageError(f"{where} has no field {quoted(name)}: {hint}")
    return with_fields(Generation(), fields)


def generation_object(generation: Generation) -> dict[str, Any]:
    """As JSON, by which `read_generation` finds it again (but for the names of the groups, which are `groups` here).

    The settings of `LATER` are left out where they are as they are by themselves: earlier runs did not know them.
    """
    return {**penalty_object(generation.tip), **sampling_object(generation.sampling),
            "max_tokens": generation.max_tokens, "max_thinking": generation.max_thinking,
            **later_object(generation), "stop": list(generation.stop), "think": generation.think}


def later_object(generation: Generation) -> dict[str, Any]:
    """Those of the settings in `LATER` that are not as they are by themselves, as JSON."""
    found = {name: field_of(generation, name) for name in LATER}
    return {name: [str(each) for each in value] if name == "controls" else value
            for name, value in found.items() if value != field_of(Generation(), name)}


def penalty_object(tip: Tip) -> dict[str, Any]:
    return {"alpha": json_number(tip.alpha), "beta": json_number(tip.beta), "where": tip.where,
            "groups": list(tip.groups), "grace": tip.grace}


def sampling_object(sampling: Sampling) -> dict[str, Any]:
    return {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k,
            "min_p": sampling.min_p}


def json_number(value: float) -> float | str:
    """JSON knows no infinity."""
    return value if math.isfinite(value) else "inf"
