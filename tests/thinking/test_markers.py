"""Switch expressions become token sequences: in a small made-up vocabulary, and in both that R1's distills use."""
from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from countdown_traces import Search, held_out, write_trace
from localthink.engine.bindings import NativeModel
from localthink.errors import UsageError
from localthink.locations import bundled_model, user_markers
from localthink.records import Tip
from localthink.thinking.automaton import Automaton
from localthink.thinking.markers import (
    MOST_SPELLINGS,
    PARAPHRASE,
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
    return shipped(vocabulary, *Tip().groups)


@cache
def shipped(vocabulary, *groups: str) -> Automaton:
    return automaton(resolve(select(read_groups(NO_FILE), groups), vocabulary))


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


def test_a_sentence_start_is_matched_with_its_capital_alone():
    group = MarkerGroup("g", "", ("Alternatively",), sentence_starts=("Another way",))
    assert sequences(group, Words()) - sequences(MarkerGroup("g", "", ("Alternatively",)), Words()) == {
        "Another| way", " Another| way"}


def test_a_slot_stands_for_each_of_its_words():
    group = MarkerGroup("g", "", ("{Try} another {way}",), any_case=False,
                        words={"Try": ("Try",), "way": ("way", "method")})
    assert {text for _, text in group.spellings()} == {"Try another way", "Try another method"}
    assert {marker.expression for marker in resolve([group], Words())} == {"{Try} another {way}"}


def test_braces_that_name_nothing_are_themselves():
    assert {text for _, text in MarkerGroup("g", "", ("} a {b c}",)).spellings()} == {"} a {b c}"}


def test_an_apostrophe_is_matched_straight_and_curly():
    group = MarkerGroup("g", "", ("Let's switch",), any_case=False)
    assert {text for _, text in group.spellings()} == {"Let's switch", "Let’s switch"}


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
    groups = read_groups(NO_FILE)
    texts = {(group.name, *spelling) for group in groups for spelling in group.spellings()}
    for marker in resolve(groups, r1):
        spelled = b"".join(map(r1.piece, marker.tokens)).decode()
        assert (marker.group, marker.expression, spelled.lstrip(" ")) in texts


def test_every_expression_resolves_chinese_ones_too(r1):
    groups = read_groups(NO_FILE)
    wanted = {expression for group in groups for expression in (*group.expressions, *group.sentence_starts)}
    assert {marker.expression for marker in resolve(groups, r1)} == wanted
    assert {"另一种方法", "换个角度", "等等"} <= wanted
    assert completed(default_automaton(r1), r1, "因此结果是三。\n\n换一种方法来验证") == 1


def test_at_the_start_only_whole_switch_words_are_penalised(r1):
    found = default_automaton(r1)
    assert penalised(found, r1, "") == {"Alternatively", " Alternatively", " alternatively"}
    for text in (",", ".", "Let", " Let", "Let me try", "Another", " another", "Wait", " Wait"):
        assert r1.tokenize(text)[-1] not in found.completions[0], text


def test_let_me_try_another_is_free_and_approach_after_it_is_not(r1):
    found = default_automaton(r1)
    for text in ("Let me try another", "so let me try another", "That fails. Let me try another", "No.\n\nTry another"):
        assert {" approach", " way", " strategy"} <= penalised(found, r1, text), text
        assert not {" value", " number", " example", " case", " test"} & penalised(found, r1, text), text
    for text in ("", "Let me", "Let me try", "and another", "Let me try another value"):
        assert " approach" not in penalised(found, r1, text), text


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
    ("That leads nowhere. Let me try another approach.", 1),
    ("Let me try to solve for x, then let me consider the rest.", 0),
    ("This is different. The other approach, by hand, is the same.", 0),
    ("Wait, that is wrong. Hold on.", 0),
])
def test_switches_are_found_in_running_text(r1, text, switches):
    assert completed(default_automaton(r1), r1, text) == switches


SWITCHES = (
    "Hmm. Let me think about it differently. The sum is even.",
    "So maybe I should think about it differently, by cases.",
    "That fails. Let me try a different strategy.",
    "That fails. Let’s try a different strategy.",
    "It is 12.\n\nAnother way to see this is to draw it.",
    "It is 12.\n\n**Another approach:** count the rest.",
    "It is 12. Wait, another thought: are they distinct?",
    "Is there another way to solve it?",
    "I wonder if there's a different way to do it.",
    "Perhaps another approach is better.",
    "I guess another way to look at it is to halve it.",
    "Maybe I need a different approach.",
    "Let me look at the problem from a different angle.",
    "Let me verify this with another method.",
    "Maybe instead of the sum I can take the product.",
)
REMARKS = (
    "She says the same in a different way.",
    "The word may be meant in a different way here.",
    "I can see it another way now.",
    "So that's another way to see it, and it agrees.",
    "This is another method that works.",
    "Let me try another value, say 4.",
    "Let me try another number.", "Let me try another example.", "Let me try another test case.",
    "Maybe try another x.", "Perhaps another pair of coins.", "Maybe a different colour.",
    "The two functions are defined differently.", "Why do they do this differently?",
    "There is another angle of 40 degrees.", "Another example: take 5.", "Another point is (1, 3).",
)
PARAPHRASES = (
    "It is 12.\n\n**Alternative 2:** halve it.", "**Alternative approach**\nHalve it.",
    "### Alternative approach\nHalve it.", "- Alternative way: halve it.", "No.\nAlternative idea: halve it.",
    "Option 2: halve it.", "**Option 2:** halve it.", "Method 2: halve it.", "### Method 2\nHalve it.",
    "1. Approach 3: halve it.", "No. Another option is to halve it.", "Second method: halve it.",
    "Is it a square? Or perhaps a cube.", "解法二：先除以二。", "第二种方法是先除以二。",
    "This fails.\n\nNext, let's try 2 and 9.",
)
ANSWERS = (
    "Options 2 and 3 are wrong.", "There are 2 ways.", "It has one method.", "Method 1: halve it.", "the second method",
    "The first option or maybe the last.", "An alternating sum of 2 terms.",
)


