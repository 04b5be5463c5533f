"""The penalty on switch tokens, as a draw takes it."""
from __future__ import annotations

import numpy as np

from localthink.control.interface import Bias


def bias_of(ids: np.ndarray, alpha: float) -> Bias | None:
    return Bias(ids, np.float32(-alpha)) if alpha and ids.size else None
