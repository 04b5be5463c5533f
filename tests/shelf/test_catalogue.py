"""The shipped catalogue agrees with itself and with arithmetic; a person's own adds to it, and says what is wrong."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink import locations
from localthink.errors import UsageError
from localthink.records import Sampling
from localthink.shelf.catalogue import ModelSpec, parse_name, read_catalogue, read_file_name

SHIPPED = read_catalogue()
USUAL = ("Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0")
BITS = {"Q3_K": 3.4375, "Q4_K": 4.5, "Q5_K": 5.5, "Q6_K": 6.5625, "Q8_0": 8.5, "F32": 32}  # of one weight, in ggml
HEADER = {"llama": 7_840_000, "qwen": 5_950_000}  # bytes: the vocabulary and its merges, mostly
EXPERTS, USED = 128, 8  # of the one mixture
# Sizes of published files, in bytes, at Q4_K_M.
PUBLISHED = {"r1-qwen-7b": 4_683_073_184, "qwq-32b": 19_851_336_512, "qwen3-1.7b": 1_107_409_472,
             "qwen3-8b": 5_027_783_488, "qwen3-14b": 9_001_752_960, "qwen3-30b-a3b": 18_556_685_824}
OWN = """
[my-model]
title = "My-Model-2B"
parameters = 2_000_000_000
shape.layers = 20
shape.width = 2048
shape.hidden = 6144
shape.heads = 16
shape.kv_heads = 8
shape.key_length = 128
shape.vocabulary = 32_000
shape.context_length = 8192
precisions.q8_0 = 2_100_000_000
precisions.Q4_K_M = 1_200_000_000
sources."me/My-Model-2B-GGUF" = "my-model-2b.{precision}.gguf"
"""


def own(text: str) -> Path:
    path = locations.user_catalogue()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def tensors(spec: ModelSpec, precision: str) -> Iterator[tuple[str, int, str]]:
    """Every tensor of a file: its name, its elements, and the type that llama.cpp's mix of that name gives it.

    The rules are llama_tensor_get_type's in llama.cpp's src/llama-quant.cpp.
    """
    shape = spec.shape
    assert isinstance(shape.heads, int) and isinstance(shape.kv_heads, int)
    base = precision.removesuffix("_M")
    output = "Q8_0" if base == "Q8_0" else "Q6_K"
    keys, queries = shape.kv_heads * shape.key_length, shape.heads * shape.key_length
    mixture = spec.active_parameters < spec.parameters
    expert = shape.width * shape.hidden // USED if mixture else shape.width * shape.hidden
    yield "embedding", shape.vocabulary * shape.width, output if spec.tied else base
    if not spec.tied:
        yield "output", shape.vocabulary * shape.width, output
    yield "output norm", shape.width, "F32"
    for layer in range(shape.layers):
        eighth = shape.layers // 8
        values = down = joined = base
        if precision == "Q3_K_M":
            values, joined = "Q5_K" if layer < 2 else "Q4_K", "Q4_K"
            down = "Q5_K" if layer < shape.layers // 16 else "Q4_K"
        elif precision.endswith("_M") and (layer < eighth or layer >= 7 * shape.layers // 8
                                           or (layer - eighth) % 3 == 2):
            values = down = "Q6_K"
        if shape.layers == 80 and values in ("Q3_K", "Q4_K"):  # of the 70B alone, where they are few
            values = "Q5_K"
        yield "attention", shape.width * (queries + keys), base
        yield "values", shape.width * keys, values
        yield "joined", queries * shape.width, joined
        yield "experts", 2 * expert * (EXPERTS if mixture else 1), base
        yield "experts", expert * (EXPERTS if mixture else 1), down
        yield "small", 2 * shape.width + (shape.width * EXPERTS if mixture else 0), "F32"
        if spec.title.startswith(("DeepSeek-R1-Distill-Qwen", "QwQ")):
            yield "biases", queries + 2 * keys, "F32"
        elif "Qwen3" in spec.title:
            yield "norms of heads", 2 * shape.key_length, "F32"


def size_of(spec: ModelSpec, precision: str) -> float:
    header = HEADER["llama" if "llama" in spec.name else "qwen"]
    return header + sum(count * BITS[kind] / 8 for _, count, kind in tensors(spec, precision))


each = pytest.mark.parametrize("spec", SHIPPED, ids=[spec.name for spec in SHIPPED])
each_size = pytest.mark.parametrize(
    ("spec", "precision"), [(spec, precision) for spec in SHIPPED for precision in spec.precisions],
    ids=[f"{spec.name}:{precision}" for spec in SHIPPED for precision in spec.precisions])


def test_the_whole_family_and_its_relatives_are_there() -> None:
    assert {spec.name for spec in SHIPPED if spec.family == "r1"} == {
        "r1-qwen-1.5b", "r1-qwen-7b", "r1-llama-8b", "r1-0528-qwen3-8b", "r1-qwen-14b", "r1-qwen-32b", "r1-llama-70b"}
    assert {spec.name for spec in SHIPPED if spec.family == "relative"} == {
        "qwq-32b", "qwen3-1.7b", "qwen3-4b", "qwen3-8b", "qwen3-14b", "qwen3-32b", "qwen3-30b-a3b"}


@each
def test_parameters_are_those_of_the_shape(spec: ModelSpec) -> None:
    counted = [(name, count) for name, count, _ in tensors(spec, "Q8_0")]
    assert sum(count for _, count in counted) == spec.parameters
    active = sum(count // EXPERTS * USED if name == "experts" and "a3b" in spec.name else count
                 for name, count in counted)
    assert active == spec.active_parameters


@each_size
def test_a_size_is_that_of_the_precisions_mix_of_types(spec: ModelSpec, precision: str) -> None:
    assert spec.precisions[precision] == pytest.approx(size_of(spec, precision), abs=1_000_000)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_size_is_the_published_one(name: str) -> None:
    spec, _ = parse_name(name)
    assert spec.precisions["Q4_K_M"] == pytest.approx(PUBLISHED[name], abs=1_000_000)


@each_size
def test_the_bytes_of_a_step_are_close_to_those_of_its_tensors(spec: ModelSpec, precision: str) -> None:
    read = 0.0
    for name, count, kind in tensors(spec, precision):
        if name != "embedding" or spec.tied:
            share = USED / EXPERTS if name == "experts" and "a3b" in spec.name else 1
            read += count * BITS[kind] / 8 * share
    assert spec.step_bytes(precision) == pytest.approx(read, rel=0.1)


@each
def test_an_entry_says_where_from_and_how(spec: ModelSpec) -> None:
    assert tuple(spec.precisions) == USUAL  # the smallest first
    assert len(spec.sources) == 2
    assert (spec.sampling.temperature, spec.sampling.top_p) == (0.6, 0.95)
    assert spec.sampling.top_k == {"qwq-32b": 40}.get(spec.name, 20 if spec.name.startswith("qwen3") else 0)
    assert spec.shape.key_length == spec.shape.value_length == 128
    assert spec.shape.context_length == (131_072 if spec.family == "r1" else 40_960)
    assert spec.licence.startswith("Apache-2.0" if spec.family == "relative" else "MIT")
    assert ("Llama" in spec.licence) == ("llama" in spec.name)
    assert {"AIME 2024", "GPQA Diamond", "LiveCodeBench"} <= set(spec.scores) and spec.scores_source
    assert not spec.own


@each
def test_the_files_of_its_sources_are_known_as_the_model(spec: ModelSpec) -> None:
    for source in spec.sources:
        for precision in spec.precisions:
            for written in (precision, precision.lower()):
                name = source.pattern.replace("{precision}", written)
                assert read_file_name(name, SHIPPED) == (spec, precision)


def test_no_two_entries_share_a_name() -> None:
    called = [name.casefold() for spec in SHIPPED for name in {spec.name, spec.title.casefold(), *spec.aliases}
              if not (name == spec.title.casefold() and name == spec.name)]
    assert len(called) == len(set(called))


@pytest.mark.parametrize("name", ["r1-qwen-7b", "R1-Qwen-7B", "DeepSeek-R1-Distill-Qwen-7B", "deepseek-r1:7b"])
def test_a_model_is_found_by_name_title_and_alias_in_any_case(name: str) -> None:
    spec, precision = parse_name(name)
    assert (spec.name, precision) == ("r1-qwen-7b", None)
    assert parse_name(f"{name}:q4_k_m") == (spec, "Q4_K_M")


@given(st.sampled_from(SHIPPED), st.data())
def test_every_way_of_writing_a_name_is_the_same_model(spec: ModelSpec, data: st.DataObject) -> None:
    called = data.draw(st.sampled_from((spec.name, spec.title, *spec.aliases)))
    precision = data.draw(st.sampled_from(tuple(spec.precisions)))
    written = "".join(data.draw(st.sampled_from((letter.lower(), letter.upper())))
                      for letter in f"{called}:{precision}")
    assert parse_name(written) == (spec, precision)


def test_an_unknown_model_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        parse_name("r1-qwen-7:Q4_K_M")
    said = "there is no model 'r1-qwen-7:Q4_K_M' in the catalogue: did you mean 'r1-qwen-7b'"
    assert str(caught.value).startswith(said)
    with pytest.raises(UsageError, match=r"'zzz' in the catalogue: it has r1-qwen-1\.5b, r1-qwen-7b, "):
        parse_name("zzz")


@pytest.mark.parametrize("name", ["", ":", "r1-qwen-7b:", "a" * 5000, "\x1b[2J", "r1-qwen-7b:Q4_K_M:Q4_K_M"])
def test_a_name_that_is_none_is_one_line(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_name(name)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 400


def test_an_unknown_precision_is_answered_with_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        parse_name("r1-qwen-7b:IQ1_S")
    assert str(caught.value) == ("r1-qwen-7b has no precision 'IQ1_S' in the catalogue: "
                                 "it is one of Q3_K_M, Q4_K_M, Q5_K_M, Q6_K, Q8_0")


@pytest.mark.parametrize(("name", "model", "precision"), [
    ("DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf", "r1-qwen-7b", "Q4_K_M"),
    ("bartowski_DeepSeek-R1-Distill-Qwen-7B-GGUF_DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf", "r1-qwen-7b", "Q4_K_M"),
    ("DeepSeek-R1-Distill-Llama-70B-Q8_0-00001-of-00002.gguf", "r1-llama-70b", "Q8_0"),
    ("DeepSeek-R1-0528-Qwen3-8B-UD-Q4_K_XL.gguf", "r1-0528-qwen3-8b", "UD-Q4_K_XL"),
    ("DeepSeek-R1-Distill-Qwen-1.5B.i1-IQ4_XS.gguf", "r1-qwen-1.5b", "IQ4_XS"),
    ("Qwen3-8B-Q4_K_M-imat.gguf", "qwen3-8b", "Q4_K_M"),
    ("qwq-32b-q4_k_m.gguf", "qwq-32b", "Q4_K_M"),
    ("Qwen3-8B.gguf", "qwen3-8b", ""),
    ("deepseek-r1:7b", "r1-qwen-7b", ""),
    ("hf.co/bartowski/DeepSeek-R1-Distill-Qwen-7B-GGUF:Q4_K_M", "r1-qwen-7b", "Q4_K_M"),
    ("hf.co/unsloth/Qwen3-30B-A3B-GGUF:latest", "qwen3-30b-a3b", ""),
])
def test_a_file_is_known_by_the_title_in_its_name(name: str, model: str, precision: str) -> None:
    entry = read_file_name(name, SHIPPED)
    assert entry is not None and (entry[0].name, entry[1]) == (model, precision)


@pytest.mark.parametrize("name", [
    "QwQ-32B-Preview-Q4_K_M.gguf", "Qwen3-4B-Thinking-2507-Q4_K_M.gguf", "Qwen3-8B-Base-Q8_0.gguf",
    "DeepSeek-R1-Distill-Qwen-32B-abliterated-Q4_K_M.gguf", "Mine-Qwen3-8B-Q4_K_M.gguf", "Qwen3-80B-Q4_K_M.gguf",
    "Qwen3-8B-Q4_K_M-mine.gguf", "DeepSeek-R1-0528-Q4_K_M.gguf", "countdown.gguf", "", "Q4_K_M.gguf",
])
def test_another_models_file_is_not_taken_for_one_of_the_catalogue(name: str) -> None:
    assert read_file_name(name, SHIPPED) is None


def test_without_a_file_of_ones_own_the_catalogue_is_the_shipped_one() -> None:
    assert not locations.user_catalogue().exists()
    assert read_catalogue() == SHIPPED


def test_an_own_entry_needs_no_more_than_the_file_says() -> None:
    own(OWN)
    spec = read_catalogue()[-1]
    assert len(read_catalogue()) == len(SHIPPED) + 1
    assert (spec.name, spec.own, spec.family, spec.tied, spec.aliases) == ("my-model", True, "relative", False, ())
    assert spec.active_parameters == spec.parameters and spec.shape.value_length == 128
    assert spec.sampling == Sampling() and spec.most_tokens == 32_768
    assert dict(spec.precisions) == {"Q4_K_M": 1_200_000_000, "Q8_0": 2_100_000_000}
    assert parse_name("My-Model-2B:q8_0") == (spec, "Q8_0")
    assert read_file_name("my-model-2b.Q4_K_M.gguf", read_catalogue()) == (spec, "Q4_K_M")


def test_an_own_entry_takes_the_place_of_the_shipped_one_of_its_name() -> None:
    own(OWN.replace("[my-model]", "[r1-qwen-7b]"))
    assert [spec.name for spec in read_catalogue()] == [spec.name for spec in SHIPPED]
    spec, _ = parse_name("r1-qwen-7b")
    assert spec.own and spec.title == "My-Model-2B"
    with pytest.raises(UsageError, match="there is no model 'DeepSeek-R1-Distill-Qwen-7B'"):
        parse_name("DeepSeek-R1-Distill-Qwen-7B")


def test_an_own_title_or_alias_comes_before_a_shipped_one_and_after_every_name() -> None:
    own(f'{OWN}aliases = ["DeepSeek-R1-Distill-Qwen-7B", "qwq-32b"]')
    (by_title, _), (by_name, _) = parse_name("deepseek-r1-distill-qwen-7b"), parse_name("qwq-32b")
    assert by_title.own and not by_name.own


def test_the_form_of_the_shipped_file_is_that_of_ones_own() -> None:
    own(locations.catalogue().read_text(encoding="utf-8"))
    assert [spec.name for spec in read_catalogue()] == [spec.name for spec in SHIPPED]
    assert all(spec.own for spec in read_catalogue())


MISTAKES = [  # what is written, in place of what, and what is said of it behind the file's name
    ("parameters = 2_000_000_000", "", "[my-model] parameters is missing: give a whole number of at least 1"),
    ("parameters = 2_000_000_000", 'parameters = "2B"',
     "[my-model] parameters is '2B': give a whole number of at least 1"),
    ("parameters = 2_000_000_000", "parameters = true",
     "[my-model] parameters is True: give a whole number of at least 1"),
    ("parameters = ", "active_parameters = 3_000_000_000\nparameters = ",
     "[my-model] active_parameters is 3000000000: it is at most parameters, 2000000000"),
    ('title = "My-Model-2B"', 'title = " "', "[my-model] title is ' ': give a text that is not blank"),
    ('title = "My-Model-2B"', "title = 2", "[my-model] title is 2: give a text that is not blank"),
    ("title =", 'aliasses = ["m"]\ntitle =', "[my-model] aliasses is no field: did you mean aliases?"),
    ("title =", 'aliases = "m"\ntitle =', "[my-model] aliases is 'm': give a list of texts, none of them blank"),
    ("title =", 'family = "r2"\ntitle =', "[my-model] family is 'r2': it is one of r1, relative"),
    ("title =", "tied = 1\ntitle =", "[my-model] tied is 1: it is true or false"),
    ("title =", "most_tokens = 0\ntitle =", "[my-model] most_tokens is 0: give a whole number of at least 1"),
    ("title =", "licence = 1\ntitle =", "[my-model] licence is 1: give a text that is not blank"),
    ("shape.layers = 20", "shape.layers = -1", "[my-model] shape.layers is -1: give a whole number of at least 1"),
    ("shape.layers = 20", "", "[my-model] shape.layers is missing: give a whole number of at least 1"),
    ("shape.layers", "shape.layer", "[my-model] shape.layer is no field: did you mean layers?"),
    ("title", "titel", "[my-model] titel is no field: did you mean title?"),
    ("shape.heads = 16", "", "[my-model] shape.heads is missing: give a whole number of at least 1"),
    ("parameters = ", "active_parameters = ", "[my-model] parameters is missing: give a whole number of at least 1"),
    ("shape.layers", "shape.experts = 8\nshape.layers", "[my-model] shape.experts is no field: the fields are heads, "
     "kv_heads, key_length, layers, width, hidden, value_length, vocabulary, context_length"),
    ("shape.kv_heads = 8", "shape.kv_heads = 7", "[my-model] shape.kv_heads is 7: it has to divide heads, 16"),
    ("precisions.q8_0", "precisions.best",
     "[my-model] precisions.best is 2100000000: it is no precision, such as Q4_K_M"),
    ("precisions.q8_0 = 2_100_000_000", "precisions.q8_0 = 2.1",
     "[my-model] precisions.q8_0 is 2.1: give a whole number of at least 1"),
    ("me/My-Model", "My-Model", "[my-model] sources.My-Model-2B-GGUF is 'my-model-2b.{precision}.gguf': "
     'a source is "owner/repository" = "name-{precision}.gguf"'),
    ("my-model-2b.{precision}.gguf", "my-model.gguf", "[my-model] sources.me/My-Model-2B-GGUF is 'my-model.gguf': "
     "give the file's name, with {precision} in it once and .gguf at its end"),
    ("title =", "sampling = { temperature = -1 }\ntitle =",
     "[my-model] sampling: temperature is -1.0: give a number of at least 0 (0 is greedy)"),
    ("title =", 'sampling = { top_p = "x" }\ntitle =', "[my-model] sampling.top_p is 'x': give a number"),
    ("title =", "sampling = { topp = 0.9 }\ntitle =", "[my-model] sampling.topp is no field: did you mean top_p?"),
    ("title =", "sampling = 0.6\ntitle =", "[my-model] sampling is 0.6: give a table of fields"),
    ("title =", 'scores = { "AIME 2024" = 128 }\ntitle =',
     "[my-model] scores.AIME 2024 is 128: a score is a percentage, from 0 to 100"),
    ("title =", 'scores = { "AIME 2024" = nan }\ntitle =', "[my-model] scores.AIME 2024 is nan: give a number"),
    ("parameters = 2_000_000_000", f"parameters = {'9' * 400}",
     f"[my-model] parameters is {'9' * 59}…: give a whole number of at most 1,000,000,000,000,000"),
    ("parameters = 2_000_000_000", f"parameters = 0x{'f' * 5000}",
     "[my-model] parameters is far too long: give a whole number of at most 1,000,000,000,000,000"),
    ("parameters = 2_000_000_000", "parameters = 131_072_000",
     "[my-model] parameters is 131072000: the vocabulary alone has 131072000, by shape and tied"),
    ("parameters = ", "active_parameters = 1\nparameters = ",
     "[my-model] active_parameters is 1: the vocabulary alone has 131072000, by shape and tied"),
    ("shape.layers = 20", "shape.layers = 1_000_000_000",
     "[my-model] shape.layers is 1000000000: give a whole number of at most 512"),
    ("shape.context_length = 8192", "shape.context_length = 2_147_483_648",
     "[my-model] shape.context_length is 2147483648: give a whole number of at most 2,147,483,647"),
    ("precisions.q8_0 = 2_100_000_000", "precisions.q8_0 = 1_000_000_000_000_001",
     "[my-model] precisions.q8_0 is 1000000000000001: give a whole number of at most 1,000,000,000,000,000"),
    ("title =", f"most_tokens = {2**31}\ntitle =",
     "[my-model] most_tokens is 2147483648: give a whole number of at most 2,147,483,647"),
    ("title =", f"sampling = {{ top_k = {2**31} }}\ntitle =",
     "[my-model] sampling.top_k is 2147483648: give a whole number of at most 2,147,483,647"),
    ("title =", f"sampling = {{ temperature = {'1' * 400} }}\ntitle =",
     f"[my-model] sampling.temperature is {'1' * 59}…: give a number from -1,000,000,000,000,000 to "
     "1,000,000,000,000,000"),
    ('title = "My-Model-2B"', f"title{'.a' * 5000} = 1",
     "[my-model] title is far too long: give a text that is not blank"),
    ("[my-model]", "", "title stands outside any model: write it below a line like [my-model]"),
    ("[my-model]", '["my:model"]', "a model is called 'my:model': a name is letters, digits, dots, dashes and "
     'underscores, such as [my-model] or ["my-model-1.5b"]'),
]


@pytest.mark.parametrize(("right", "wrong", "said"), MISTAKES, ids=lambda text: text[:30])
def test_a_mistake_in_ones_own_file_is_one_line_that_names_it(right: str, wrong: str, said: str) -> None:
    assert right in OWN
    path = own(OWN.replace(right, wrong))
    with pytest.raises(UsageError) as caught:
        read_catalogue()
    assert str(caught.value) == f"{path}: {said}"


def test_the_largest_model_that_may_be_written_down_is_reckoned_with() -> None:
    own(OWN.replace("layers = 20", "layers = 512").replace("= 8192", f"= {2**31 - 1}"))
    shape = read_catalogue()[-1].shape
    assert (shape.layers, shape.context_length) == (512, 2**31 - 1)
    assert shape.cache_bytes_per_token() == 512 * 8 * 2 * 128 * 2


@pytest.mark.parametrize("field", ["precisions", "sources", "shape"])
def test_a_table_that_is_needed_is_missed(field: str) -> None:
    path = own("\n".join(line for line in OWN.splitlines() if not line.startswith(field)))
    with pytest.raises(UsageError) as caught:
        read_catalogue()
    assert str(caught.value) == f"{path}: [my-model] {field} is missing: give a table, with at least one field"


@pytest.mark.parametrize("content", [b"[my-model\n", b"\xff\xfe", b"a = 1\na = 2", b"a = " + b"[" * 50_000,
                                     b"a = " + b"9" * 5000, b"a = " + b"{a=" * 50_000], ids=lambda content: content[:9])
def test_a_file_that_is_no_toml_says_what_to_do(content: bytes) -> None:
    path = own("")
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"catalogue\.toml cannot be read: .*; correct it, or remove it$") as caught:
        read_catalogue()
    assert str(caught.value).isprintable()


def test_a_byte_order_mark_is_no_mistake() -> None:
    path = own("")
    path.write_bytes(b"\xef\xbb\xbf" + OWN.encode())
    assert parse_name("my-model")[0].own


def test_an_installation_without_its_catalogue_says_what_to_do(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(locations, "catalogue", lambda: tmp_path / "catalogue.toml")
    with pytest.raises(UsageError, match="install localthink again"):
        read_catalogue()
