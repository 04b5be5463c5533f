"""Switch expressions become token sequences: in a small made-up vocabulary, and in both that R1's distills use."""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from localthink.engine.bindings import NativeModel
from localthink.errors import UsageError
from localthink.locations import user_markers
from localthink.records import Tip
from localthink.thinking.automaton import Automaton
from localthink.thinking.markers import (
    MarkerGroup,
    automaton,
    parse_groups,
    read_groups,
    resolve,
    select,
    shipped_markers,
)

NO_FILE = Path("there-is-no-such-file.toml")


class Words:
    """A made-up vocabulary: white space, words with the space before them, single signs; `alternatively` is two."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def tokenize(self, text: str, special: bool = False) -> list[int]:
        pieces = re.findall(r"altern(?=atively)|atively| ?\w+|\n+| +|[^\w\s]", text)
        assert "".join(pieces) == text
        return [self._id(piece) for piece in pieces]

    def _id(self, piece: str) -> int:
        if piece not in self.pieces:
            self.pieces.append(piece)
        return self.pieces.index(piece)

    def piece(self, token: int) -> bytes:
        return self.pieces[token].encode()


class Native:
    """A vocabulary of llama.cpp's, as markers ask for it."""

    def __init__(self, native: NativeModel) -> None:
        self.native, self.piece = native, native.piece

    def tokenize(self, text: str, special: bool = False) -> list[int]:
        return self.native.tokenize(text, special)


@pytest.fixture(scope="module")
def qwen(shared: Path) -> Iterator[Native]:
    yield from opened(shared, "qwen2")


@pytest.fixture(scope="module")
def llama(shared: Path) -> Iterator[Native]:
    yield from opened(shared, "llama-bpe")


@pytest.fixture(scope="module", params=["qwen", "llama"])
def r1(request: pytest.FixtureRequest) -> Native:
    return request.getfixturevalue(request.param)


def opened(shared: Path, name: str) -> Iterator[Native]:
    path = shared / "data" / "tokenizers" / f"ggml-vocab-{name}.gguf"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the shared folder")
    native = NativeModel(path, vocabulary_only=True)
    yield Native(native)
    native.close()


def sequences(group: MarkerGroup, vocabulary) -> set[str]:
    """The markers of a group, each written as its pieces with a bar between them."""
    return {"|".join(vocabulary.piece(token).decode() for token in marker.tokens)
            for marker in resolve([group], vocabulary)}


def default_automaton(vocabulary) -> Automaton:
    return automaton(resolve(select(read_groups(NO_FILE), Tip().groups), vocabulary))


def after(found: Automaton, vocabulary, text: str) -> int:
    state = 0
    for token in vocabulary.tokenize(text):
        state = found.step(state, token)
    return state


def penalised(found: Automaton, vocabulary, text: str) -> set[str]:
    """The pieces that would complete a marker if they came after `text`."""
    return {vocabulary.piece(int(token)).decode() for token in found.completions[after(found, vocabulary, text)]}


def completed(found: Automaton, vocabulary, text: str) -> int:
    """How many markers `text` completes, all told."""
    state = count = 0
    for token in vocabulary.tokenize(text):
        state = found.step(state, token)
        count += found.matched[state] > 0
    return count


# forms


def test_an_expression_stands_with_and_without_a_space_and_with_either_first_letter():
    assert sequences(MarkerGroup("g", "", ("Another way",)), Words()) == {
        "Another| way", " Another| way", "another| way", " another| way"}


def test_as_written_leaves_the_first_letter_alone():
    assert sequences(MarkerGroup("g", "", ("Wait",), any_case=False), Words()) == {"Wait", " Wait"}


def test_a_form_that_the_vocabulary_splits_is_a_sequence_of_its_parts():
    assert sequences(MarkerGroup("g", "", ("Alternatively",)), Words()) == {
        "Alternatively", " Alternatively", "altern|atively", " alternatively"}


def test_the_white_space_before_a_marker_belongs_to_the_thought_before():
    words = Words()
    assert all(words.piece(marker.tokens[0]).strip() for marker in resolve(read_groups(NO_FILE), words))


def test_a_sequence_of_two_groups_belongs_to_the_first():
    first, second = MarkerGroup("first", "", ("Wait",)), MarkerGroup("second", "", ("wait", "Hold on"))
    assert {(marker.group, marker.expression) for marker in resolve([first, second], Words())} == {
        ("first", "Wait"), ("second", "Hold on")}


def test_only_the_token_that_completes_an_expression_is_penalised():
    words = Words()
    found = automaton(resolve([MarkerGroup("g", "", ("Let me try another", "Alternatively"))], words))
    assert penalised(found, words, "") == {"Alternatively", " Alternatively", " alternatively"}
    assert penalised(found, words, "So let me try") == {
        "Alternatively", " Alternatively", " alternatively", " another"}
    assert penalised(found, words, "altern") == {"Alternatively", " Alternatively", " alternatively", "atively"}


# the vocabularies of R1's distills


@pytest.mark.parametrize(("text", "token"), [
    ("Alternatively", 92014), (" Alternatively", 38478), (" alternatively", 68387), ("Wait", 14190), (" Wait", 13824)])
def test_qwen_has_the_commonest_markers_as_single_tokens(qwen, text, token):
    group = "wait" if "Wait" in text else "switch"
    assert any(marker.tokens == (token,) and marker.group == group for marker in resolve(read_groups(NO_FILE), qwen))
    assert qwen.tokenize(text) == [token]


def test_qwen_splits_the_small_alternatively_at_the_start_of_a_line(qwen):
    found = {marker.tokens: marker for marker in resolve(read_groups(NO_FILE), qwen)}
    assert found[40412, 7887].expression == "Alternatively"
    assert (40412,) not in found
    assert (7887,) not in found


