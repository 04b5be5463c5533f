"""Imports point one way: `errors, records, locations` <- header, prompt, thinking, control <- engine <- commands."""
from __future__ import annotations

import subprocess
import sys

import pytest

from sources import circles, imports, modules

HEAVY = {"llama_cpp": {"localthink.engine.bindings"}, "textual": {"localthink.tui"},
         "matplotlib": {"localthink.study.figures"}, "inspect_ai": {"localthink.study.inspect_log"},
         "ray": {"localthink.batch.ray_workers"},
         "math_verify": {"localthink.grade.mathematics"}}
FLOORS = (  # from the ground up: each may import from itself and from those before it
    ("errors", "files", "intervals", "clusters", "interrupts", "child_process"),
    ("records", "offload", "locations"),
    ("text",),
    ("control.catalogue", "control.presets"),
    ("generation",),
    ("trace_json",),
    ("engine.bindings",),
    ("machine",),
    ("latex", "prompt", "thinking"),
    ("gguf",),
    ("shelf",),
    ("control",),
    ("fit",),
    ("hub",),
    ("engine",),
    ("grade",),
    ("judge",),
    ("history",),
    ("batch",),
    ("label",),
    ("solving",),
    ("study",),
    ("chat",),
    ("serve",),
    ("doctor", "bench"),
    ("plain",),
    ("cli",),
    ("__main__",),
)


def floor_of(module: str) -> int | None:
    """By the longest name that is listed: `engine.bindings` lies lower than the rest of `engine`."""
    name = module.removeprefix("localthink.")
    while name:
        for level, names in enumerate(FLOORS):
            if name in names:
                return level
        name = name.rpartition(".")[0]
    return None


def test_a_module_imports_only_from_its_own_floor_and_below():
    for module, path in modules().items():
        if module == "localthink" or module.startswith("localthink.tui"):
            continue
        own = floor_of(module)
        assert own is not None, f"{module} has no floor: give it one in FLOORS"
        for imported in imports(path):
            if imported.startswith("localthink.") and imported.removeprefix("localthink.").split(".")[0] != "tui":
                below = floor_of(imported)
                assert below is None or below <= own, f"{module} imports {imported}"


@pytest.mark.parametrize("with_types", [False, True], ids=["at run time", "with types"])
def test_no_modules_import_each_other_in_a_circle(with_types):
    names = modules().keys() - {"localthink"}  # the public door, through which submodules are imported by their names
    edges = {name: imports(path, with_types) & names - {name} for name, path in modules().items() if name in names}
    assert circles(edges) == []


@pytest.mark.parametrize(("edges", "found"), [
    ({"a": {"b"}, "b": set()}, []),
    ({"a": {"b"}, "b": {"a"}, "c": {"a"}}, [["a", "b"]]),
    ({"a": {"a"}}, [["a"]]),
    ({"a": {"b", "d"}, "b": {"c"}, "c": {"b"}, "d": {"e"}, "e": {"f"}, "f": {"d"}}, [["b", "c"], ["d", "e", "f"]]),
])
def test_a_circle_is_found(edges, found):
    assert sorted(circles(edges)) == found


def test_heavy_libraries_come_in_through_one_door():
    for module, path in modules().items():
        for imported in imports(path):
            doors = HEAVY.get(imported.split(".")[0])
            if doors is not None:
                allowed = any(module == door or module.startswith(f"{door}.") for door in doors)
                assert allowed, f"{module} imports {imported}"


def test_nothing_below_the_commands_with_a_screen_imports_the_terminal_program():
    for module, path in modules().items():
        if not module.startswith("localthink.tui") and module not in ("localthink.cli.chat", "localthink.cli.label"):
            assert not any(name.startswith("localthink.tui") for name in imports(path)), module


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_load_nothing_heavy(arguments):
    code = ("import sys; from localthink.cli.main import main\n"
            f"sys.argv = ['localthink', *{arguments}]\n"
            "try: main()\n"
            "except SystemExit as end: assert end.code == 0, end.code\n"
            "heavy = {'numpy', 'llama_cpp', 'rich', 'jinja2', 'gguf', 'textual', 'huggingface_hub'}\n"
            "assert not heavy & set(sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_door_knows_every_name_it_promises():
    import localthink

    for name in localthink.__all__:
        assert getattr(localthink, name).__name__ == name
    with pytest.raises(AttributeError, match="nonsense"):
        _ = localthink.nonsense
