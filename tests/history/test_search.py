"""Words are found wherever they were written, and nothing that a person types is an error."""
from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from history.stores import ANY_TEXT, ODD_TEXT, Clock, asked, everything, piece
from localthink.history import History, Hit, ThoughtSpan
from localthink.history.search import folded, forms

HOUR = 3600


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "history.sqlite"


@pytest.fixture
def store(file, clock):
    with History(file, clock) as store:
        yield store


def answered(store, thinking="", content="", question="why?", title="a title"):
    """The answer's id, in a conversation of its own."""
    conversation, number = asked(store, question, title)
    answer = store.begin_answer(conversation, number, {})
    store.finish(answer, content, thinking, [ThoughtSpan(len(thinking), 1, 0, 0)], "stop", {})
    return answer


def found(store, words, limit=50):
    return [hit.message for hit in store.search(words, limit)]


def test_titles_questions_thinking_and_answers_are_searched(store):
    conversation, question = asked(store, "how many marbles", "about glass")
    answer = store.begin_answer(conversation, question, {})
    store.finish(answer, "seven in all", "let me count", [ThoughtSpan(12, 3, 0, 0)], "stop", {})
    assert store.search("marbles") == [Hit(conversation, "about glass", question, "how many marbles")]
    assert store.search("count") == [Hit(conversation, "about glass", answer, "let me count")]
    assert store.search("seven") == [Hit(conversation, "about glass", answer, "seven in all")]
    assert store.search("glass") == [Hit(conversation, "about glass", question, "about glass")]
    assert store.search("pebbles") == []


@pytest.mark.parametrize(("words", "finds"), [
    ("résumé", True), ("resume", True), ("RESUME", True), ("re\u0301sume\u0301", True), ("resu", True),
    ("naïve resume", True), ("resume naive", True), ("naive résum", True), ("naive summary", False), ("ÉCOLE", True),
    ("cafe", True), ("café", True)])
def test_case_and_accents_and_the_order_of_words_do_not_matter(store, words, finds):
    answer = answered(store, content="A naïve résumé of the école, in a cafe\u0301.")
    assert found(store, words) == [answer] * finds


@pytest.mark.parametrize(("written", "words"), [("résumé", "resume"), ("resume", "résumé"), ("Việt", "viet"),
                                                ("vie\u0323\u0302t", "VIỆT")])
def test_the_index_itself_knows_letters_without_their_accents(store, written, words):
    answer = answered(store, written)
    answered(store, "xresumex xrésuméx xvietx xviệtx")  # what reading would find, had the index found nothing
    assert found(store, words) == [answer]


def test_the_last_word_may_be_the_beginning_of_one_and_the_others_are_whole(store):
    whole = answered(store, "penalty of switching")
    begun = answered(store, "pen and switch")
    assert found(store, "pen switch") == [begun]
    assert sorted(found(store, "switch pen")) == [begun]
    assert found(store, "penalty swit") == [whole]
    assert sorted(found(store, "pen")) == [whole, begun]


def test_all_words_must_be_in_the_same_message(store):
    answered(store, content="apples", question="pears")
    both = answered(store, thinking="apples", content="pears")
    assert found(store, "apples pears") == [both]


@pytest.mark.parametrize("words", [
    "苹果", "喜欢", "我喜欢吃苹果", "nderth", "UNDERTH", "nderthink 苹果", "+= 1", "(x", "ünch", "unch"])
def test_parts_of_words_and_scripts_without_spaces_are_found_by_reading(store, words):
    answered(store, "nothing of the kind")
    answer = answered(store, thinking="我喜欢吃苹果。", content="Underthinking in München; f(x) += 1")
    assert found(store, words) == [answer]


@pytest.mark.parametrize(("alone", "within", "words"), [
    ("苹果", "我喜欢吃苹果。", "苹果"), ("苹果 好", "这里的苹果很好吃", "苹果 好"),
    ("リンゴ", "赤いリンゴを食べる", "リンゴ"), ("인공지능", "대규모인공지능은", "인공지능"),
    ("𠮷野家", "在𠮷野家吃", "𠮷野"), ("แอปเปิล", "ฉันชอบแอปเปิล", "แอปเปิล"),
    ("Python 编程", "用Python写编程题", "python 编程")])
