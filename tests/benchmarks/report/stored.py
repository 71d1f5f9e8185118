"""Invented but plausible figures, in a file as `clipbot bench` writes it."""

from pathlib import Path

import msgspec

from clipbot_benchmarks.report.figures import (
    Bench,
    BotResults,
    GpuPart,
    GpuRun,
    Machine,
    ModelResults,
)

FILE = Path(__file__).parent / "bench.json"


def stored() -> Bench:
    """Return figures of ViT-B/32's shape on two cores, without a GPU."""
    return msgspec.json.decode(FILE.read_bytes(), type=Bench)


def with_gpu() -> Bench:
    """Return the same figures with those of a GPU."""
    bench = stored()
    spread = bench.bot_side.users[0].seconds
    machine = msgspec.structs.replace(bench.model_side.machine, gpu="NVIDIA Example")
    parts = msgspec.structs.replace(
        bench.model_side,
        machine=machine,
        gpu=[GpuRun("ViT-L/14", what, 16, spread) for what in ("raw", "jpeg", "pipeline")],
        gpu_parts=[GpuPart("ViT-L/14", 16, "decode", spread)],
    )
    return msgspec.structs.replace(bench, model_side=parts)


def empty() -> Bench:
    """Return a run that measured nothing."""
    bench = stored()
    return msgspec.structs.replace(
        bench,
        model_side=ModelResults(
            machine=Machine("", 1, 0, (), "", "", "", ""),
            model=bench.model_side.model,
            photos=16,
            photo_size=(800, 600),
            labels=(),
        ),
        bot_side=BotResults(),
    )
