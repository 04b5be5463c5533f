"""A model ready to be prompted: weights, vocabulary, template, and its switch markers."""
from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from localthink import locations
from localthink.control.catalogue import check_thinking, check_together
from localthink.control.view import Words
from localthink.engine.bindings import NOTHING, NativeModel, OnProgress, backend
from localthink.errors import EngineError, ModelFileError, UsageError
from localthink.gguf.header import ModelFacts, read_facts
from localthink.offload import Offload
from localthink.prompt import messages as prompts
from localthink.prompt.template import ChatTemplate
from localthink.records import Message, Request, ThinkMode, check_think
from localthink.thinking import markers
from localthink.thinking.automaton import Automaton
from localthink.thinking.tags import Tags

Question = str | Sequence[Message]
MOST_PROMPTS = 64  # that are remembered: the samples of one question, and a chat that measures what it will send


class Vocabulary:
    """Text to tokens and back, as one model does it. Pieces are asked for once and remembered."""

    def __init__(self, native: NativeModel, facts: ModelFacts) -> None:
        self._native = native
        self.bos, self.add_bos = facts.bos, facts.add_bos
        self._pieces: dict[int, bytes] = {}
        self._ends: dict[int, bool] = {}

    def tokenize(self, text: str, special: bool = False) -> list[int]:
        return self._native.tokenize(text, special)

    def piece(self, token: int) -> bytes:
        """The token's bytes; they may hold a part of a character, and are empty for control tokens."""
        piece = self._pieces.get(token)
        if piece is None:
            piece = self._pieces[token] = self._native.piece(token)
        return piece

    def ends_generation(self, token: int) -> bool:
        ends = self._ends.get(token)
        if ends is None:
            ends = self._ends[token] = self._native.ends_generation(token)
        return ends


