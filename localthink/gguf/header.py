"""What a GGUF model is, from its header alone: in milliseconds, without llama.cpp, without its weights.

`read_facts` also refuses, in one line that names the field and its value, whatever would end the
process inside llama.cpp; see `checks`. It knows files and their parts, not machines: whether
the model fits is for `fit`.
"""
from __future__ import annotations

import re
import stat
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localthink.errors import ModelFileError
from localthink.gguf import checks
from localthink.gguf.bytes import I32, MAGIC, Header, Tensor, open_header
from localthink.gguf.checks import MOST_LAYERS, Vocabulary
from localthink.gguf.shape import ModelShape, PerLayer, Weights, as_tuple
from localthink.text.visible import shown_name
from localthink.thinking.tags import KNOWN_TAGS

PART = re.compile(r"(?P<name>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.DOTALL)
U16 = 2  # the GGUF type of split.no and split.count

# What people hand over instead of a model, by its first bytes, and what to do about it.
IMPOSTORS = {
    b"version https://git-lfs": "is a Git LFS pointer, not the model itself: fetch it with git lfs pull",
    b"<": "is a web page, not a model: the download answered with an error or a login; download it again",
    b"PK\x03\x04": "is a zip archive or a PyTorch checkpoint: give a .gguf file",
    b"ggjt": "", b"ggml": "", b"ggmf": "", b"ggla": "", b"tjgg": "", b"lmgg": "", b"fmgg": "", b"algg": "",
    b"FUGG": "is a big-endian GGUF file: get or convert the little-endian one",
    b"\0\0\0\0": "begins with zeros: its download never got that far; start it again",
}
OLD_FORMAT = "is in the GGML format of before August 2023: get a GGUF file of the model"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the header says. Sizes are in bytes, special tokens are ids, None where the model has none.

    `path` is the file to load, the first where the model is split over several `parts`. `heads` and
    `kv_heads` are tuples where layers differ. Layers, width, heads and context length are 0 where
    a file with a vocabulary alone does not give them. `type_bytes` maps the names of tensor types
    to the bytes that they take, largest first; `quantization` is what the mix is called. `weights` says
    what their bytes are for.
    `control_tokens` are the texts that would be structure and not text in a prompt; `bos_text` and
    `eos_text` are empty where the header names no such token.
    """

    path: Path
    parts: tuple[Path, ...]
    name: str
    architecture: str
    parameters: int
    quantization: str
    type_bytes: Mapping[str, int]
    file_bytes: int
    weights: Weights
    layers: int
    width: int
    hidden: int
    heads: PerLayer
    kv_heads: PerLayer
    key_length: int
    value_length: int
    shares_values: bool
    context_length: int
    vocabulary: int
    tokenizer: str
    pre_tokenizer: str
    bos: int | None
    eos: int | None
    eot: int | None
    think: int | None
    end_think: int | None
    user: int | None
    assistant: int | None
    add_bos: bool
    bos_text: str
    eos_text: str
    control_tokens: tuple[str, ...]
    chat_template: str | None

    @property
    def weight_bytes(self) -> int:
        return self.weights.total

    @property
    def has_weights(self) -> bool:
        """False for a file that holds a vocabulary alone."""
        return self.weight_bytes > 0

    @property
    def r1_roles(self) -> bool:
        """Whether turns are marked by R1's own tokens."""
        return self.user is not None and self.assistant is not None

    @property
    def r1_family(self) -> bool:
        """Whether its vocabulary has R1's own roles and tags: then its authors ask that the thinking be opened."""
        return self.r1_roles and None not in (self.think, self.end_think)

    @property
    def think_tags(self) -> tuple[str, str]:
        """The texts around its thinking: a known pair that its template names, else `<think>` and `</think>`."""
        template = self.chat_template or ""
        named = (tags for tags in KNOWN_TAGS if tags.opening in template or tags.closing in template)
        tags = next(named, KNOWN_TAGS[0])
        return tags.opening, tags.closing

    @property
    def thinks(self) -> bool:
        """Whether it thinks before it answers: its template names one of a pair of tags, or it is of R1's family.

        The first templates that were published with the distills name the closing tag alone.
        """
        return self.r1_family or any(tag in (self.chat_template or "") for tag in self.think_tags)

    @property
    def shape(self) -> ModelShape:
        """What its memory depends on, beside its weights."""
        return ModelShape(self.layers, self.width, self.hidden, self.heads, self.kv_heads, self.key_length,
                          self.value_length, self.vocabulary, self.context_length, self.shares_values)

    def cache_bytes_per_token(self, type_k: str = "f16", type_v: str = "f16") -> int:
        """Bytes of KV cache that one token takes, where every layer remembers the whole context.

        An upper bound for models with sliding windows or recurrent layers, which remember less. Raises
        UsageError for a type that is none, or that these heads cannot be packed in.
        """
        return self.shape.cache_bytes_per_token(type_k, type_v)


def read_facts(path: Path | str) -> ModelFacts:
    """The facts of the model at `path`, where a split model may be named by any of its parts.

    Raises ModelFileError for a file that is missing, is no model, is damaged or incomplete, or
    would bring llama.cpp down.
    """
    path = Path(path)
    _check_file(path)
    first = _part(path, 1) or path
    if first != path:
        _check_part(first, path)
    with open_header(first) as header:
        parts, tensors = _read_parts(header)
        architecture = checks.read_architecture(header)
        shape = checks.read_shape(header, architecture, has_weights=bool(tensors))
        vocabulary = checks.read_vocabulary(header)
        checks.check_tensors(header, tensors, shape, vocabulary)
        return _assemble(header, parts, tensors, architecture, shape, vocabulary)


def _check_file(path: Path) -> None:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            problem = "is a folder: give the .gguf file in it"
        elif not stat.S_ISREG(status.st_mode):
            problem = "is not a regular file: give a .gguf file"
        elif not status.st_size:
            problem = "is empty: its download never began; start it again"
        else:
            with path.open("rb") as file:
                problem = impostor(file.read(64))
    except FileNotFoundError:
        raise ModelFileError(f"there is no file {shown_name(path)}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelFileError(f"{shown_name(path)}: cannot be read: {reason}") from error
    if problem:
        raise ModelFileError(f"{shown_name(path)}: {problem}")


def impostor(start: bytes) -> str:
    """What a file that begins so is, where it is not GGUF; empty where it is."""
    if start.startswith(MAGIC):
        return ""
    if start[8:10] == b'{"':
        return "is a safetensors file: get the model as .gguf, or convert it with llama.cpp's convert_hf_to_gguf.py"
    for magic, problem in IMPOSTORS.items():
        if start.lstrip().startswith(magic):
            return problem or OLD_FORMAT
    kind = "a text file" if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in start) else "something else"
    return f"is no GGUF file but {kind} (it begins with {start[:8]!r}): give a .gguf file"


def _read_parts(header: Header) -> tuple[tuple[Path, ...], tuple[Tensor, ...]]:
    """Every file of the model and all their tensors, where `header` is that of the first."""
    end = checks.check_layout(header)
    count = header.scalar("split.count", U16) or 0
    if count <= 1:
        return (header.path,), header.tensors
    tensors = {tensor.name: tensor for tensor in header.tensors}
    match = PART.fullmatch(header.path.name)
    if match is None or int(match["count"]) != count or header.scalar("split.no", U16) != 0:
        if len(header.data) > end:
            header.refuse(f"is one of {count} parts of a model with {len(header.data) - end:,} bytes joined to it, and "
                          "llama.cpp reads no joined parts: download them again and keep them as they are, side by "
                          "side, or merge them with llama.cpp's llama-gguf-split")
        header.refuse(f"is one of {count} parts of a model, and llama.cpp finds the others by name: call them "
                      f"NAME-00001-of-{count:05}.gguf and so on")
    paths = [header.path]
    for number in range(2, int(count) + 1):
        paths.append(_read_part(header.path, number, tensors))
    if header.scalar("split.tensors.count", I32) != len(tensors):
        header.refuse(f"split.tensors.count is {header.scalar('split.tensors.count', I32)}, and the {count} parts hold "
                      f"{len(tensors):,} tensors: parts of different models lie side by side; download it again")
    return tuple(paths), tuple(tensors.values())


def _read_part(first: Path, number: int, tensors: dict[str, Tensor]) -> Path:
    """The path of part `number`, whose tensors are added to those known."""
    path = _part(first, number)
    assert path is not None  # the caller has matched the name
    _check_part(path, first)
    with open_header(path) as header:
        checks.check_layout(header)
        if header.scalar("split.no", U16) != number - 1:
            header.refuse(f"split.no is {header.scalar('split.no', U16)} in part {number}, where {number - 1} belongs: "
                          "the parts are mixed up; download them again")
        for tensor in header.tensors:
            if tensor.name in tensors:
                header.refuse(f"tensor {tensor.name!r} is in another part too: download the parts again")
            tensors[tensor.name] = tensor
    return path


def _part(path: Path, number: int) -> Path | None:
    """The path of another part of the same model, None where `path` is not named as a part."""
    match = PART.fullmatch(path.name)
    return path.with_name(f"{match['name']}-{number:05}-of-{match['count']}.gguf") if match else None


def _check_part(part: Path, given: Path) -> None:
    if not part.exists():
        raise ModelFileError(f"{shown_name(given)}: its part {shown_name(Path(part.name))} is missing: "
                             "download it into the same folder")
    _check_file(part)


def _assemble(header: Header, parts: tuple[Path, ...], tensors: tuple[Tensor, ...], architecture: str,
              shape: ModelShape, vocabulary: Vocabulary) -> ModelFacts:
    type_bytes: Counter[str] = Counter()
    for tensor in tensors:
        type_bytes[tensor.type] += tensor.bytes
    think, end_think, user, assistant = (vocabulary.ids.get(text.encode()) for text in (
        "<think>", "</think>", "<｜User｜>", "<｜Assistant｜>"))
    structure = {id for id in (vocabulary.bos, vocabulary.eos, vocabulary.eot, user, assistant) if id is not None}
    return ModelFacts(
        path=parts[0], parts=parts, name=header.text("general.name") or parts[0].stem, architecture=architecture,
        parameters=sum(tensor.elements for tensor in tensors),
        quantization=_mix(header.unsigned("general.file_type"), type_bytes),
        type_bytes=dict(type_bytes.most_common()),
        file_bytes=sum(part.stat().st_size for part in parts),
        weights=_weights(header, tensors, architecture),
        layers=shape.layers, width=shape.width, hidden=shape.hidden, heads=shape.heads, kv_heads=shape.kv_heads,
        key_length=shape.key_length, value_length=shape.value_length, shares_values=shape.shares_values,
        context_length=shape.context_length, vocabulary=len(vocabulary.tokens), tokenizer=vocabulary.tokenizer,
        pre_tokenizer=vocabulary.pre_tokenizer, bos=vocabulary.bos, eos=vocabulary.eos, eot=vocabulary.eot,
        think=think, end_think=end_think, user=user, assistant=assistant, add_bos=vocabulary.add_bos,
        bos_text=_text(vocabulary, vocabulary.bos), eos_text=_text(vocabulary, vocabulary.eos),
        control_tokens=tuple(_text(vocabulary, id) for id in sorted(structure.union(vocabulary.control))),
        chat_template=header.text("tokenizer.chat_template"),
    )


def _weights(header: Header, tensors: tuple[Tensor, ...], architecture: str) -> Weights:
    experts, used = (header.integers(f"{architecture}.{key}", MOST_LAYERS) or 0 for key in (
        "expert_count", "expert_used_count"))
    share = max(as_tuple(used, 1)) / max(1, *as_tuple(experts, 1))
    bytes_of = {tensor.name: tensor.bytes for tensor in tensors}
    embedding, tied = bytes_of.get("token_embd.weight", 0), "output.weight" not in bytes_of
    output = embedding if tied else bytes_of["output.weight"]
    blocks = sum(size for name, size in bytes_of.items() if name.startswith("blk."))
    idle = int(sum(size * (1 - share) for name, size in bytes_of.items() if "_exps." in name))
    total = sum(bytes_of.values())
    return Weights(total, blocks, output, total - idle - (0 if tied else embedding), tied)


def _text(vocabulary: Vocabulary, token: int | None) -> str:
    return "" if token is None else vocabulary.tokens[token].decode("utf-8", "replace")


def _mix(file_type: int | None, type_bytes: Counter[str]) -> str:
    """What people call this mix of tensor types: Q4_K_M and the like; the commonest type where it has no name."""
    from gguf import LlamaFileType

    if not type_bytes:
        return "no weights"
    known = {int(kind): kind.name for kind in LlamaFileType}
    name = known.get(-1 if file_type is None else file_type & ~LlamaFileType.GUESSED)
    return name.removeprefix("MOSTLY_").removeprefix("ALL_") if name else type_bytes.most_common(1)[0][0]