def test_every_sequence_spells_its_expression_and_nothing_else(r1):
    for marker in resolve(read_groups(NO_FILE), r1):
        spelled = b"".join(map(r1.piece, marker.tokens)).decode()
        assert spelled.lstrip(" ") in {marker.expression, marker.expression[0].upper() + marker.expression[1:],
                                       marker.expression[0].lower() + marker.expression[1:]}


def test_every_expression_resolves_chinese_ones_too(r1):
    groups = read_groups(NO_FILE)
    wanted = {expression for group in groups for expression in group.expressions}
    assert {marker.expression for marker in resolve(groups, r1)} == wanted
    assert {"另一种方法", "换个角度", "等等"} <= wanted
    assert completed(default_automaton(r1), r1, "因此结果是三。\n\n换一种方法来验证") == 1


def test_at_the_start_only_whole_switch_words_are_penalised(r1):
    found = default_automaton(r1)
    assert penalised(found, r1, "") == {"Alternatively", " Alternatively", " alternatively"}
    for text in (",", ".", "Let", " Let", "Let me try", "Another", " another", "Wait", " Wait"):
        assert r1.tokenize(text)[-1] not in found.completions[0], text


def test_let_me_try_is_free_and_another_after_it_is_not(r1):
    found = default_automaton(r1)
    for text in ("Let me try", "so let me try", "That fails. Let me try", "That fails.\n\nLet me try"):
        assert " another" in penalised(found, r1, text), text
    for text in ("", "Let me", "so let me", "Let me try to find", "Try"):
        assert " another" not in penalised(found, r1, text), text


def test_no_comma_is_penalised_in_any_state(r1):
    found = automaton(resolve(read_groups(NO_FILE), r1))
    ids = {int(token) for completions in found.completions for token in completions}
    assert not [piece for piece in (r1.piece(token).decode("utf-8", "replace") for token in ids)
                if not re.search(r"\w|�", piece)]


@pytest.mark.parametrize(("text", "switches"), [
    ("The product is 12.\n\nAlternatively, factor the sum.", 1),
    ("The product is 12. Alternatively, factor the sum.", 1),
    ("We could add, or alternatively we could multiply.", 1),
    ("alternatively", 1),
    ("That leads nowhere. Let me try another approach.", 2),  # and `another approach` on its own
    ("Let me try to solve for x, then let me consider the rest.", 0),
    ("This is different. The other approach, by hand, is the same.", 0),
    ("Wait, that is wrong. Hold on.", 0),
])
def test_switches_are_found_in_running_text(r1, text, switches):
    assert completed(default_automaton(r1), r1, text) == switches


# groups and files


def test_the_wait_group_is_shipped_and_off_by_default():
    assert {group.name for group in read_groups(NO_FILE)} == {"switch", "wait"}
    assert "wait" not in Tip().groups
    words = Words()
    assert "Wait" not in penalised(default_automaton(words), words, "")
    both = automaton(resolve(select(read_groups(NO_FILE), ("switch", "wait")), words))
    assert {"Wait", " Wait"} <= penalised(both, words, "")


def test_no_shipped_expression_is_written_twice():
    for group in read_groups(NO_FILE):
        assert len(set(group.expressions)) == len(group.expressions)


def test_selecting_keeps_the_order_asked_for_and_takes_each_group_once():
    groups = read_groups(NO_FILE)
    assert [group.name for group in select(groups, ("wait", "switch", "wait"))] == ["wait", "switch"]


def test_an_unknown_group_is_named_with_those_that_exist():
    with pytest.raises(UsageError, match=r"'swich'.*switch, wait"):
        select(read_groups(NO_FILE), ("swich",))


def test_a_persons_own_file_replaces_the_shipped_one(home):
    own = user_markers()
    assert own.is_relative_to(home)
    own.parent.mkdir(parents=True)
    own.write_text('[mine]\nabout = "my own"\ncase = "as-written"\nexpressions = [" Hmm ", "等等"]\n', encoding="utf-8")
    assert read_groups(own) == (MarkerGroup("mine", "my own", ("Hmm", "等等"), any_case=False),)


def test_the_shipped_file_copied_is_the_shipped_markers(tmp_path):
    copy = tmp_path / "markers.toml"
    copy.write_text(shipped_markers(), encoding="utf-8")
    assert read_groups(copy) == read_groups(NO_FILE)


@pytest.mark.parametrize("content", [
    "[switch\n",
    "switch = 'Alternatively'",
    "[switch]\nabout = 'no expressions'",
    "[switch]\nexpressions = 'Alternatively'",
    "[switch]\nexpressions = ['Alternatively', 3]",
    "[switch]\nexpressions = ['Alternatively', ' ']",
    "[switch]\nexpressions = [['Alternatively']]",
    "[switch]\nexpressions = ['Alternatively']\ncase = 'lower'",
    "[switch]\nexpressions = ['Alternatively']\ncase = ['any']",
    b"[switch]\nexpressions = ['\xff']",
])
def test_a_malformed_file_is_one_line_that_names_it(tmp_path, content):
    path = tmp_path / "markers.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError) as raised:
        read_groups(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_cannot_be_opened_is_a_usage_error(tmp_path, monkeypatch):
    path = tmp_path / "markers.toml"
    path.write_text(shipped_markers(), encoding="utf-8")

    def refused(*_: object, **__: object) -> str:
        raise PermissionError("not yours")

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(UsageError, match="not yours"):
        read_groups(path)


def test_a_group_without_expressions_penalises_nothing():
    (group,) = parse_groups({"off": {"expressions": []}}, "a test")
    assert resolve([group], Words()) == ()
