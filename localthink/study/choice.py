"""The one setting of the grid that goes into the test: the best on the other set, frozen once that set is whole."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from localthink.study.cells import Cell
from localthink.study.samples import Sample, complete_pairs
from localthink.study.spec import Study


def chosen_cell(study: Study, samples: Sequence[Sample]) -> Cell | None:
    """The setting of the grid with the highest mean accuracy over problems; of equals the first.

    Only samples that are there under every setting count. None where there is not one yet.
    """
    names = [cell.name for cell in study.cells]
    sums: dict[str, list[np.ndarray]] = {}
    for pair in complete_pairs(samples, names):
        sums.setdefault(pair[0].problem, []).append(np.array([sample.right for sample in pair], float))
    if not sums:
        return None
    means = np.mean([np.mean(rows, axis=0) for rows in sums.values()], axis=0)
    grid = [place for place, cell in enumerate(study.cells) if cell.role == "grid"]
    return study.cells[max(grid, key=lambda place: (round(float(means[place]), 12), -place))]
