"""`clipbot bench` itself, with the smallest workload."""

import subprocess
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

import inference
from bot.cli import main
from clipbot_benchmarks.bot_side import processes
from clipbot_benchmarks.report.figures import Bench
from clipbot_benchmarks.run import SECTIONS
from tests.benchmarks.report.stored import empty
from tests.e2e.running import COMMAND, environment

_HAS_DEMO = (Path(inference.__file__).parent / "demo_model" / "config.json").is_file()


def test_an_unknown_section() -> None:
    result = CliRunner().invoke(main, ["bench", "--only", "engine,colour"])
    assert result.exit_code == 2
    assert "'colour'" in result.output
    assert "growth" in result.output


def test_all_sections_are_in_the_help() -> None:
    shown = CliRunner().invoke(main, ["bench", "--help"], terminal_width=200).output
    assert f"Some of {','.join(SECTIONS)}." in shown


@pytest.mark.parametrize("option", ["--json", "--page"])
def test_a_folder_that_cannot_be_made_is_reported_before_the_measurement(option: str) -> None:
    result = CliRunner().invoke(main, ["bench", option, "/proc/nowhere/file"])
    assert result.exit_code == 2
    assert f"{option} is /proc/nowhere/file" in result.output


@pytest.mark.parametrize("name", ["new/folder/x.md", "new/x"])
def test_the_folder_of_a_page_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("earlier.json").write_bytes(msgspec.json.encode(empty()))
    result = CliRunner().invoke(main, ["bench", "--from", "earlier.json", "--page", name])
    assert result.exit_code == 0, result.output
    assert Path(name).is_file()


def test_a_terminated_benchmark_leaves_no_files(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "bench", "--only", "charts", "--model", "demo"],
        cwd=tmp_path,
        env=environment(HOME=tmp_path, TMPDIR=tmp_path),
        stderr=subprocess.PIPE,
        text=True,
    ) as bench:
        assert bench.stderr
        bench.stderr.readline()  # the first line of its progress
        bench.terminate()
        assert "was stopped" in bench.stderr.read()
    assert bench.returncode == 1
    assert not list(tmp_path.glob("clipbot-bench-*"))


@pytest.mark.skipif(not _HAS_DEMO, reason="the bundled model is missing")
@pytest.mark.skipif(not processes.has_proc(), reason="there is no /proc to read memory from")
@pytest.mark.timeout(600)  # a minute on an idle machine with two cores
def test_a_quick_run_measures_every_section(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "bench", "--quick", "--model", "demo", "--page", "page.md"],
        cwd=tmp_path,
        # One thread each: on busy cores, threads that wait for one another spin half of the time.
        env=environment(HOME=tmp_path, COLUMNS=120, CLIP_THREADS=1, OMP_NUM_THREADS=1),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Targets" in done.stdout
    bench = msgspec.json.decode((tmp_path / "bench.json").read_bytes(), type=Bench)
    assert bench.quick
    assert {run.kind for run in bench.model_side.measurements} == {
        "rival",
        "tower",
        "limit",
        "engine",
        "part",
    }
    assert {run.batch for run in bench.model_side.measurements if run.kind == "engine"} == {
        1,
        4,
        16,
    }
    assert all(run.seconds and run.seconds.median > 0 for run in bench.model_side.measurements)
    assert bench.model_side.chart_size
    assert [answers.model for answers in bench.model_side.answers] == ["demo"]
    assert [point.labels for point in bench.model_side.label_growth] == [2, 10]
    end_to_end = bench.bot_side.end_to_end
    assert end_to_end
    assert len(end_to_end.latencies) == end_to_end.photos == 20
    assert set(end_to_end.core_seconds) == {"bot", "worker", "nats-server", "stand-in"}
    assert [point.size for point in bench.bot_side.queue] == [10, 40]
    assert [point.size for point in bench.bot_side.users] == [10, 1_000]
    assert {process.name for process in bench.bot_side.processes} == {
        "bot",
        "worker",
        "nats-server",
    }
    assert all(process.after_work > 1_000_000 for process in bench.bot_side.processes)
    assert len(bench.bot_side.starts) == 2
    page = (tmp_path / "page.md").read_text()
    assert "can't be trusted" in page
    for word in (str(tmp_path), "127.0.0.1"):
        assert word not in page
        assert word not in (tmp_path / "bench.json").read_text()
