"""Models that say what a script says, through the whole real path: file, llama.cpp, template, tracker, trace."""
from __future__ import annotations

from pathlib import Path

import pytest

import localthink
from generating import split
from localthink.engine.messages import Ask
from localthink.records import Generation, Message, Tip
from scripted_gguf import ASSISTANT, BEGIN, END, END_AS_TEXT, FIRST, LATEST, needs_scripts, write_script

pytestmark = needs_scripts


def scripted(folder: Path, *said: str, **script: object) -> localthink.Engine:
    return localthink.load(write_script(folder, *said, **script), context=1024, threads=1)


def only(engine, question="Hi", **settings):
    """The only trace, and the events that led to it."""
    generation, more = split(settings)
    events = list(engine.stream(question, generation, **more))
    return events[-1].trace, events


def test_the_first_template_of_r1_is_opened_and_its_thinking_penalised(tmp_path):
    assert "<think>" not in FIRST.split("add_generation_prompt")[-1]
    with scripted(tmp_path, "Okay", " so", "Alternatively", " it", END, "\n\n", "Four", start="\n") as engine:
        plain, _ = only(engine, tip=Tip(0))
        held, events = only(engine, tip=Tip(40))
    assert (plain.thinking, plain.answer, plain.switches) == ("Okay soAlternatively it", "Four", 1)
    assert events[2].held == 1 and held.held >= 1


def test_left_alone_a_closing_tag_makes_what_stood_before_it_thinking(tmp_path):
    words = ["Okay", *(f" w{n}" for n in range(9)), "Alternatively", " it", END, "\n\n", "Four"]
    with scripted(tmp_path, *words, start=ASSISTANT) as engine:
        trace, events = only(engine, think="free", tip=Tip(0))
    assert trace.thinking == "".join(words[:-3]) and trace.answer == "Four"
    assert [thought.text for thought in trace.thoughts] == ["".join(words[:10]), "Alternatively it"]
    assert trace.switches == 1
    assert [event.recasts for event in events].index(True) == words.index(END)


def test_a_block_that_the_model_opens_itself_is_one(tmp_path):
    with scripted(tmp_path, BEGIN, "hm", END, "Four", start=ASSISTANT) as engine:
        trace, _ = only(engine, think="free")
    assert (trace.thinking, trace.answer) == ("hm", "Four")


def test_a_second_opening_tag_is_no_text_and_an_empty_block_no_thought(tmp_path):
    with scripted(tmp_path, BEGIN, "hm", END, "Four", start="\n") as engine:
        trace, _ = only(engine)
    assert (trace.thinking, trace.answer, len(trace.thoughts)) == ("hm", "Four", 1)
    with scripted(tmp_path, END, "Four", start="\n") as engine:
        trace, _ = only(engine)
    assert (trace.thinking, trace.answer, trace.thoughts) == ("", "Four", ())


def test_an_opening_tag_in_the_answer_that_nothing_closes_swallows_none_of_it(tmp_path):
    for said, answer in ((["hm", END, "Write ", BEGIN, " first"], "Write <think> first"),
                         (["hm", END, BEGIN, "Four"], "<think>Four")):
        with scripted(tmp_path, *said, start="\n") as engine:
            trace, _ = only(engine)
        assert (trace.thinking, trace.answer) == ("hm", answer)
    with scripted(tmp_path, "Write ", BEGIN, " first", start=ASSISTANT) as engine:
        trace, _ = only(engine, think="free")
    assert (trace.thinking, trace.answer, trace.thoughts) == ("", "Write <think> first", ())


def test_tags_that_are_no_tokens_are_found_across_them(tmp_path):
    said = ["So", " it", "Alternatively", " is", ".", *END_AS_TEXT, "Four"]
    with scripted(tmp_path, *said, start="\n", template=LATEST, tags=False) as engine:
        assert engine.model.tags.ids is None
        trace, events = only(engine, tip=Tip(0))
        held, _ = only(engine, tip=Tip(40))
    assert (trace.thinking, trace.answer, trace.switches) == ("So itAlternatively is.", "Four", 1)
    assert "".join(event.text for event in events if event.part == "answer").strip() == "Four"
    assert held.held >= 1


