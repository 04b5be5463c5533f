"""The models that localthink knows by name: what they are, where they are published, and how they are best asked.

They stand in models/catalogue.toml, which says where its figures are from; a person's own file adds to it.
"""
from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localthink import locations
from localthink.errors import UsageError
from localthink.gguf.checks import MOST_LAYERS
from localthink.gguf.precision import as_precision, stem
from localthink.gguf.shape import ModelShape
from localthink.records import Sampling
from localthink.text.fields import Fields
from localthink.text.visible import shown, shown_name

FAMILIES = ("r1", "relative")
MOST_TOKENS = 32_768  # R1's authors let an answer be so long
MOST_OF_HEADER = 2**31 - 1  # of what a GGUF header counts in 32 bits
PLACEHOLDER = "{precision}"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
# What may stand behind a model's title in the name of its file: a precision, and how it was made.
_BEHIND_TITLE = re.compile(r"(-gguf)?([-._:](i1-)?(?P<precision>[a-z0-9_.-]+?))?([-._]imat(rix)?)?", re.IGNORECASE)

COMPARED_BY = ("AIME 2024", "GPQA Diamond")  # the scores whose mean models are compared by: mathematics and science


@dataclass(frozen=True, slots=True)
class Source:
    """A repository of the Hub, and what the model's file is called there at a precision.

    The letters of the precision may be large or small there; the file may be split into parts, and lie in a folder.
    """

    repository: str
    pattern: str


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A published model. `precisions` are the sizes of its file, in bytes, the smallest first.

    `title` is what its publishers call it, in file names too. `active_parameters` are those that one token uses;
    a `tied` model's output layer uses the embedding's weights. `most_tokens` is the longest answer that its authors
    leave room for, `scores` are percentages by benchmark, and `own` is whether a person has added it.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    family: str
    parameters: int
    active_parameters: int
    tied: bool
    shape: ModelShape
    precisions: Mapping[str, int]
    sources: tuple[Source, ...]
    sampling: Sampling
    most_tokens: int
    scores: Mapping[str, float]
    scores_source: str
    licence: str
    own: bool

    def step_bytes(self, precision: str) -> int:
        """The bytes of weights that one token reads, of a file at one of the model's `precisions`.

        An estimate: the file's size, by the share of parameters that are used, as if all of them took the same room;
        within 5 % of the truth, and 10 % below it for a mixture at three bits, whose output layer keeps more of them.
        The experts that a token is not sent to are not read, nor the embedding's rows of other tokens, unless the
        output layer uses them.
        """
        unread = 0 if self.tied else self.shape.vocabulary * self.shape.width
        return round(self.precisions[precision] * (self.active_parameters - unread) / self.parameters)


def read_catalogue() -> tuple[ModelSpec, ...]:
    """Every entry: the shipped ones, a person's own in place of those of the same name, then their others.

    Raises UsageError where a person's own file is not what models/catalogue.toml describes.
    """
    entries = _read(locations.catalogue(), own=False, remedy="install localthink again")
    place = locations.user_catalogue()
    if place.is_file():
        entries |= _read(place, own=True, remedy="correct it, or remove it")
    return tuple(entries.values())


def parse_name(name: str) -> tuple[ModelSpec, str | None]:
    """The entry and the precision of `r1-qwen-7b:q4_k_m`; None where no precision is named.

    Raises UsageError for a model that is not in the catalogue, and for a precision that its entry does not list.
    """
    catalogue = read_catalogue()
    spec, wanted = split_name(name, catalogue)
    if spec is None:
        raise UsageError(f"there is no model {shown(name)} in the catalogue: {_nearest(name, catalogue)}")
    if wanted is None:
        return spec, None
    if as_precision(wanted) not in spec.precisions:
        raise UsageError(f"{spec.name} has no precision {shown(wanted)} in the catalogue: "
                         f"it is one of {', '.join(spec.precisions)}")
    return spec, as_precision(wanted)


def split_name(name: str, catalogue: tuple[ModelSpec, ...]) -> tuple[ModelSpec | None, str | None]:
    """The entry that a name means, None where there is none, and what is written behind a colon as its precision."""
    spec = _find(name, catalogue)  # an alias may hold a colon
    if spec is not None or ":" not in name:
        return spec, None
    model, _, precision = name.rpartition(":")
    return _find(model, catalogue), precision


def read_file_name(name: str, catalogue: tuple[ModelSpec, ...]) -> tuple[ModelSpec, str] | None:
    """The entry and the precision of the model in a file that is called so, or that ollama calls so.

    The name has to be the title, behind the name of a publisher or a folder if any, and a precision: what else is
    written there is another model, tuned further. The precision is empty where the name gives none.
    """
    spec = _find(name, catalogue)
    if spec is not None:
        return spec, ""
    for spec in catalogue:
        match = re.fullmatch(f"(?:.*[/_])?{re.escape(spec.title)}(?P<rest>.*)", stem(name), re.IGNORECASE)
        rest = _BEHIND_TITLE.fullmatch(match["rest"]) if match else None
        if rest is not None:
            precision = rest["precision"] or ""
            if precision.lower() in ("", "latest") or as_precision(precision):
                return spec, as_precision(precision)
    return None


