"""Figures of a run that never was, in a file as `clipbot bench` writes it: made up, but likely."""

from pathlib import Path

import msgspec

from clipbot_benchmarks.report.figures import Bench, GpuPart, GpuRun, Machine, Parts, Whole

FILE = Path(__file__).parent / "bench.json"


def stored() -> Bench:
    """ViT-B/32's shape on two cores; no GPU."""
    return msgspec.json.decode(FILE.read_bytes(), type=Bench)


def with_gpu() -> Bench:
    """The same on a machine with a GPU."""
    bench = stored()
    spread = bench.whole.users[0].seconds
    machine = msgspec.structs.replace(bench.parts.machine, gpu="NVIDIA Example")
    parts = msgspec.structs.replace(
        bench.parts,
        machine=machine,
        gpu=[GpuRun("ViT-L/14", what, 16, spread) for what in ("raw", "jpeg", "pipeline")],
        gpu_parts=[GpuPart("ViT-L/14", 16, "decode", spread)],
    )
    return msgspec.structs.replace(bench, parts=parts)


def empty() -> Bench:
    """A run that measured nothing."""
    bench = stored()
    return msgspec.structs.replace(
        bench,
        parts=Parts(
            machine=Machine("", 1, 0, (), "", "", "", ""),
            model=bench.parts.model,
            photos=16,
            photo_size=(800, 600),
            labels=(),
        ),
        whole=Whole(),
    )
