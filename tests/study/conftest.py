"""One small study, run to its end with the bundled model, for all tests that only look at it."""
from __future__ import annotations

import pytest

from localthink.study.folder import StudyFolder
from localthink.study.spec import Study
from study.running import begun


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, StudyFolder]:
    return begun(tmp_path_factory.mktemp("finished"))