def test_scripts_without_spaces_are_found_in_every_conversation(store, clock, alone, within, words):
    messages = []
    for title, content, thinking in (("t", alone, ""), ("t", "", within), (within, "", ""), ("t", within, alone)):
        clock.time += 1
        messages.append(answered(store, thinking, content, title=title))
    titled = messages.pop(2) - 1  # its question, which is shown first
    assert found(store, words) == [titled, *messages[::-1]]


def test_what_reading_does_not_find_of_such_a_script_is_found_by_the_index(store):
    answer = answered(store, "苹果，好吃")
    assert found(store, "苹果-好吃") == [answer]


def test_every_letter_is_found_in_all_its_forms():
    beyond = (chr(code) for code in range(sys.maxunicode + 1) if chr(code) not in forms().get(folded(chr(code)), ""))
    assert all(folded(character) == character for character in beyond)


def test_parts_of_titles_are_found_by_reading(store):
    conversation, question = asked(store, title="关于苹果的问题")
    assert store.search("苹果") == [Hit(conversation, "关于苹果的问题", question, "关于苹果的问题")]


def test_reading_finds_the_latest_conversation_first(store, clock):
    messages = []
    for _ in range(3):
        clock.time += 1
        messages.append(answered(store, "xxneedlexx"))
    assert found(store, "needle") == messages[::-1]
    assert found(store, "needle", 2) == messages[:0:-1]


def test_hangul_syllables_are_not_taken_for_their_first_sound(store):
    answered(store, "하나")
    assert found(store, "한") == []


def test_what_looks_like_syntax_is_only_words(store):
    answer = answered(store, 'he said "stop" AND content: left (NEAR the end) - or NOT')
    for words in ('"stop"', "AND", "content:", "NEAR(", "(near", "or NOT", "-", '"', "said AND left", "thinking:stop"):
        assert found(store, words) in ([answer], []), words
    assert found(store, "AND left") == found(store, "NOT") == found(store, 'said "stop') == [answer]
    assert found(store, "stop OR pebbles") == []
    assert found(store, "thinking : stop") == []


@pytest.mark.parametrize("words", [
    "", " ", '"', '""', '"""', "NEAR(", "*", "**", "^", "^a", "a*", "{a b}: c", "\0", "a\0b", "\ud800", "\udfff a", "'",
    ";", "\u0301", "\u0301 a", "%", "_", "\\", "a" * 100_000, "a " * 100_000, "-a" * 10_000, '"' * 10_000,
    "\u0301" * 10_000, "(" * 10_000, "\ufffe", "a\n\tb"])
def test_no_words_are_an_error(store, words):
    answered(store, "anything at all \0 \ud800 '\"*")
    assert isinstance(store.search(words), list)


@pytest.mark.parametrize("words", ["", " ", "\0", "\u0301", "\u0301 \u0302", "\x1c\u2028\t"])
def test_where_there_are_no_words_nothing_is_found(store, words):
    answered(store, f"anything at all {words}")
    assert store.search(words) == []


@given(ANY_TEXT, ANY_TEXT, st.data())
@example("Ängstlich", "", None)
@example(ODD_TEXT, "a" + ODD_TEXT + "b", None)
@example("\u0345α", "", None)
@settings(max_examples=100)
def test_any_stretch_of_any_text_is_found_and_nothing_is_an_error(content, thinking, data):
    with tempfile.TemporaryDirectory() as folder, History(Path(folder) / "history.sqlite") as store:
        answer = answered(store, thinking, content, question="", title="")
        assert isinstance(store.search(data.draw(ANY_TEXT)) if data else [], list)
        for text in (content, thinking):
            words = text.replace("\0", " ").split()
            assume(words)
            word = words[-1]
            start = data.draw(st.integers(0, len(word) - 1)) if data else len(word) // 2
            assume(not "\u0300" <= word[start] <= "\u036f")  # an accent alone is no word
            assert answer in found(store, word[start:])


# excerpts


def test_an_excerpt_is_one_line_around_the_words_that_were_found(store):
    answered(store, "before\n" * 100 + "here\tis\r\nthe\u2028needle in\n\nits hay" + " after" * 100)
    excerpt, = (hit.excerpt for hit in store.search("needle"))
    assert "here is the needle in its hay after after" in excerpt
    assert (excerpt[0], excerpt[-1]) == ("…", "…")
    assert len(excerpt) <= 162
    assert excerpt.isprintable()


