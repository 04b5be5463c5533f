"""What becomes of a model that was pulled: opened where that disturbs nobody, left alone where it would."""
from __future__ import annotations

from collections.abc import Sequence

import pytest

from chat.pulled import DONE, FAILED, FOUND, PATH, ScriptedPull, here
from chat.scripted import ScriptedClient, ask, client_of, finish, session
from localthink.chat.asking import Opening
from localthink.chat.session import Session
from localthink.engine.messages import Loading
from localthink.errors import UsageError
from localthink.hub.news import Note
from localthink.hub.wanted import Wanted, parse_wanted

WANTED = parse_wanted("r1-qwen-7b:Q4_K_M")
NAME = "r1-qwen-7b:Q4_K_M"


class Talk:
    """A session whose model is open, and a pull."""

    def __init__(self, client: ScriptedClient | None = None) -> None:
        self.made: list[ScriptedPull] = []
        self.session: Session = session(None, client, make_pull=self._make)
        self.session.arrivals.begin(WANTED, Opening(threads=3, context=2048), ("Q4_K_M",))

    def _make(self, wanted: Wanted, prefer: Sequence[str]) -> ScriptedPull:
        self.made.append(ScriptedPull(wanted, prefer))
        return self.made[-1]

    def arrive(self) -> list[str]:
        """The pull ends; returns what is said then."""
        self.made[-1].tell(FOUND, here(1.0), DONE)
        return self.pump()

    def pump(self) -> list[str]:
        self.session.pump()
        said = list(self.session.arrivals.said)
        self.session.arrivals.said.clear()
        return said

    @property
    def opened(self) -> list[str | None]:
        """The models that the engine was told to open."""
        return [order.model for order in client_of(self.session).orders if isinstance(order, Loading)][1:]


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_it_is_opened_as_it_was_asked_for_once_it_is_here(talk: Talk) -> None:
    assert talk.session.arrivals.pending and not talk.opened
    assert talk.arrive() == [f"{NAME}: here, and is being opened"]
    assert talk.opened == [str(PATH)]
    assert talk.session.asker.opening == Opening(str(PATH), threads=3, context=2048)
    assert not talk.session.arrivals.pending
    assert talk.pump() == [] and talk.opened == [str(PATH)]


def test_a_conversation_goes_on_while_it_comes(talk: Talk) -> None:
    talk.made[0].tell(FOUND, here(0.5))
    ask(talk.session, "Hello")
    finish(talk.session)
    assert talk.session.entries[-1].turn.state == "stop" and talk.session.arrivals.state.done == 0.5


def test_an_answer_under_way_is_waited_for_and_that_is_said_once(talk: Talk) -> None:
    ask(talk.session, "Hello")
    assert talk.arrive() == [f"{NAME}: here, and opened when what is under way has ended"]
    assert talk.session.arrivals.waiting and talk.pump() == [] and not talk.opened
    finish(talk.session)
    talk.pump()
    assert talk.opened == [str(PATH)]
    assert talk.session.entries[-1].turn.state == "stop" and not talk.session.arrivals.waiting


def test_a_model_that_was_chosen_meanwhile_stays(talk: Talk) -> None:
    talk.session.load(Opening("other.gguf"))
    talk.pump()
    assert talk.arrive() == [f"{NAME}: here; it is not opened, since another model was chosen meanwhile"]
    assert talk.opened == ["other.gguf"] and not talk.session.arrivals.pending


def test_the_same_model_with_a_larger_context_is_no_other_choice(talk: Talk) -> None:
    talk.session.load(talk.session.asker.opening.with_context(9000))
    talk.pump()
    talk.arrive()
    assert talk.opened[-1] == str(PATH)


def test_an_ejected_model_makes_way(talk: Talk) -> None:
    talk.session.eject()
    talk.arrive()
    assert talk.opened == [str(PATH)]


def test_an_answer_that_ended_early_keeps_its_model(talk: Talk) -> None:
    ask(talk.session, "Hello")
    client_of(talk.session).advance(5)
    talk.session.stop()
    talk.pump()
    assert talk.session.resumable is not None
    assert talk.arrive() == [f"{NAME}: here; it is not opened, so that the answer which ended early can go on with its "
                             "own model"]
    talk.session.go_on()
    finish(talk.session)
    assert talk.opened == []


