"""A judge's calibration as lines for a terminal."""
from __future__ import annotations

from localthink.clusters import LEAST, Interval
from localthink.judge.calibration import Calibration, Rate
from localthink.text.rows import aligned
from localthink.text.sizes import counted


def matrix_lines(found: Calibration) -> list[str]:
    """The confusion matrix and what follows from it."""
    rows = [("", "right by the oracle", "wrong by the oracle"),
            ("right by the judge", f"{found.right_as_right:,}", f"{found.wrong_as_right:,}"),
            ("wrong by the judge", f"{found.right_as_wrong:,}", f"{found.wrong_as_wrong:,}")]
    left_out = f" ({found.left_out:,} more were judged by one of the two alone)" if found.left_out else ""
    auc = "—" if found.auc is None else f"{found.auc:.3f}{_ends(found.auc_interval, 3)}"
    few = f": intervals take {LEAST}" if found.problems < LEAST else ""
    return [*aligned(rows, right=(1, 2)),
            f"  accuracy {rate(found.accuracy)}, sensitivity {rate(found.sensitivity)}, "
            f"specificity {rate(found.specificity)}",
            f"  Brier score {found.brier:.3f}{_ends(found.brier_interval, 3)}, area under the ROC curve {auc}",
            f"  over {found.cases:,} cases of {counted(found.problems, 'problem')}{few}{left_out}"]


def reliability_lines(found: Calibration) -> list[str]:
    """What share of cases is right where the judge gives them such a probability."""
    rows = [("probability", "cases", "its mean", "right")]
    rows += [(f"{each.low:.1f} to {each.high:.1f}", f"{each.cases:,}", f"{each.probability:.2f}", f"{each.right:.2f}")
             for each in found.bins]
    return aligned(rows, right=(1, 2, 3))


def rate(found: Rate) -> str:
    """82.8 % [80.1, 85.3], without the interval where too few problems have one, or a dash."""
    if found.share is None:
        return "—"
    return f"{100 * found.share:.1f} %{_ends(found.interval, 1, 100)}"


def _ends(interval: Interval | None, digits: int, scale: float = 1) -> str:
    return f" [{scale * interval[0]:.{digits}f}, {scale * interval[1]:.{digits}f}]" if interval else ""
