"""A llama.cpp that cannot be imported is told from every other error."""
from __future__ import annotations

import pytest

from localthink.engine.host import EngineHost
from localthink.engine.messages import Died
from localthink.errors import BINDINGS, EngineError, unusable


def raised(code: str, module: str) -> Exception:
    """What the code of a module raises as it is imported."""
    with pytest.raises(Exception) as caught:
        exec(compile(code, "file", "exec"), {"__name__": module})
    return caught.value


@pytest.mark.parametrize("code", [
    "import no_such_llama_cpp", "raise OSError('libcuda.so.1:\\ncannot open')", "import math; math.llama_decode"])
def test_whatever_is_raised_while_it_is_imported_says_that_it_cannot_be_used(code: str) -> None:
    known = unusable(raised(code, BINDINGS))
    assert isinstance(known, EngineError)
    assert str(known).startswith("llama.cpp cannot be used: ") and str(known).isprintable()
    assert str(known).endswith(": localthink doctor says what to do")


@pytest.mark.parametrize(("code", "module"), [
    ("raise OSError('the disk')", "localthink.engine.model"),
    ("from localthink.engine.bindings import no_such_name", "localthink.engine.model"),
    ("def call(): raise OSError\ncall()", "localthink.cli.ask"),
])
def test_any_other_error_is_left_alone(code: str, module: str) -> None:
    assert unusable(raised(code, module)) is None


def test_an_engine_in_a_process_of_its_own_says_so_too(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", str(tmp_path / "nowhere"))
    with EngineHost() as host:
        host.start()
        news = host.receive(30)
    assert len(news) == 1 and isinstance(news[0], Died) and news[0].lasting
    assert news[0].reason.startswith("llama.cpp cannot be used: ")
