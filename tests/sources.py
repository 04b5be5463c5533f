"""The program's own source files, as tests read them."""
from __future__ import annotations

import ast
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


def imports(path: Path) -> set[str]:
    """Every module that a file imports at run time, wherever in the file; not what only type checkers see."""
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typed = {(node.lineno, node.col_offset) for branch in ast.walk(tree) if isinstance(branch, ast.If)
             and "TYPE_CHECKING" in ast.dump(branch.test) for node in ast.walk(branch) if isinstance(node, ast.stmt)}
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and (node.lineno, node.col_offset) in typed:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found