def test_a_model_that_is_being_opened_is_waited_for() -> None:
    talk = Talk(ScriptedClient(loads=False))
    assert talk.session.asker.model.phase == "loading"
    talk.arrive()
    assert talk.opened == []
    client_of(talk.session).open()
    talk.pump()
    talk.pump()
    assert talk.opened == [str(PATH)]


def test_a_question_that_does_not_fit_is_settled_first() -> None:
    talk = Talk(ScriptedClient(longest=100))
    ask(talk.session, "word " * 200)
    assert talk.session.overflow is not None
    talk.arrive()
    assert talk.opened == []
    talk.session.give_up()
    talk.pump()
    assert talk.opened == [str(PATH)]


def test_nothing_is_opened_while_it_is_held(talk: Talk) -> None:
    talk.session.arrivals.hold()
    talk.arrive()
    assert talk.opened == []
    talk.session.arrivals.release()
    talk.pump()
    assert talk.opened == [str(PATH)]


def test_a_failure_is_said_once_and_opens_nothing(talk: Talk) -> None:
    talk.made[0].tell(Note("a is gated; trying b"), FAILED)
    assert talk.pump() == ["a is gated; trying b", f"{NAME}: not pulled: the Hub cannot be reached"]
    assert talk.pump() == [] and not talk.session.arrivals.pending and not talk.opened


def test_where_it_cannot_be_opened_the_model_before_it_comes_back(talk: Talk) -> None:
    client_of(talk.session).loads = False
    talk.arrive()
    client_of(talk.session).die("model does not fit: it needs 40 GiB", lasting=True)
    assert talk.pump() == [f"{NAME}: model does not fit: it needs 40 GiB; the model before it is opened again"]
    assert talk.opened == [str(PATH), None]
    client_of(talk.session).die("gone as well", lasting=True)
    assert talk.pump() == [] and len(talk.opened) == 2  # that is nothing to be tried for ever


def test_where_there_was_no_model_before_it_none_is_opened_again(talk: Talk) -> None:
    talk.session.eject()
    client_of(talk.session).loads = False
    talk.arrive()
    client_of(talk.session).die("model does not fit", lasting=True)
    assert talk.pump() == [] and talk.session.asker.model.phase == "failed" and talk.opened == [str(PATH)]


def test_one_that_waits_to_be_opened_makes_way_for_another_pull(talk: Talk) -> None:
    ask(talk.session, "Hello")
    talk.arrive()
    talk.session.arrivals.begin(parse_wanted("hf:me/other"), Opening())
    assert talk.pump() == [f"{NAME}: here; it is not opened, since another is pulled"]
    finish(talk.session)
    talk.pump()
    assert talk.opened == []


def test_a_stopped_pull_opens_nothing_and_can_be_begun_again(talk: Talk) -> None:
    talk.made[0].tell(FOUND, here(0.5))
    talk.pump()
    talk.session.arrivals.stop()
    assert talk.pump() == [f"{NAME}: stopped at 50%: pulling it again goes on from there"]
    talk.session.arrivals.begin(WANTED, Opening())
    talk.arrive()
    assert talk.opened == [str(PATH)]


def test_one_that_waits_to_be_opened_can_be_told_not_to(talk: Talk) -> None:
    ask(talk.session, "Hello")
    talk.arrive()
    talk.session.arrivals.stop()
    finish(talk.session)
    talk.pump()
    assert talk.opened == [] and not talk.session.arrivals.pending


def test_a_second_pull_changes_nothing_of_the_first(talk: Talk) -> None:
    with pytest.raises(UsageError, match="is being pulled"):
        talk.session.arrivals.begin(parse_wanted("hf:me/other"), Opening(context=7))
    talk.arrive()
    assert talk.session.asker.opening.context == 2048


def test_closing_the_session_ends_the_pull_at_once(talk: Talk) -> None:
    talk.session.close()
    assert talk.made[0].cancelled
