"""A grid is every combination of its values, and what cannot be compared is refused in one line."""
from __future__ import annotations

import math

import pytest

from localthink.errors import UsageError
from localthink.generation import FIELDS, LINE_FIELDS, field_of, with_fields
from localthink.records import Generation
from localthink.study.cells import BASELINE, axes_of, base_of, make_cells

PLAIN = {"alpha": 0}
VALUES = {"alpha": 2, "beta": 100, "grace": 5, "markers": ["wait"], "where": "everywhere",
          "temperature": 0.3, "top_p": 0.5, "min_p": 0.1, "top_k": 40,
          "max_tokens": 99, "max_thinking": 50, "min_thinking": 9, "landing": 1.5, "closing_message": "So.",
          "answer_room": 7, "controls": ["no-wait"], "stop": ["x"], "think": "open"}


def cells(**tables):
    return make_cells(tables.get("settings", {}), tables.get("baseline", PLAIN), tables.get("grid", {}),
                      tables.get("arms", {}), "s.toml")


def test_a_grid_is_every_combination_and_arms_stand_for_themselves():
    found = cells(settings={"temperature": 0.3}, grid={"alpha": [1, 3], "beta": [40, 600]},
                  arms={"inviting": {"alpha": -2}})
    assert [cell.name for cell in found] == [
        "plain", "alpha 1, beta 40", "alpha 1, beta 600", "alpha 3, beta 40", "alpha 3, beta 600", "inviting"]
    assert [cell.role for cell in found] == [BASELINE, "grid", "grid", "grid", "grid", "arm"]
    assert {cell.generation.sampling.temperature for cell in found} == {0.3}
    assert found[3].generation.tip.alpha == 3 and found[3].generation.tip.beta == 40


@pytest.mark.parametrize("name", FIELDS)
def test_any_field_of_a_generation_can_be_compared_and_comes_back_from_its_line(name):
    settings = {} if name == "alpha" else {"alpha": 1}
    [_, cell] = cells(settings=settings, grid={name: [VALUES[name]]})
    assert field_of(cell.generation, name) not in (None, field_of(Generation(), name))
    assert with_fields(base_of(settings, "s.toml"), cell.line_fields(), LINE_FIELDS) == cell.generation


def test_an_infinite_alpha_comes_back_from_a_line_of_json():
    [_, cell] = cells(grid={"alpha": math.inf})
    assert cell.line_fields() == {"alpha": "inf"}
    assert with_fields(base_of({}, "s.toml"), cell.line_fields()) == cell.generation


def test_what_names_no_alpha_is_compared_without_a_penalty():
    [baseline, cell] = cells(grid={"controls": ["no-wait"]})
    assert baseline.generation.tip.alpha == cell.generation.tip.alpha == 0


def test_a_value_that_is_a_list_itself_stands_in_another_list():
    found = cells(settings={"alpha": 1}, grid={"markers": [["switch", "wait"], ["wait"]]})
    assert [cell.name for cell in found[1:]] == ["markers switch+wait", "markers wait"]


@pytest.mark.parametrize(("tables", "said"), [
    ({"grid": {"alfa": [1]}}, "did you mean alpha?"),
    ({"baseline": {"alpah": 0}, "grid": {"alpha": [1]}}, "did you mean alpha?"),
    ({"settings": {"temprature": 1}, "grid": {"alpha": [1]}}, "did you mean temperature?"),
    ({"grid": {"alpha": []}}, "alpha is an empty list"),
    ({"grid": {"alpha": ["much"]}}, 'alpha is "much"'),
    ({"grid": {"alpha": [1, 1]}}, "two settings of the name 'alpha 1'"),
    ({"grid": {"alpha": [0]}}, "two settings of the name 'plain'"),
    ({"grid": {"alpha": [3]}, "arms": {"same": {"alpha": 3.0}}}, "'alpha 3' and 'same' are the same setting"),
    ({"grid": {"alpha": list(range(1, 30)), "beta": list(range(30))}}, "makes 870 settings: 500 is the most"),
    ({"arms": {"x": {"where": "everywhere"}}}, "has where and no alpha, without which it does nothing"),
    ({"grid": {"alpha": [1], "where": ["nowhere"]}}, 'where is "nowhere"'),
    ({"grid": {"beta": [40, 600]}}, "has beta and no alpha, without which it does nothing"),
    ({}, "nothing to compare"),
])
def test_what_cannot_be_compared_is_refused_in_one_line(tables, said):
    with pytest.raises(UsageError) as refused:
        cells(**tables)
    assert said in str(refused.value) and "\n" not in str(refused.value)


def test_the_map_is_drawn_of_a_grid_over_alpha_and_beta_alone():
    found = axes_of(cells(grid={"alpha": [3, 1], "beta": [40, 600]}, arms={"x": {"temperature": 1}}))
    assert found is not None and found[:2] == ([1.0, 3.0], [40.0, 600.0])
    assert found[2][3.0, 40.0] == "alpha 3, beta 40"
    assert axes_of(cells(grid={"alpha": [1, 3]})) is None
    assert axes_of(cells(grid={"alpha": [1, 3], "beta": [40, 60], "grace": [0, 9]})) is None
