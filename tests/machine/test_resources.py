"""What a machine is taken to have: never more than a container or a job may use."""
from __future__ import annotations

import psutil
import pytest

from localthink.machine import resources


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A file system of control groups, and the file that says in which this process is."""
    own = tmp_path / "own"
    monkeypatch.setattr(resources, "OWN_GROUPS", own)
    monkeypatch.setattr(resources, "CONTROL_GROUPS", tmp_path / "groups")

    def write(folder: str, limit_name: str, limit: str, used_name: str, used: int) -> None:
        path = tmp_path / "groups" / folder
        path.mkdir(parents=True, exist_ok=True)
        (path / limit_name).write_text(limit + "\n")
        (path / used_name).write_text(f"{used}\n")

    return own, write


def test_without_groups_the_free_memory_is_the_machines(groups):
    assert resources.free_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.2)


def test_the_tightest_group_above_a_process_counts(groups):
    own, write = groups
    own.write_text("0::/job/step\n")
    write("job/step", "memory.max", "max", "memory.current", 100)
    write("job", "memory.max", "5000", "memory.current", 2000)
    assert resources.free_memory() == 3000


def test_groups_of_the_first_version_count_as_well(groups):
    own, write = groups
    own.write_text("7:cpu,cpuacct:/x\n4:memory:/slurm/job\n")
    write("memory/slurm/job", "memory.limit_in_bytes", "9000", "memory.usage_in_bytes", 8000)
    assert resources.free_memory() == 1000


def test_a_group_that_is_over_its_limit_leaves_nothing(groups):
    own, write = groups
    own.write_text("0::/\n")
    write("", "memory.max", "10", "memory.current", 30)
    assert resources.free_memory() == 0


def test_there_is_at_least_one_core():
    assert resources.physical_cores() >= 1


def test_the_bandwidth_is_what_all_threads_read_together():
    assert 0 < resources.memory_bandwidth(0.01, threads=1) < 1e13
    assert 0 < resources.memory_bandwidth(0.01, threads=3) < 1e13


def test_the_disk_is_the_one_that_a_folder_would_be_on(tmp_path):
    import shutil

    there = shutil.disk_usage(tmp_path).free
    assert resources.free_disk(tmp_path / "not" / "yet") == pytest.approx(there, rel=0.2)


def test_the_machine_has_more_memory_than_is_free():
    assert resources.total_memory() >= resources.free_memory() > 0


def quota(tmp_path, folder: str, **files: str) -> None:
    place = tmp_path / "groups" / folder
    place.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (place / name.replace("_max", ".max").replace("_cfs", ".cfs")).write_text(text)


def test_the_tightest_limit_above_a_process_counts_for_its_threads(groups, tmp_path, monkeypatch):
    own, _ = groups
    own.write_text("0::/job/step\n")
    quota(tmp_path, "job/step", cpu_max="max 100000\n")
    quota(tmp_path, "job", cpu_max="150000 100000\n")
    assert resources.processor_limit() == 1.5
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 8)
    assert resources.physical_cores() == 1


def test_limits_of_the_first_version_count_as_well(groups, tmp_path):
    own, _ = groups
    own.write_text("4:cpu,cpuacct:/docker\n2:memory:/docker\n")
    quota(tmp_path, "cpu/docker", cpu_cfs_quota_us="50000\n", cpu_cfs_period_us="100000\n")
    quota(tmp_path, "cpu", cpu_cfs_quota_us="-1\n", cpu_cfs_period_us="100000\n")
    assert resources.processor_limit() == 0.5


def test_without_groups_there_is_no_limit(groups, tmp_path):
    own, _ = groups
    assert resources.processor_limit() is None
    own.write_text("0::/\n")
    quota(tmp_path, "", cpu_max="max 100000\n")
    assert resources.processor_limit() is None


def test_what_this_program_does_is_not_counted_as_others():
    share = resources.other_programs_share()
    assert 0 <= share() <= 1


@pytest.mark.parametrize(("line", "folder", "limit", "used", "prefix"), [
    ("0::/\n", "", "memory.max", "memory.current", ""),
    ("3:memory:/docker\n", "memory/docker", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_")])
def test_pages_of_files_are_not_counted_as_taken(groups, tmp_path, line, folder, limit, used, prefix):
    own, write = groups
    own.write_text(line)
    write(folder, limit, "8000000", used, 6_500_000)
    (tmp_path / "groups" / folder / "memory.stat").write_text(
        f"anon 1\n{prefix}inactive_file 5000000\n{prefix}active_file 400000\n")
    assert resources.free_memory() == 6_900_000
