"""The automaton against plain suffix matching."""
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localthink.thinking.automaton import Automaton

Sequence = tuple[int, ...]

TOKENS = range(3)  # few, so that sequences overlap, contain and continue each other
sequences_of_tokens = st.lists(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=5).map(tuple), max_size=8)
streams = st.lists(st.sampled_from(TOKENS), min_size=5, max_size=30)


def states(automaton: Automaton, stream: list[int]) -> list[int]:
    """The state before the first token and after each."""
    passed = [0]
    for token in stream:
        passed.append(automaton.step(passed[-1], token))
    return passed


def ending(seen: list[int], sequences: list[Sequence]) -> list[Sequence]:
    return [sequence for sequence in sequences if tuple(seen[-len(sequence):]) == sequence]


def under_way(seen: list[int], sequences: list[Sequence]) -> int:
    """The length of the longest beginning of a sequence, short of its end, that `seen` ends with."""
    return max((n for sequence in sequences for n in range(1, len(sequence)) if tuple(seen[-n:]) == sequence[:n]),
               default=0)


@given(sequences_of_tokens, streams)
def test_the_longest_sequence_that_ends_here_is_found(sequences, stream):
    automaton = Automaton(sequences)
    for n, state in enumerate(states(automaton, stream)):
        assert automaton.matched[state] == max(map(len, ending(stream[:n], sequences)), default=0)


@given(sequences_of_tokens, streams)
def test_depth_is_the_longest_beginning_that_may_still_go_on(sequences, stream):
    automaton = Automaton(sequences)
    for n, state in enumerate(states(automaton, stream)):
        assert automaton.depth[state] == under_way(stream[:n], sequences)


@given(sequences_of_tokens, streams)
def test_completions_are_the_tokens_that_would_end_a_sequence(sequences, stream):
    automaton = Automaton(sequences)
    for n, state in enumerate(states(automaton, stream)):
        would_end = [token for token in TOKENS if ending([*stream[:n], token], sequences)]
        assert automaton.completions[state].tolist() == would_end


def test_a_token_of_no_sequence_leads_back_to_the_start():
    automaton = Automaton([(1, 2, 3)])
    assert states(automaton, [1, 2, 99, 2]) == [0, 1, 2, 0, 0]


def test_a_sequence_that_breaks_off_goes_on_as_the_one_that_began_inside_it():
    automaton = Automaton([(1, 2, 3, 4), (2, 3, 5)])
    after = states(automaton, [1, 2, 3])[-1]
    assert automaton.depth[after] == 3
    assert automaton.completions[after].tolist() == [4, 5]
    assert automaton.matched[automaton.step(after, 5)] == 3


def test_without_sequences_nothing_is_ever_completed():
    automaton = Automaton([])
    assert automaton.step(0, 7) == 0
    assert automaton.completions[0].size == 0