def test_an_excerpt_shows_the_most_of_the_words(store):
    answered(store, "one " * 50 + "x " * 200 + "two " * 50 + "x " * 200 + "three two one" + " x" * 200)
    excerpt, = (hit.excerpt for hit in store.search("one two three"))
    assert "three two one" in excerpt


def test_an_excerpt_is_of_the_text_that_has_the_words(store):
    answered(store, "think of the needle and the thread", "the needle alone")
    assert [hit.excerpt for hit in store.search("needle")] == ["the needle alone"]
    assert [hit.excerpt for hit in store.search("needle thread")] == ["think of the needle and the thread"]


def test_an_excerpt_shows_the_word_and_not_a_part_of_another_like_it(store):
    answered(store, "together " * 50 + "in the end")
    excerpt, = (hit.excerpt for hit in store.search("the"))
    assert excerpt.endswith("in the end")


@pytest.mark.parametrize("words", ["resume", "résumé", "re\u0301sume\u0301", "RÉSUMÉ", "ésumé", "e\u0301sume\u0301"])
@pytest.mark.parametrize("written", ["résumé", "re\u0301sume\u0301", "Resume"])
def test_an_excerpt_shows_a_word_however_its_accents_are_written(store, words, written):
    answered(store, "x " * 500 + written + " y" * 500)
    excerpt, = (hit.excerpt for hit in store.search(words))
    assert f" {written} " in excerpt


def test_a_short_text_is_its_own_excerpt_and_zero_characters_do_not_cut_it(store):
    answered(store, content="one\0two three")
    assert [hit.excerpt for hit in store.search("three")] == ["one\0two three"]


# which messages


def test_a_message_is_a_hit_once_and_titles_come_first(store):
    conversation, question = asked(store, "needle in the question", "needle in the title")
    other, second = asked(store, "needle")
    assert store.search("needle") == [
        Hit(conversation, "needle in the title", question, "needle in the title"),
        Hit(other, "a title", second, "needle")]


def test_a_title_leads_to_the_first_message_that_is_shown(store):
    conversation, question = asked(store, title="needle")
    edited = store.add_message(conversation, None, "user", "edited")
    assert found(store, "needle") == [edited]
    store.choose(question)
    assert found(store, "needle") == [question]
    store.create("needle without a message")
    assert sorted(found(store, "needle")) == [0, question]


def test_all_branches_are_searched(store):
    conversation, question = asked(store, "needle")
    store.add_message(conversation, None, "user", "edited")
    assert found(store, "needle") == [question]


@pytest.mark.parametrize(("limit", "count"), [(-1, 0), (0, 0), (1, 1), (4, 4), (9, 6)])
@pytest.mark.parametrize("words", ["needle", "eedl"])
def test_there_are_no_more_hits_than_wanted(store, words, limit, count):
    for _ in range(3):
        asked(store, "straw", "needle")
        asked(store, "needle", "straw")
    assert len(store.search(words, limit)) == count


@pytest.mark.parametrize("words", ["needle", "eedl"])
def test_deleted_conversations_are_never_found(store, words):
    conversation, question = asked(store, "needle", "needle")
    store.delete(conversation)
    assert store.search(words) == []
    store.restore(conversation)
    assert found(store, words) == [question]


def test_a_conversation_is_found_by_its_new_title_alone(store, file):
    conversation, question = asked(store, title="old name")
    store.rename(conversation, "new name")
    assert store.search("old") == []
    assert found(store, "new") == [question]
    assert everything(file)


def test_an_answer_is_found_when_it_is_finished_and_by_its_last_words_alone(store, file):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    store.append(answer, [piece("needle")])
    assert store.search("needle") == []
    store.finish(answer, "needle", "", (), "cancelled", {})
    assert found(store, "needle") == [answer]
    store.finish(answer, "thread", "", (), "stop", {})
    assert store.search("needle") == []
    assert found(store, "thread") == [answer]
    assert everything(file)


def test_an_interrupted_answer_is_found_once_the_store_was_opened_an_hour_later(store, file, clock):
    conversation, question = asked(store)
    answer = store.begin_answer(conversation, question, {})
    store.append(answer, [piece("needle"), piece("thread", 0)])
    clock.time += HOUR + 1
    with History(file, clock) as again:
        assert found(again, "needle") == found(again, "thread") == [answer]
    store.finish(answer, "pin", "", (), "stop", {})
    assert store.search("needle") == store.search("thread") == []
    assert found(store, "pin") == [answer]
    assert everything(file)
