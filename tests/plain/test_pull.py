"""Models in plain chat: listed with what they would take, pulled while the conversation goes on, opened when here."""
from __future__ import annotations

import re

import pytest

from chat.pulled import DONE, FAILED, FOUND, PATH, ScriptedPull, here
from chat.scripted import Reply
from cli.talking import Script, Talk
from localthink import locations
from localthink.engine.messages import Loading
from localthink.hub.news import PullNews, Waiting

NAME = "r1-qwen-1.5b"
BUNDLED = str(locations.bundled_model())


@pytest.fixture(autouse=True)
def no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def talk() -> Talk:
    return Talk(None, Reply("Yes."))


def opened(talk: Talk) -> list[str | None]:
    return [order.model for order in talk.client.orders if isinstance(order, Loading)]


def test_models_lists_what_is_here_and_what_could_be_pulled(talk: Talk) -> None:
    screen = talk.run("/models")
    assert re.search(r"^  countdown: fits, needs [\d.]+ MiB, about [\d,.]+ tokens/s, 1.82 MiB, localthink \(bundled\)$",
                     screen, re.MULTILINE)
    assert re.search(r"^  r1-qwen-1.5b:\S+ ?.*: fits, needs [\d.]+ GiB, about [\d.]+ tokens/s, [\d.]+ GiB$", screen,
                     re.MULTILINE)
    assert screen.count("(recommended here)") == 1
    assert re.search(r"r1-llama-70b:\S+: too big", screen)
    assert screen.index("countdown: ") < screen.index("To be pulled with /pull NAME") < screen.index(NAME)


def test_a_pull_is_told_in_few_lines_and_opened_at_its_end(talk: Talk) -> None:
    steps = [talk.tell(here(number / 100)) for number in range(1, 100)]
    screen = talk.run(f"/pull {NAME}:Q4_K_M", talk.tell(FOUND), *steps, talk.tell(here(1.0), DONE))
    assert f"pulling {NAME}:Q4_K_M, about 1.04 GiB: it is opened when it is here" in screen
    told = re.findall(rf"^{NAME}:Q4_K_M: (\d+)%", screen, re.MULTILINE)
    assert told == ["10", "20", "30", "40", "50", "60", "70", "80", "90"]
    assert f"{NAME}:Q4_K_M: here, and is being opened\n" in screen
    assert opened(talk) == ["toy", str(PATH)]


def test_without_a_precision_the_one_that_suits_is_pulled(talk: Talk) -> None:
    talk.run(f"/pull {NAME}", "/pull stop")
    (pull,) = talk.pulls
    assert pull.wanted.model == NAME and pull.wanted.precision == "Q8_0" and pull.prefer == ("Q4_K_M",)


def test_a_conversation_goes_on_and_progress_waits_for_the_end_of_an_answer() -> None:
    talk = Talk(None, Reply("One two three four five six."))
    screen = talk.run("/pull hf:me/tiny", talk.tell(FOUND), "Hello", talk.write(3), talk.tell(here(0.5)), talk.write(1),
                      talk.tell(here(1.0), DONE), talk.write(1), talk.finish)
    answer = screen.index("One two three four five six.")  # in one piece
    assert answer < screen.index("hf:me/tiny: here")
    assert opened(talk)[-1] == str(PATH)


def test_pull_alone_says_how_it_stands_and_stop_ends_it(talk: Talk) -> None:
    screen = talk.run("/pull", "/pull stop", "/pull hf:me/tiny", talk.tell(FOUND, here(0.25)), "/pull", "/pull hf:me/b",
                      "/pull stop", "/pull")
    assert "no model is being pulled: /pull NAME pulls one" in screen
    assert "there is nothing to stop" in screen
    assert "hf:me/tiny: 25% · 250 MiB of 0.98 GiB" in screen
    assert "hf:me/tiny is being pulled: wait for it, or /pull stop ends it" in screen
    assert screen.count("hf:me/tiny: stopped at 25%: pulling it again goes on from there") == 2
    assert talk.pulls[0].cancelled and len(talk.pulls) == 1 and opened(talk) == ["toy"]


def test_what_is_too_big_wants_force(talk: Talk) -> None:
    screen = talk.run("/pull r1-llama-70b:Q8_0", "/pull r1-llama-70b:Q8_0 --force", talk.tell(FOUND, DONE))
    assert "r1-llama-70b:Q8_0 does not fit: it needs" in screen
    assert "or /pull r1-llama-70b:Q8_0 --force" in screen
    assert len(talk.pulls) == 1 and opened(talk)[-1] == str(PATH) and talk.session.asker.opening.force


def test_load_forces_one_opening_and_the_same_again_but_no_other_model(talk: Talk) -> None:
    forced: list[bool] = []

    def look() -> None:
        forced.append(talk.session.asker.opening.force)

    talk.run("/load --context 900 --force", look, "/load", look, f"/load {BUNDLED}", look, "/load --force", look)
    assert forced == [True, True, False, True]
    assert opened(talk)[-2:] == [BUNDLED, BUNDLED]


@pytest.mark.parametrize(("name", "said"), [
    ("nonsense", "there is no model 'nonsense' in the catalogue"), ("hf:x", "is not the address of a model"),
    (f"{NAME}:Q9", "has no precision 'Q9'")])
def test_a_wrong_name_is_one_line(talk: Talk, name: str, said: str) -> None:
    assert said in talk.run(f"/pull {name}") and talk.pulls == []


def test_trouble_is_told_once_each(talk: Talk) -> None:
    waiting = Waiting(8.0, "the connection broke off")
    screen = talk.run("/pull hf:me/tiny", talk.tell(FOUND, here(0.05)), talk.tell(waiting), talk.tell(waiting),
                      talk.tell(FAILED))
    assert screen.count("waiting: the connection broke off") == 1
    assert screen.count("hf:me/tiny: not pulled: the Hub cannot be reached") == 1


def test_leaving_ends_the_pull(talk: Talk) -> None:
    talk.run("/pull hf:me/tiny", talk.tell(FOUND), "/quit")
    talk.session.close()
    assert talk.pulls[0].cancelled


@pytest.mark.parametrize(("last", "code"), [(DONE, 0), (FAILED, 1)])
def test_lines_of_a_pipe_wait_for_the_pull_and_a_failure_is_an_exit_code(
        monkeypatch: pytest.MonkeyPatch, last: PullNews, code: int) -> None:
    def start(pull: ScriptedPull) -> None:
        pull.started = True
        pull.tell(FOUND, here(0.5), last)

    monkeypatch.setattr(Script, "typed", False)
    monkeypatch.setattr(ScriptedPull, "start", start)
    talk = Talk(None)
    screen = talk.run("/pull hf:me/tiny", "/settings")
    end = "not pulled: the Hub" if code else "here, and is being opened"
    assert screen.index(f"hf:me/tiny: {end}") < screen.index("alpha is 3")
    assert opened(talk) == (["toy"] if code else ["toy", str(PATH)])
    assert talk.code == code