def _find(name: str, catalogue: tuple[ModelSpec, ...]) -> ModelSpec | None:
    """The entry of that name, title or alias, however it is capitalised; names count before titles and aliases."""
    wanted = name.casefold()
    own_first = sorted(catalogue, key=lambda spec: not spec.own)
    by_name = (spec for spec in own_first if spec.name.casefold() == wanted)
    by_other = (spec for spec in own_first if wanted in (spec.title.casefold(), *map(str.casefold, spec.aliases)))
    return next(by_name, None) or next(by_other, None)


def _nearest(name: str, catalogue: tuple[ModelSpec, ...]) -> str:
    known = {called.casefold(): called for spec in catalogue for called in (spec.name, spec.title, *spec.aliases)}
    model = name.casefold()
    near = (difflib.get_close_matches(model, known, n=3)
            or difflib.get_close_matches(model.rpartition(":")[0], known, n=3))
    if near:
        return f"did you mean {' or '.join(repr(known[called]) for called in near)}?"
    return f"it has {', '.join(spec.name for spec in catalogue)}"


def _read(path: Path, own: bool, remedy: str) -> dict[str, ModelSpec]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{shown_name(path)} cannot be read: {_reason(error)}; {remedy}") from None
    return {name: _entry(name, table, shown_name(path), own) for name, table in tables.items()}


def _reason(error: Exception) -> str:
    """What keeps a file from being read, where Python's own words would not help."""
    if isinstance(error, RecursionError):
        return "its brackets go too deep"
    known = isinstance(error, OSError | UnicodeDecodeError | tomllib.TOMLDecodeError)
    return str(error) if known else "a number in it has thousands of digits"


def _entry(name: str, table: object, file: str, own: bool) -> ModelSpec:
    if not isinstance(table, dict):
        raise UsageError(f"{file}: {name} stands outside any model: write it below a line like [my-model]")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{file}: a model is called {shown(name)}: a name is letters, digits, dots, dashes and "
                         'underscores, such as [my-model] or ["my-model-1.5b"]')
    fields = Fields(table, f"{file}: [{name}]")
    parameters = fields.whole("parameters")
    active = fields.whole("active_parameters", parameters)
    if active > parameters:
        fields.refuse("active_parameters", f"it is at most parameters, {parameters}")
    spec = ModelSpec(
        name=name, title=fields.text("title"), aliases=fields.texts("aliases"),
        family=fields.choice("family", FAMILIES, "relative"), parameters=parameters, active_parameters=active,
        tied=fields.truth("tied", False), shape=_shape(fields.table("shape")),
        precisions=_precisions(fields.table("precisions")), sources=_sources(fields.table("sources")),
        sampling=_sampling(fields.table("sampling", needed=False), f"{file}: [{name}] sampling"),
        most_tokens=fields.whole("most_tokens", MOST_TOKENS, most=MOST_OF_HEADER),
        scores=_scores(fields.table("scores", needed=False)), scores_source=fields.text("scores_source", ""),
        licence=fields.text("licence", ""), own=own)
    matrices = spec.shape.vocabulary * spec.shape.width * (1 if spec.tied else 2)
    if active <= matrices:
        fields.refuse("active_parameters" if active < parameters else "parameters",
                      f"the vocabulary alone has {matrices}, by shape and tied")
    fields.close()
    return spec


def _shape(fields: Fields) -> ModelShape:
    def dimension(key: str, default: int | None = None) -> int:
        return fields.whole(key, default, most=MOST_OF_HEADER)

    heads, kv_heads, key_length = dimension("heads"), dimension("kv_heads"), dimension("key_length")
    if heads % kv_heads:
        fields.refuse("kv_heads", f"it has to divide heads, {heads}")
    shape = ModelShape(
        layers=fields.whole("layers", most=MOST_LAYERS), width=dimension("width"), hidden=dimension("hidden"),
        heads=heads, kv_heads=kv_heads, key_length=key_length, value_length=dimension("value_length", key_length),
        vocabulary=dimension("vocabulary"), context_length=dimension("context_length"))
    fields.close()
    return shape


def _precisions(fields: Fields) -> dict[str, int]:
    sizes = {}
    for name in fields.names():
        if not as_precision(name):
            fields.refuse(name, "it is no precision, such as Q4_K_M")
        sizes[as_precision(name)] = fields.whole(name)
    return dict(sorted(sizes.items(), key=lambda precision: precision[1]))


def _sources(fields: Fields) -> tuple[Source, ...]:
    sources = []
    for repository in fields.names():
        pattern = fields.text(repository)
        if not _REPOSITORY.fullmatch(repository):
            fields.refuse(repository, 'a source is "owner/repository" = "name-{precision}.gguf"')
        if pattern.count(PLACEHOLDER) != 1 or not pattern.endswith(".gguf") or "/" in pattern:
            fields.refuse(repository, f"give the file's name, with {PLACEHOLDER} in it once and .gguf at its end")
        sources.append(Source(repository, pattern))
    return tuple(sources)


def _sampling(fields: Fields, where: str) -> Sampling:
    usual = Sampling()
    values = (fields.number("temperature", usual.temperature), fields.number("top_p", usual.top_p),
              fields.whole("top_k", usual.top_k, 0, MOST_OF_HEADER), fields.number("min_p", usual.min_p))
    fields.close()
    try:
        return Sampling(*values)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def _scores(fields: Fields) -> dict[str, float]:
    scores = {name: fields.number(name) for name in fields.names()}
    for name, score in scores.items():
        if not 0 <= score <= 100:
            fields.refuse(name, "a score is a percentage, from 0 to 100")
    return scores
