"""What is passed around, frozen: from the question that goes in to the trace that comes out."""
from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from localthink.errors import UsageError

Role = Literal["system", "user", "assistant"]
Part = Literal["thinking", "answer"]
CACHE_TYPES = ("f16", "q8_0", "q4_0")  # of the KV cache, by llama.cpp's names
FinishReason = Literal["stop", "length", "cancelled", "loop", "confidence"]
CUT_OFF: tuple[FinishReason, ...] = ("length", "loop", "confidence")  # ended by localthink, before there was an answer
ThinkMode = Literal["auto", "open", "free"]
THINK_MODES: tuple[ThinkMode, ...] = ("auto", "open", "free")  # opening the block: for R1's family, always, never
BudgetRequest = Literal["free", "answer", "think"]  # thinking takes its own course, ends soon, or must not end yet


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, as the chat template will see it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a token is drawn from its logits.

    Temperature comes first, then top-k, top-p and min-p on the tempered distribution, as in the R1
    and TIP papers (llama.cpp's own default order puts temperature last). The defaults are those
    that R1's authors recommend. Temperature 0 is greedy; `top_k` 0, `top_p` 1 and `min_p` 0 are off.
    """

    temperature: float = 0.6
    top_p: float = 0.95
    top_k: int = 0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise UsageError(f"temperature is {self.temperature}: give a number of at least 0 (0 is greedy)")
        if not 0 < self.top_p <= 1:
            raise UsageError(f"top-p is {self.top_p}: give a number above 0 and at most 1 (1 is off)")
        if self.top_k < 0:
            raise UsageError(f"top-k is {self.top_k}: give a number of at least 0 (0 is off)")
        if not 0 <= self.min_p < 1:
            raise UsageError(f"min-p is {self.min_p}: give a number of at least 0 and below 1 (0 is off)")


@dataclass(frozen=True, slots=True)
class Tip:
    """The thought-switching penalty (TIP, arXiv 2501.18585, equation 4).

    `alpha` is taken off the logit of every token that would complete a switch expression, while
    fewer than `beta` tokens have been written since the current thought began. An `alpha` of 0 is
    plain decoding, a negative one invites switches, infinity forbids them; `beta` may be infinite.
    `where` says whether the answer is penalised too. `groups` names the groups of markers that
    count as switches; see `localthink tokens MODEL --markers`. With a `grace`, which the paper does not have, the
    penalty rests for so many tokens from each switch.
    """

    alpha: float = 3.0
    beta: float = 600
    where: Literal["thinking", "everywhere"] = "thinking"
    groups: tuple[str, ...] = ("switch",)
    grace: int = 0

    def __post_init__(self) -> None:
        if not (-1e6 <= self.alpha <= 1e6 or self.alpha == math.inf):
            raise UsageError(f"alpha is {self.alpha}: give a number from -1e6 to 1e6, or inf to forbid switches")
        if not self.beta >= 0:
            raise UsageError(f"beta is {self.beta}: give a number of tokens of at least 0, or inf")
        if self.grace < 0:
            raise UsageError(f"grace is {self.grace}: give a number of tokens of at least 0 (0 is off)")
        if self.where not in ("thinking", "everywhere"):
            raise UsageError(f"where is {self.where!r}: it is 'thinking' or 'everywhere'")


LOOP_GUARD = "loop-guard"  # the control that `run` and the chat have where nothing is said of it


@dataclass(frozen=True, slots=True)
class ControlSpec:
    """A control by its name in `control.catalogue`, and the settings that were given to it, by their names."""

    name: str
    settings: tuple[tuple[str, float | str], ...] = ()

    def __str__(self) -> str:
        """As it is written: `cyclic-reflex:amplitude=5,period=600`."""
        written = [f"{name}={value if isinstance(value, str) else repr(value).removesuffix('.0')}"
                   for name, value in self.settings]
        return f"{self.name}:{','.join(written)}" if written else self.name


@dataclass(frozen=True, slots=True)
class Prefix:
    """What an earlier attempt at a sample has written, and in how many seconds.

    `held` says at which of the tokens how many switches were held, as (position, switches). Where its events were not
    `told`, they come before those of what follows.
    """

    tokens: tuple[int, ...] = ()
    held: tuple[tuple[int, int], ...] = ()
    seconds: float = 0.0
    told: bool = True


@dataclass(frozen=True, slots=True)
class Generation:
    """How a sample is written: one record, from a command's options, a batch's line or the chat down to the engine.

    Thinking is closed after `max_thinking` tokens, at a sentence end shortly before where there is one. With a
    `landing` it is closed from there on, at the first sentence end at which the closing tag is among the ten likeliest
    tokens or at most `landing` (a difference of log-probabilities) behind the likeliest; a quarter later at the latest.
    Before `min_thinking` tokens it is not closed. `closing` is written before the tag where the budget closes.
    `answer_room` tokens, at most a quarter of all that may come, are kept back for the answer: thinking that would
    use them is closed. `controls` are the others, in the order in which they come first.

    `stop` are texts that end the answer. `think` says whether the block of thinking is opened for the model: for R1's
    family (`auto`), always (`open`) or as its template does (`free`). Limits of None are what the context holds.
    """

    sampling: Sampling = field(default_factory=Sampling)
    tip: Tip = field(default_factory=Tip)
    max_tokens: int | None = None
    max_thinking: int | None = None
    stop: tuple[str, ...] = ()
    think: ThinkMode = "auto"
    min_thinking: int | None = None
    landing: float | None = None
    closing: str = ""
    answer_room: int = 0
    controls: tuple[ControlSpec, ...] = ()

    def __post_init__(self) -> None:
        for name, least in (("max_thinking", self.max_thinking), ("min_thinking", self.min_thinking),
                            ("max_tokens", self.max_tokens)):
            if least is not None and least < 1:
                raise UsageError(f"{name.replace('_', '-')} is {least}: give at least 1, or leave it out")
        if self.landing is not None and not self.landing >= 0:
            raise UsageError(f"landing is {self.landing}: give a difference of log-probabilities of at least 0")
        if self.answer_room < 0:
            raise UsageError(f"answer-room is {self.answer_room}: give a number of tokens of at least 0 (0 is off)")
        if self.min_thinking is not None and self.max_thinking is not None and self.min_thinking > self.max_thinking:
            raise UsageError(f"min-thinking is {self.min_thinking}, and max-thinking only {self.max_thinking}: give a "
                             "minimum that is not above the maximum")
        if "" in self.stop:
            raise UsageError("a stop string is empty: it would stop at once")


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt's tokens, how it is to be continued, and `samples` independent continuations, from `seed`.

    With `alternatives`, every event carries so many of the tokens that were likely in its place. Behind
    its `prefix`, the sample goes on as that attempt would have.
    """

    prompt: tuple[int, ...]
    generation: Generation = field(default_factory=Generation)
    samples: int = 1
    seed: int = 0
    alternatives: int = 0
    prefix: Prefix = field(default_factory=Prefix)

    def __post_init__(self) -> None:
        if not self.prompt:
            raise UsageError("the prompt is empty: give at least one token")
        check_samples(self.samples, self.seed)


def check_samples(samples: int, seed: int) -> None:
    """Raise UsageError where a request can have no such number of samples, or no such seed."""
    if samples < 1:
        raise UsageError(f"n is {samples}: ask for at least one sample")
    if not 0 <= seed < 2**63:
        raise UsageError(f"seed is {seed}: give a whole number from 0 to 2^63 - 1")


def check_think(raw: bool, think: ThinkMode) -> None:
    """Raise UsageError where a prompt is to be opened that is to be sent as it stands."""
    if raw and think == "open":
        raise UsageError("think is 'open', and a raw prompt is sent as it stands: end it with the opening tag, or "
                         "leave one of the two out")


@dataclass(frozen=True, slots=True)
class Thought:
    """One line of thought: `start` and `end` are offsets into the sample's token ids.

    `held` is the number of switches that the penalty, and whatever else had a bias, prevented within it.
    """

    index: int
    start: int
    end: int
    held: int
    text: str

    @property
    def tokens(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a person turned while the sample was written: it holds from the token at `position`."""

    position: int
    alpha: float
    beta: float
    wish: BudgetRequest


@dataclass(frozen=True, slots=True)
class Intervention:
    """What a control did before the token at `position`, and why."""

    position: int
    control: str
    why: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One finished sample. `seconds` runs from its admission to its last token; with what an earlier attempt took.

    `token_ids` are all generated tokens, tags and end token included. `switches` counts the thoughts
    that a marker opened, `paraphrases` the places where other words seem to open one, and `held` the switches
    that the same random numbers would have drawn without the penalty, less those drawn because of it (as with
    a negative alpha). `tip` is what the sample began with, `steered` what was changed on its way.

    `prompt_tokens_per_second` counts only prompt tokens that were decoded, not those whose cache
    was shared; it is 0 where none were. `tokens_per_second` runs from the first token to the last. Of a
    sample that went on behind an earlier attempt, both are this attempt's.
    """

    sample: int
    seed: int
    prompt_tokens: int
    token_ids: tuple[int, ...]
    thinking: str
    answer: str
    finish_reason: FinishReason
    thoughts: tuple[Thought, ...]
    switches: int
    held: int
    sampling: Sampling
    tip: Tip
    seconds: float
    prompt_tokens_per_second: float
    tokens_per_second: float
    steered: tuple[Adjustment, ...] = ()
    paraphrases: int = 0
    interventions: tuple[Intervention, ...] = ()

    @property
    def tokens(self) -> int:
        return len(self.token_ids)


@dataclass(frozen=True, slots=True)
class Alternative:
    """A token that might have come: its probability before and after the penalty, at the sampling temperature."""

    token: int
    text: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Event:
    """One token as it is born.

    `text` is whole UTF-8: the bytes of an unfinished character wait for the token that ends it, and
    the tags of the thinking block are not text. `logprob` and `raw_logprob` are the token's natural
    log-probability after and before the penalty, under the softmax at the sampling temperature (1 when
    greedy) before truncation. `held` is 1 where the same random numbers would have begun a new thought
    without the penalty, -1 where they have begun one only because of it; `instead` is then the token that they would
    have drawn, which is among the alternatives where those were asked for. `thought` is the index of the thought
    it belongs to, -1 outside. `recasts` says that all that came before it was thinking, and not the answer that
    it was shown as. `trace` is set on the last event of a sample; where that was cut off with nothing left to
    show, the event's token is -1.
    """

    request: int
    sample: int
    token: int
    text: str
    part: Part
    thought: int
    opens_thought: bool
    logprob: float
    raw_logprob: float
    held: int
    instead: int | None = None
    recasts: bool = False
    trace: Trace | None = None
    alternatives: tuple[Alternative, ...] = ()
