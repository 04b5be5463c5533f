"""The controls that can be asked for by name: their settings, where they come from, what is known for and against.

Nothing here is a control yet: names are read and checked wherever a setting is, long before a model is there.
"""
from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from localthink.errors import UsageError
from localthink.records import LOOP_GUARD, ControlSpec, Generation
from localthink.text.values import did_you_mean, quoted


@dataclass(frozen=True, slots=True)
class Parameter:
    """A setting of a control. A number lies from `least` to `most`; without a `default` it has to be given."""

    name: str
    kind: Literal["whole", "number", "text"]
    default: float | str | None
    help: str
    least: float = 0.0
    most: float = math.inf


@dataclass(frozen=True, slots=True)
class Entry:
    """A control. `thinks` says that it is of use only while a model thinks, `closes` that it says when thinking ends.

    `forks` says that it tries answers out beside a sample, which takes a second slot. `options` are those of the
    command line, where it has options of its own and is not asked for by name.
    """

    name: str
    about: str
    source: str
    known_for: str
    known_against: str
    parameters: tuple[Parameter, ...] = ()
    thinks: bool = True
    closes: bool = False
    forks: bool = False
    options: tuple[str, ...] = ()


ENTRIES = (
    Entry("tip", "takes alpha off the logits of tokens that would open a new line of thought, for beta tokens",
          "TIP, arXiv 2501.18585",
          "R1-Distill-32B on AIME24 61.4 -> 64.1, with fewer switches (the paper)",
          "flat over alpha and beta; a constant penalty helps hard problems and can hurt easy ones (2506.11077)",
          options=("alpha", "beta", "grace", "markers")),
    Entry("budget", "a minimum and a maximum of thinking, a soft landing, and room that is kept for an answer",
          "budget forcing, s1, arXiv 2501.19393; the margin of ThinkBrake, arXiv 2510.00546",
          "thinking ends where a sentence does, and an answer comes",
          "more \"Wait\" may be a mirage: parallel samples beat it at equal tokens (2506.04210)",
          options=("thinking", "max-thinking", "landing", "closing", "answer-room")),
    Entry(LOOP_GUARD, "notices text that goes round in a circle, helps it out, and ends it if it comes back",
          "agreement with what was written one period before; compare vLLM's pull requests 52673 and 52677",
          "a rescue lifts 2-bit Qwen3-8B on MATH-500 from 17 to 74 % (2606.02011, by other means)",
          "what is meant to repeat, for hundreds of tokens, looks like one",
          (Parameter("rounds", "whole", 3, "how often it has to come round", 2, 50),
           Parameter("tokens", "whole", 120, "the fewest tokens that must have come again", 16, 10_000),
           Parameter("heat", "number", 1.5, "the temperature is multiplied by it while it helps", 1, 10),
           Parameter("help", "whole", 128, "tokens for which it helps", 1, 10_000)),
          thinks=False),
    Entry("no-wait", "bans the words with which a model doubts itself, while it thinks",
          "NoWait, arXiv 2506.08343",
          "27-51 % fewer tokens (the paper)",
          "distilled models lose accuracy (the paper)",
          (Parameter("words", "text",
                     "wait+alternatively+hmm+but+however+alternative+another+check+double-check+oh+maybe+verify+other"
                     "+again+now+ah+any",
                     "the words, joined by +; the default is the paper's list"),)),
    Entry("cyclic-reflex", "invites and holds back words of reflection by turns, in a triangular wave",
          "CyclicReflex, arXiv 2506.11077",
          "better than plain decoding and than TIP for R1 distills of 1.5B to 14B (the paper)",
          "amplitude and period were searched for each data set",
          (Parameter("amplitude", "number", 5, "logits, at most; the paper searches 1-10", 0.01, 100),
           Parameter("period", "whole", 600, "tokens of a wave; the paper searches 200-2,000", 4, 1_000_000))),
    Entry("alpha-one", "thinks slowly at first, with a \"Wait\" after paragraphs, then closes at the first \"Wait\"",
          "AlphaOne, arXiv 2505.24863",
          "R1-1.5B on AIME24 23.3 -> 30.0, 7B on MATH-500 87.6 -> 91.2 (the paper)",
          "the mean length of thinking has to be known for each model and kind of problem",
          (Parameter("alpha", "number", 1.4, "the slow phase, in mean lengths", 0.01, 100),
           Parameter("length", "whole", 2500, "the mean length of thinking, in tokens; the authors take 2500 for "
                     "R1-1.5B, 3150 for 7B, 4800 for 32B", 1, 10_000_000)),
          closes=True),
    Entry("early-exit", "closes thinking at a sentence end once the closing tag is nearly as likely as the best token",
          "ThinkBrake, arXiv 2510.00546",
          "up to 30 % fewer tokens of thinking at about equal accuracy (the paper)",
          "early exits can cost small distills much: DEER, its relative, cost R1-7B 4.8-9.5 points in replays",
          (Parameter("margin", "number", 0.25, "difference of log-probabilities; the authors search 0.05-5 for each "
                     "model", 0, 100),
           Parameter("after", "whole", 0, "the first so many tokens of thinking are left alone", 0, 10_000_000)),
          closes=True),
    Entry("deer", "tries a short answer out beside the thinking at each \"Wait\", and closes it where that is certain",
          "DEER, arXiv 2504.15895",
          "19-80 % fewer tokens (the paper)",
          "R1-7B on AIME24 52.2 -> 47.8 (2602.02010), 4.8-9.5 points lost in other replays; takes a second slot",
          (Parameter("certainty", "number", 0.95, "the mean probability of the trial's tokens from which it closes",
                     0.01, 1),
           Parameter("tokens", "whole", 20, "of the trial, at most", 1, 1000)),
          closes=True, forks=True),
    Entry("confidence", "ends a sample whose confidence over a window of tokens falls below a threshold",
          "DeepConf, arXiv 2508.15260",
          "of many samples, the doubtful ones end early: up to 85 % fewer tokens (the paper)",
          "the threshold comes from warm-up samples of the same problem; a single answer is simply lost",
          (Parameter("least", "number", None, "the threshold; the paper takes the 10th or the 90th percentile of the "
                     "lowest groups of 16 samples", 0, 1000),
           Parameter("group", "whole", 2048, "tokens of a group", 1, 1_000_000),
           Parameter("top", "whole", 20, "likeliest tokens whose log-probabilities are averaged", 1, 1000)),
          thinks=False),
    Entry("placebo", "the penalty on words that have nothing to do with switches: what any disturbance does",
          "the house's own, for studies",
          "a gain that the penalty has and the placebo has not comes from the switches",
          "words that are nearly certain where they come are hardly touched: see how many texts part",
          (Parameter("alpha", "number", 3, "logits, as the penalty's", 0, 1_000_000),
           Parameter("beta", "number", 600, "tokens of a thought, as the penalty's"),
           Parameter("words", "text", "equals+value+alright", "the words, joined by +; the default was drawn at random "
                     "among words that come together as often in traces of R1 distills as switches do")),
          thinks=False),
)
CATALOGUE: Mapping[str, Entry] = {entry.name: entry for entry in ENTRIES}


