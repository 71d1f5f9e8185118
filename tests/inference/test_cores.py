import os
from pathlib import Path

import pytest

from inference import cores

BOUND_TO = 8


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with eight cores and without control groups."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(BOUND_TO)), raising=False)
    monkeypatch.setattr(cores, "_CGROUP_2", tmp_path / "cpu.max")
    monkeypatch.setattr(cores, "_CGROUP_1", (tmp_path / "quota", tmp_path / "period"))


def test_all_cores_that_the_process_is_bound_to() -> None:
    assert cores.available() == BOUND_TO


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max 100000", BOUND_TO),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("9900000 100000", BOUND_TO),
        ("what is this", BOUND_TO),
        ("100000 0", BOUND_TO),
    ],
)
def test_a_container_gets_its_share(tmp_path: Path, limit: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text(limit + "\n")
    assert cores.available() == expected


@pytest.mark.parametrize(("quota", "expected"), [("-1", BOUND_TO), ("300000", 3)])
def test_version_1_of_control_groups(tmp_path: Path, quota: str, expected: int) -> None:
    (tmp_path / "quota").write_text(quota)
    (tmp_path / "period").write_text("100000")
    assert cores.available() == expected


def test_a_system_without_affinities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert cores.available() == 4
