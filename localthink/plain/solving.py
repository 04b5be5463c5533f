"""Many attempts at the latest question, as a plain conversation tells of them: a line for each that has ended."""
from __future__ import annotations

from localthink.chat.solving import Solving, Try
from localthink.chat.solving_summary import leader, notes_of, progress, sign, state_of, votes_of
from localthink.chat.steering import switches_held
from localthink.plain.voice import Voice
from localthink.text.page import DIM
from localthink.text.rows import one_line
from localthink.text.sizes import counted

SHOWN = 60  # characters of an answer


class SolvingTeller:
    """Says what is new of attempts under way, and at their end the answer."""

    def __init__(self, solving: Solving, voice: Voice) -> None:
        self.solving, self._voice = solving, voice
        self._told: set[int] = set()

    def look(self) -> bool:
        """Say what is new; returns whether it is over."""
        solving = self.solving
        solving.look()
        for each in solving.tries:
            if not each.turn.running and each.number not in self._told:
                self._told.add(each.number)
                self._tell(each)
        if solving.running:
            return False
        self._end()
        return True

    def _tell(self, each: Try) -> None:
        turn = each.turn
        if turn.state == "cancelled" and not turn.tokens:
            return
        answer = _shown(each.said) if each.said else f"no answer, {state_of(each)}"
        known = f" {sign(each.right)} {'right' if each.right else 'wrong'}" if each.right is not None else ""
        parts = [counted(len(turn.thoughts), "thought"), counted(turn.tokens, "token"), switches_held(turn.ticks),
                 f"seed {turn.seed}"]
        self._voice.say(f"attempt {each.number + 1}: {answer}{known} ({', '.join(parts)})", DIM)

    def _end(self) -> None:
        solving, voice = self.solving, self._voice
        for vote in votes_of(solving):
            known = f" {sign(vote.right)} {'right' if vote.right else 'wrong'}" if vote.right is not None else ""
            voice.say(f"{counted(vote.votes, 'vote')}: {_shown(vote.answer)}{known}")
        winner = solving.choice.winner
        if winner is not None:
            voice.answer(solving.tries[winner.number].turn.answer)
        voice.say("\n".join(part for part in (leader(solving), notes_of(solving), progress(solving)) if part))


def _shown(answer: str) -> str:
    line = one_line(answer)
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