def read_control(written: str) -> ControlSpec:
    """A control from `NAME[:key=value,…]`. Raises UsageError, with the nearest name where one is unknown."""
    name, _, rest = written.strip().partition(":")
    entry = _entry(name)
    given: dict[str, float | str] = {}
    for part in rest.split(",") if rest else []:
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise UsageError(f"control {name} has {quoted(part)}: write its settings as key=value,key=value")
        if key in given:
            raise UsageError(f"control {name} has {key} twice: give it once")
        given[key] = _value(entry, _parameter(entry, key), value)
    return _complete(entry, ControlSpec(name, tuple(sorted(given.items()))))


def check_control(spec: ControlSpec) -> Entry:
    """What the catalogue says of a control. Raises UsageError where it could not have been read."""
    entry = _entry(spec.name)
    for key, value in spec.settings:
        _in_range(entry, _parameter(entry, key), value)
    _complete(entry, spec)
    return entry


def check_thinking(generation: Generation, thinks: bool, model: str) -> None:
    """Raise UsageError where a control, or a minimum of thinking, is of use only to a model that thinks."""
    wanting = [spec.name for spec in generation.controls if CATALOGUE[spec.name].thinks]
    wanting += ["min-thinking"] if generation.min_thinking is not None else []
    if wanting and not thinks:
        raise UsageError(f"{wanting[0]} is of use while a model thinks, and {model} does not: leave it out",
                         "--think open opens a block of thinking")


