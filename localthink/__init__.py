"""Run distilled DeepSeek-R1 models on a laptop, and hold them to their thought.

    import localthink

    with localthink.load() as engine:
        how = localthink.Generation(tip=localthink.Tip(alpha=3))
        for event in engine.stream("Use 4, 7 and 11 to make 39.", how):
            print(event.text, end="")

Names are imported when first used, so that `import localthink` costs nothing.
"""
from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localthink.engine.engine import Engine as Engine
    from localthink.engine.loading import load as load
    from localthink.errors import LocalthinkError as LocalthinkError
    from localthink.generation import read_generation as read_generation
    from localthink.gguf.header import ModelFacts as ModelFacts
    from localthink.gguf.header import read_facts as read_facts
    from localthink.offload import Offload as Offload
    from localthink.records import ControlSpec as ControlSpec
    from localthink.records import Event as Event
    from localthink.records import Generation as Generation
    from localthink.records import Message as Message
    from localthink.records import Sampling as Sampling
    from localthink.records import Thought as Thought
    from localthink.records import Tip as Tip
    from localthink.records import Trace as Trace
    from localthink.solving.solution import Solution as Solution
    from localthink.solving.solve import solve as solve

_HOMES = {
    "Engine": "engine.engine", "load": "engine.loading", "LocalthinkError": "errors",
    "ModelFacts": "gguf.header", "read_facts": "gguf.header",
    "read_generation": "generation",
    "ControlSpec": "records", "Event": "records", "Generation": "records", "Message": "records", "Offload": "offload",
    "Sampling": "records", "Thought": "records", "Tip": "records", "Trace": "records",
    "Solution": "solving.solution", "solve": "solving.solve",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'localthink' has no attribute {name!r}")
    return getattr(import_module(f"localthink.{_HOMES[name]}"), name)