def test_a_pair_of_tags_may_be_named(tmp_path):
    said = ["hm", "</", "idea", ">", "Four"]
    scripted(tmp_path, *said, start="\n", template=LATEST, tags=False).close()
    with localthink.load(tmp_path / "scripted.gguf", context=1024, think_tags=("<idea>", "</idea>")) as engine:
        trace, _ = only(engine, think="open")
    assert (trace.thinking, trace.answer) == ("hm", "Four")


def test_what_closes_thinking_closes_it_where_the_tag_is_text(tmp_path):
    said = [*(f" w{n}" for n in range(30)), *END_AS_TEXT, "Four"]
    with scripted(tmp_path, *said, start="\n", template=LATEST, tags=False) as engine:
        engine.submit(engine.request("Hi", Generation(max_tokens=30, max_thinking=10)))
        events = []
        while not engine.idle:
            events += engine.step()
    assert events[-1].trace.thinking == "".join(said[:10]).strip()
    assert events[-1].trace.token_ids[10:10 + len(engine.model.words.closing)] == engine.model.words.closing


# the next turn


@pytest.mark.parametrize("said", [
    ["hm", END, "Write ", BEGIN, " first"], ["hm", END, "It is ", "4.", "\n", END],
    ["hm", END, 're.sub("', BEGIN, ".*?", END + " ", '")']])
def test_the_next_turn_is_sent_the_answer_as_it_was(tmp_path, said):
    said = [piece for piece in said if piece != "\n"]
    with scripted(tmp_path, *dict.fromkeys(said), start="\n") as engine:
        trace, _ = only(engine)
        asked = [Message("user", "Hi"), Message("assistant", trace.answer), Message("user", "Why?")]
        prompt = engine.model.prompt(asked)
        control = engine.model.prompt([asked[0], Message("assistant", "x"), asked[2]])
        text = b"".join(map(engine.model.vocabulary.piece, prompt)).decode()
    assert trace.answer in text
    assert len(prompt) == len(control) - 1 + len(trace.answer.encode())  # a byte a token: nothing is dropped or merged


def test_the_engines_process_is_sent_the_answer_as_it_was_too(tmp_path):
    from localthink.engine.host import EngineHost
    from localthink.engine.messages import Checked, Loading

    with scripted(tmp_path, "x", start="\n") as engine:
        expected = len(engine.model.prompt([Message("user", "Hi"), Message("assistant", "It is 4.\n</think>"),
                                            Message("user", "Why?")]))
        dropped = len(engine.model.prompt([Message("user", "Hi"), Message("assistant", ""), Message("user", "Why?")]))
    assert expected == dropped + len("It is 4.\n</think>")
    with EngineHost() as host:
        host.start()
        host.send(Loading(str(tmp_path / "scripted.gguf"), longest=1024, vocabulary_only=True))
        host.send(Ask(1, (Message("user", "Hi"), Message("assistant", "It is 4.\n</think>"), Message("user", "Why?")),
                      only_check=True))
        news = []
        while not any(isinstance(each, Checked) for each in news):
            news += host.receive(1.0)
    assert [each.prompt_tokens for each in news if isinstance(each, Checked)] == [expected]


def test_a_message_from_elsewhere_loses_the_block_it_begins_with(tmp_path):
    with scripted(tmp_path, "x", start="\n") as engine:
        asked = [Message("user", "Hi"), Message("assistant", "<think>SECRET</think>4"), Message("user", "Why?")]
        text = b"".join(map(engine.model.vocabulary.piece, engine.request(asked).prompt)).decode()
    assert text == "Hi4Why?<think>\n"  # control tokens have no text
