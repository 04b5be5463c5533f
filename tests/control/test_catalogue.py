"""Controls by name: what can be asked for can be made, and what is wrong is said in one line."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localthink.control.catalogue import CATALOGUE, ENTRIES, check_control, check_together, read_control, settings_of
from localthink.control.making import KINDS, made, make
from localthink.control.presets import BUNDLED, EFFORTS, preset
from localthink.errors import UsageError
from localthink.generation import FIELDS, read_generation
from localthink.records import ControlSpec, Generation

ASKED_FOR = [entry for entry in ENTRIES if not entry.options]


def test_every_control_that_can_be_asked_for_can_be_made_and_no_other():
    assert KINDS.keys() == {entry.name for entry in ASKED_FOR} and len(CATALOGUE) == len(ENTRIES)
    for name, kind in KINDS.items():
        assert kind.name == name


@pytest.mark.parametrize("entry", ASKED_FOR, ids=lambda entry: entry.name)
def test_with_nothing_but_what_it_needs_it_has_its_defaults(entry):
    needed = [f"{each.name}=12" for each in entry.parameters if each.default is None]
    spec = read_control(f"{entry.name}:{','.join(needed)}" if needed else entry.name)
    settings = settings_of(spec)
    assert settings.keys() == {each.name for each in entry.parameters}
    assert all(settings[each.name] == each.default for each in entry.parameters if each.default is not None)
    assert make(entry.name, settings).name == entry.name


@given(st.sampled_from(ASKED_FOR), st.data())
def test_what_is_written_is_read_and_written_again(entry, data):
    values = {each.name: data.draw(
        st.integers(int(each.least) + 1, int(min(each.most, 10**6))) if each.kind == "whole"
        else st.floats(max(each.least, 0.02), min(each.most, 10**6)) if each.kind == "number"
        else st.sampled_from(["wait", "but+so"])) for each in entry.parameters}
    written = str(ControlSpec(entry.name, tuple(sorted(values.items()))))
    spec = read_control(written)
    assert read_control(str(spec)) == spec and settings_of(spec) == values and hash(spec) == hash(read_control(written))
    assert made(Generation(controls=(spec,)))[0].name == entry.name


@pytest.mark.parametrize("entry", ASKED_FOR, ids=lambda entry: entry.name)
def test_a_setting_that_is_its_default_makes_no_other_control(entry):
    needed = [f"{each.name}=12" for each in entry.parameters if each.default is None]
    given = [f"{each.name}={each.default}" for each in entry.parameters if each.default is not None]
    plain, spelt = (read_control(f"{entry.name}:{','.join(parts)}" if parts else entry.name)
                    for parts in (needed, needed + given))
    assert plain == spelt and str(plain) == str(spelt)


def test_a_whole_number_and_the_same_as_a_fraction_are_one_control():
    assert read_control("cyclic-reflex:amplitude=5") == read_control("cyclic-reflex: amplitude = 5.0")


@pytest.mark.parametrize(("written", "said"), [
    ("loop-gaurd", 'there is no control "loop-gaurd": did you mean loop-guard?'),
    ("xyz", "the controls are loop-guard, no-wait, cyclic-reflex"),
    ("", 'there is no control ""'), ("budget", "has settings of its own, thinking"), ("tip", "alpha, beta"),
    ("loop-guard:round=3", 'no setting "round": did you mean rounds?'),
    ("loop-guard:x=3", "it has rounds, tokens, heat, help"),
    ("loop-guard:rounds", "write its settings as key=value"), ("loop-guard:rounds=", 'rounds is "": give a number'),
    ("loop-guard:rounds=many", 'rounds is "many": give a number'), ("loop-guard:rounds=1", "a number from 2 to 50"),
    ("loop-guard:rounds=3.5", "give a whole number"), ("loop-guard:rounds=3,rounds=4", "rounds twice"),
    ("cyclic-reflex:amplitude=nan", "give a number from 0.01 to 100"), ("early-exit:margin=inf", "from 0 to 100"),
    ("no-wait:words=", "give a text"), ("no-wait:words=+", "give a text"),
    ("confidence", "control confidence needs least, as confidence:least=12"),
])
def test_what_is_wrong_is_said_in_one_line(written, said):
    with pytest.raises(UsageError) as error:
        read_control(written)
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(("fields", "said"), [
    ({"controls": ["early-exit", "alpha-one"]}, "early-exit and alpha-one both say when thinking ends"),
    ({"controls": ["deer", "early-exit"]}, "both say when thinking ends"),
    ({"controls": ["loop-guard", "loop-guard:rounds=4"]}, "loop-guard is there twice"),
    ({"controls": "alpha-one", "min_thinking": 9}, "before the minimum of 9 tokens: leave one of them out"),
    ({"controls": "early-exit:after=8", "min_thinking": 9}, "or give early-exit:after=9"),
])
def test_what_contradicts_itself_is_refused(fields, said):
    with pytest.raises(UsageError) as error:
        read_generation(fields)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_what_does_not_contradict_itself_is_not():
    together = read_generation({"controls": ["loop-guard", "no-wait", "cyclic-reflex", "early-exit:after=9"],
                                "min_thinking": 9, "max_thinking": 90})
    assert [control.name for control in made(together)] == ["loop-guard", "no-wait", "cyclic-reflex", "early-exit"]


@pytest.mark.parametrize("spec", [ControlSpec("nothing"), ControlSpec("no-wait", (("words", 3),)),
                                  ControlSpec("loop-guard", (("rounds", "3"),)), ControlSpec("confidence")])
def test_a_control_that_a_program_made_up_is_refused_as_one_that_was_written(spec):
    with pytest.raises(UsageError):
        check_control(spec)
    with pytest.raises(UsageError):
        made(Generation(controls=(spec,)))


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("model", [None, f"/models/{BUNDLED}.gguf", "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf"])
def test_an_effort_is_fields_that_can_be_read(effort, model):
    fields = preset(effort, model)
    assert fields.keys() <= FIELDS.keys()
    check_together(read_generation(fields))


def test_more_effort_is_more_thinking():
    assert preset("low", "countdown-low") == preset("low", None)
    for model in (None, "7b"):
        limits = [preset(effort, model)["max_thinking"] for effort in EFFORTS]
        assert limits == sorted(set(limits))