@pytest.fixture(scope="module")
def bundled_words() -> Iterator[Native]:
    native = NativeModel(bundled_model(), vocabulary_only=True)
    yield Native(native)
    native.close()


@pytest.fixture(scope="module", params=["bundled_words", "qwen", "llama"])
def real(request: pytest.FixtureRequest) -> Native:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("text", SWITCHES)
def test_words_that_leave_a_line_of_thought_are_a_switch_and_no_paraphrase(real, text):
    assert completed(shipped(real, "switch"), real, text) == 1
    assert completed(shipped(real, PARAPHRASE), real, text) == 0


@pytest.mark.parametrize("text", REMARKS)
def test_a_remark_or_another_value_of_the_same_method_is_no_switch(real, text):
    assert completed(shipped(real, "switch"), real, text) == 0


@pytest.mark.parametrize("text", PARAPHRASES)
def test_the_same_step_in_words_that_are_not_penalised_is_a_paraphrase(real, text):
    assert completed(shipped(real, PARAPHRASE), real, text) == 1
    assert completed(shipped(real, "switch"), real, text) == 0


@pytest.mark.parametrize("text", ANSWERS)
def test_words_that_only_look_like_one_are_no_paraphrase(real, text):
    assert completed(shipped(real, PARAPHRASE), real, text) == 0


def test_the_bundled_models_switches_are_its_alternativelys(bundled_words):
    rng = random.Random(5)
    for puzzle in held_out("test", 20):
        trace = write_trace(puzzle, Search(0.3, 0.2), rng)
        assert completed(shipped(bundled_words, "switch"), bundled_words, trace) == trace.count("Alternatively")
        assert completed(shipped(bundled_words, PARAPHRASE), bundled_words, trace) == 0


# groups and files


def test_paraphrases_and_the_wait_group_are_shipped_and_off_by_default():
    assert {group.name for group in read_groups(NO_FILE)} == {"switch", "paraphrase", "wait"}
    assert not {"wait", "paraphrase"} & set(Tip().groups)
    words = Words()
    assert "Wait" not in penalised(default_automaton(words), words, "")
    both = automaton(resolve(select(read_groups(NO_FILE), ("switch", "wait")), words))
    assert {"Wait", " Wait"} <= penalised(both, words, "")


def test_no_shipped_expression_is_written_twice():
    for group in read_groups(NO_FILE):
        texts = [text for _, text in group.spellings()]
        assert len(set(texts)) == len(texts)


def test_selecting_keeps_the_order_asked_for_and_takes_each_group_once():
    groups = read_groups(NO_FILE)
    assert [group.name for group in select(groups, ("wait", "switch", "wait"))] == ["wait", "switch"]


def test_an_unknown_group_is_named_with_those_that_exist():
    with pytest.raises(UsageError, match=r"'swich'.*switch, paraphrase, wait"):
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
    "[switch]\nexpressions = ['Try {way}']",
    "[switch]\nexpressions = ['Try {way}']\nwords.method = ['way']",
    "[switch]\nexpressions = ['Try {way}']\nwords.way = 'way'",
    "[switch]\nexpressions = ['Try {way}']\nwords.way = ['']",
    "[switch]\nexpressions = ['Try']\nwords = ['way']",
    "[switch]\nexpressions = []\nsentence_starts = 'Another'",
    "[switch]\nexpressions = []\nsentence_starts = ['Another {way}']",
    b"[switch]\nexpressions = ['\xff']",
])
def test_a_malformed_file_is_one_line_that_names_it(tmp_path, content):
    path = tmp_path / "markers.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError) as raised:
        read_groups(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_expression_that_stands_for_too_many_texts_is_refused():
    words = {"a": [str(n) for n in range(MOST_SPELLINGS // 10)], "b": [str(n) for n in range(11)]}
    with pytest.raises(UsageError, match=rf"'{{a}} {{b}}'.*2200.*{MOST_SPELLINGS}"):
        parse_groups({"g": {"expressions": ["{a} {b}"], "words": words}}, "a test")


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