def forks(generation: Generation) -> bool:
    """Whether one of the controls tries answers out beside a sample."""
    return any(CATALOGUE[spec.name].forks for spec in generation.controls)


def check_together(generation: Generation) -> None:
    """Raise UsageError where two controls contradict each other, or one of them the budget."""
    names = [spec.name for spec in generation.controls]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"control {name} is there twice: give it once")
    closing = [check_control(spec).name for spec in generation.controls if CATALOGUE[spec.name].closes]
    if len(closing) > 1:
        raise UsageError(f"the controls {closing[0]} and {closing[1]} both say when thinking ends: give one of them")
    if closing and generation.min_thinking is not None and setting(generation, closing[0], "after") < \
            generation.min_thinking:
        raise UsageError(f"control {closing[0]} may close thinking before the minimum of {generation.min_thinking} "
                         "tokens: leave one of them out" + (
                             f", or give {closing[0]}:after={generation.min_thinking}"
                             if closing[0] == "early-exit" else ""))


def setting(generation: Generation, name: str, key: str) -> float:
    """A number that a control has been given, or its default; 0 where it has no such setting."""
    for spec in generation.controls:
        if spec.name == name:
            return float(settings_of(spec).get(key, 0))
    return 0.0


def settings_of(spec: ControlSpec) -> dict[str, float | str]:
    """All settings of a control, by name: those given, and the defaults of the others."""
    parameters = check_control(spec).parameters
    defaults = {each.name: each.default for each in parameters if each.default is not None}
    return {**defaults, **dict(spec.settings)}


def _entry(name: str) -> Entry:
    if name not in CATALOGUE:
        named = [entry.name for entry in ENTRIES if not entry.options]
        hint = did_you_mean(name, CATALOGUE, f"the controls are {', '.join(named)}")
        raise UsageError(f"there is no control {quoted(name)}: {hint}")
    if options := CATALOGUE[name].options:
        raise UsageError(f"the control {name} is no name here: it has settings of its own, {', '.join(options)}",
                         f"its options are {', '.join(f'--{each}' for each in options)}")
    return CATALOGUE[name]


def _parameter(entry: Entry, key: str) -> Parameter:
    known = {each.name: each for each in entry.parameters}
    if key not in known:
        hint = did_you_mean(key, known, f"it has {', '.join(known)}")
        raise UsageError(f"control {entry.name} has no setting {quoted(key)}: {hint}")
    return known[key]


def _value(entry: Entry, parameter: Parameter, text: str) -> float | str:
    if parameter.kind == "text":
        return _in_range(entry, parameter, text)
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"{entry.name}'s {parameter.name} is {quoted(text)}: give a number") from None
    return _in_range(entry, parameter, int(value) if value.is_integer() else value)


def _in_range(entry: Entry, parameter: Parameter, value: float | str) -> float | str:
    what = f"{entry.name}'s {parameter.name} is {quoted(value)}"
    if parameter.kind == "text":
        if not isinstance(value, str) or not value.strip("+ "):
            raise UsageError(f"{what}: give a text")
        return value
    if isinstance(value, str) or not parameter.least <= value <= parameter.most:
        most = f" to {parameter.most:,g}" if math.isfinite(parameter.most) else " on"
        raise UsageError(f"{what}: give a number from {parameter.least:g}{most}")
    if parameter.kind == "whole" and value != int(value):
        raise UsageError(f"{what}: give a whole number")
    return value


def _complete(entry: Entry, spec: ControlSpec) -> ControlSpec:
    """The control without the settings that are its defaults: they are the same control, and have one key in a run.

    Raises UsageError where a setting without a default is missing.
    """
    given = dict(spec.settings)
    for parameter in entry.parameters:
        if parameter.default is None and parameter.name not in given:
            raise UsageError(f"control {entry.name} needs {parameter.name}, as {entry.name}:{parameter.name}=12: "
                             f"{parameter.help}")
    defaults = {each.name: each.default for each in entry.parameters}
    return ControlSpec(spec.name, tuple((key, value) for key, value in spec.settings if value != defaults[key]))
