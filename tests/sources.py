"""The program's own source files, as tests read them."""
from __future__ import annotations

import ast
from collections.abc import Mapping, Set
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"localthink": ROOT / "localthink", "localthink.tui": ROOT / "tui"}


def modules() -> dict[str, Path]:
    found = {}
    for package, folder in PACKAGES.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join((package, *parts)).removesuffix(".__init__")] = path
    return found


def imports(path: Path, with_types: bool = False) -> set[str]:
    """Every module that a file imports at run time, wherever in the file; `with_types`, and what type checkers see."""
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typed = set() if with_types else {
        (node.lineno, node.col_offset) for branch in ast.walk(tree) if isinstance(branch, ast.If)
        and "TYPE_CHECKING" in ast.dump(branch.test) for node in ast.walk(branch) if isinstance(node, ast.stmt)}
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and (node.lineno, node.col_offset) in typed:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def circles(edges: Mapping[str, Set[str]]) -> list[list[str]]:
    """The groups of names that all lead to each other, by Tarjan's algorithm; a name that leads to itself is one."""
    found: list[list[str]] = []
    numbers: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []

    def visit(name: str) -> None:
        numbers[name] = lowest[name] = len(numbers)
        path.append(name)
        for other in edges[name]:
            if other not in numbers:
                visit(other)
            if other in path:
                lowest[name] = min(lowest[name], lowest[other])
        if lowest[name] == numbers[name]:
            group = path[path.index(name):]
            del path[path.index(name):]
            if len(group) > 1 or name in edges[name]:
                found.append(sorted(group))

    for name in edges:
        if name not in numbers:
            visit(name)
    return found
