"""Versions, against those that the installed localthink asks for."""
from __future__ import annotations

import pytest

from localthink.doctor import software
from localthink.doctor.software import OPTIONS, reinstall


def with_metadata(monkeypatch: pytest.MonkeyPatch, requires: list[str], installed: dict[str, str],
                  python: str = ">=3.11") -> None:
    def version(name: str) -> str:
        if name not in installed:
            raise software.metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(software.metadata, "requires", lambda _: requires)
    monkeypatch.setattr(software.metadata, "metadata", lambda _: {"Requires-Python": python})
    monkeypatch.setattr(software.metadata, "version", version)


def test_a_package_outside_its_range_is_trouble_with_the_command_that_mends_it(monkeypatch):
    with_metadata(monkeypatch, ["numpy>=2.0", "textual<9,>=8.2", "rich"], {"numpy": "1.26", "textual": "8.2.8"})
    findings = {finding.name: finding for finding in software.packages()}
    assert findings["numpy"].level == "trouble" and "1.26" in findings["numpy"].value
    assert findings["numpy"].command == 'pip install "numpy>=2.0"'
    assert findings["rich"].level == "trouble" and "not installed" in findings["rich"].value
    assert findings["packages"].value == "textual 8.2.8"


def test_packages_of_extras_and_of_other_systems_are_not_missed(monkeypatch):
    with_metadata(monkeypatch, ['torch>=2.5; extra == "train"', 'pywin32; sys_platform == "no-such"', "rich"],
                  {"rich": "15"})
    assert [finding.level for finding in software.packages()] == ["ok"]


def test_a_python_outside_the_range_is_trouble(monkeypatch):
    with_metadata(monkeypatch, [], {}, python=">=99")
    [finding] = software.python()
    assert finding.level == "trouble" and ">=99" in finding.value


def test_what_is_installed_here_is_well():
    assert {finding.level for finding in (*software.localthink(), *software.python(), *software.packages())} == {"ok"}


@pytest.mark.parametrize("backend", [backend for backend, options in OPTIONS.items() if options])
def test_options_are_those_of_the_readme(backend, request):
    readme = (request.config.rootpath / "README.md").read_text(encoding="utf-8")
    assert f'CMAKE_ARGS="{OPTIONS[backend]}"' in readme
    assert reinstall(backend, "linux").startswith(f'CMAKE_ARGS="{OPTIONS[backend]}" pip install ')


def test_commands_are_of_the_shell_of_their_system():
    assert reinstall("CUDA", "win32").startswith('$env:CMAKE_ARGS="-DGGML_CUDA=on"; pip install ')
    assert reinstall("CPU", "linux") == reinstall("CPU", "win32")
    assert "llama-cpp-python<0.4,>=0.3.36" in reinstall("CPU")