class Model:
    """A GGUF file opened by llama.cpp; `vocabulary_only` leaves the weights on disk. `facts` are what `read_facts` says
    of it, where that was asked before; `think_tags` are the texts around its thinking, where the file does not say.

    Raises ModelFileError where the header is not sound, EngineError where llama.cpp refuses it.
    """

    def __init__(self, path: Path, offload: Offload = NOTHING, vocabulary_only: bool = False,
                 progress: OnProgress | None = None, facts: ModelFacts | None = None,
                 think_tags: tuple[str, str] | None = None) -> None:
        self.facts = facts if facts is not None else read_facts(path)
        self.gpu_layers = offload.layers or 0
        if not vocabulary_only and not self.facts.has_weights:
            raise ModelFileError(f"{path} holds a vocabulary and no weights: it can be shown, not asked")
        self._template: ChatTemplate | None = None
        if self.facts.chat_template:
            self._template = ChatTemplate(self.facts.chat_template, self.facts.bos_text, self.facts.eos_text)
            if not vocabulary_only:
                self._template.start()  # while llama.cpp loads the weights
        try:
            self.native = NativeModel(self.facts.path, offload, vocabulary_only, progress)
        except EngineError:
            self._close_template()
            raise
        if not vocabulary_only and not self.native.decodes:
            self.close()
            raise ModelFileError(f"{path} is a {self.facts.architecture} model, which does not write text")
        self.vocabulary = Vocabulary(self.native, self.facts)
        self.tags = self._find_tags(think_tags or self.facts.think_tags)
        self.thinks = self.facts.thinks or think_tags is not None
        # what a message may say without its becoming structure
        self._specials = (self.tags.opening, self.tags.closing, *self.facts.control_tokens)
        self._automata: dict[tuple[str, ...], Automaton] = {}
        self._prompts: dict[tuple[tuple[Message, ...], bool, ThinkMode, int | None], tuple[int, ...]] = {}

    @property
    def name(self) -> str:
        return self.facts.path.stem

    @property
    def backend(self) -> str:
        """How llama.cpp was built and what it found, in its own words."""
        return backend()

    def markers(self, groups: Sequence[str] | None = None) -> tuple[markers.Marker, ...]:
        """The switch markers of the named groups (of all, if None) as token sequences of this vocabulary."""
        known = markers.read_groups(locations.user_markers())
        return markers.resolve(known if groups is None else markers.select(known, groups), self.vocabulary)

    def automaton(self, groups: tuple[str, ...]) -> Automaton:
        if groups not in self._automata:
            self._automata[groups] = markers.automaton(self.markers(groups))
        return self._automata[groups]

    @cached_property
    def paraphrases(self) -> Automaton:
        """What finds words that open a line of thought and are no markers."""
        known = markers.read_groups(locations.user_markers())
        return markers.automaton(markers.resolve((g for g in known if g.name == markers.PARAPHRASE), self.vocabulary))

    def _find_tags(self, texts: tuple[str, str]) -> Tags:
        """The tags with their ids, where the vocabulary has a token for each."""
        ids = [self.vocabulary.tokenize(text, special=True) for text in texts]
        return Tags(*texts, ids=(ids[0][0], ids[1][0]) if all(len(each) == 1 for each in ids) else None)

    def prompt(self, question: Question, raw: bool = False, think: ThinkMode = "auto",
               context: int | None = None) -> tuple[int, ...]:
        """The prompt's tokens: `question` through the model's template, or with `raw` as it stands.

        `think` says whether the block of thinking is opened where the template does not; see `opens_thinking`.
        Raises PromptError where there is none, or far more text than `context` tokens can hold.
        """
        if raw and not isinstance(question, str):
            raise TypeError("a raw prompt is one text, not messages")
        messages = [Message("user", question)] if isinstance(question, str) else question
        if not all(isinstance(message, Message) for message in messages):
            raise TypeError("a question is a text or a list of localthink.Message")
        key = (tuple(messages), raw, think, context)
        if key not in self._prompts:
            if len(self._prompts) >= MOST_PROMPTS:
                self._prompts.clear()
            self._prompts[key] = self._encode(messages, raw, think, context)
        return self._prompts[key]

    def _encode(self, messages: Sequence[Message], raw: bool, think: ThinkMode,
                context: int | None) -> tuple[int, ...]:
        text = prompts.render(messages, None) if raw else prompts.render(messages, self._template, self._specials)
        if self.opens_thinking(raw, think):
            text = prompts.opened(text, self.tags)
        return prompts.encode(text, self.vocabulary, context)

    def opens_thinking(self, raw: bool, think: ThinkMode) -> bool:
        """Whether a prompt is to end inside a block of thinking: `auto` has it so for R1's family.

        A raw prompt is sent as it stands; UsageError where it is to be opened all the same.
        """
        check_think(raw, think)
        return not raw and (think == "open" or (think == "auto" and self.facts.r1_family))

    def check(self, request: Request, longest: int) -> None:
        """Raise PromptError if `longest` tokens do not hold the prompt and one more, UsageError for unknown ids,
        groups of markers or controls, and for controls of thinking where there is none.
        """
        tokens = request.prompt + request.prefix.tokens
        least, most = min(tokens), max(tokens)
        if least < 0 or most >= self.native.n_vocab:
            wrong = least if least < 0 else most
            raise UsageError(f"the prompt holds token {wrong}: the vocabulary ends at {self.native.n_vocab - 1}")
        prompts.check_room(len(tokens), longest, self.facts.context_length)
        self.automaton(request.generation.tip.groups)
        check_together(request.generation)
        check_thinking(request.generation, self.thinks or self.begins_thinking(request.prompt), self.name)

    @cached_property
    def words(self) -> Words:
        """The tokens that controls force or look for."""
        vocabulary = self.vocabulary
        closing = vocabulary.tokenize(self.tags.closing, special=True)
        return Words(closing, vocabulary.tokenize, vocabulary.ends_generation)

    def begins_thinking(self, prompt_ids: Sequence[int]) -> bool:
        return prompts.begins_thinking(prompt_ids, self.tags, self.vocabulary)

    def _close_template(self) -> None:
        if self._template is not None:
            self._template.close()

    def close(self) -> None:
        self._close_template()
        self.native.close()
