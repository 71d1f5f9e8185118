"""Figures in words, the same on the terminal and on the page."""

from collections.abc import Iterator

from clipbot_benchmarks.report.figures import Bench, Model, Run
from clipbot_benchmarks.report.names import NOTEBOOK, PIPELINE

_RIVALS = {
    NOTEBOOK: "notebook's loop: preprocess, model, softmax, pyplot",
    PIPELINE: "Hugging Face pipeline, from JPEG bytes",
}

_RUNTIMES = {"openvino": "OpenVINO"}

GPU_RUNS = {
    "pipeline": "Hugging Face pipeline, from JPEG bytes",
    "jpeg": "our engine from JPEG bytes",
    "engine": "our engine from decoded images",
    "raw": "image tower alone",
}


def runtime(model: Model) -> str:
    """What runs the image tower, such as `OpenVINO bfloat16`."""
    return f"{_RUNTIMES.get(model.runtime, model.runtime)} {model.dtype}"


def title(run: Run) -> str:
    """What a contestant is, but for its batch."""
    match run.kind:
        case "rival":
            return _RIVALS.get(run.name, run.name)
        case "tower":
            return f"image tower, {run.name}"
        case "limit":
            return "image tower as our engine runs it"
        case "engine":
            return f"our engine from {run.name}, {run.labels} labels"
        case "part":
            return run.name


def ms(seconds: float) -> str:
    """Milliseconds with as many digits as mean something."""
    value = 1_000 * seconds
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def about(bench: Bench) -> str:
    """Which model, run how."""
    model = bench.parts.model
    weights = "random weights in the shape of " if model.random else ""
    where = "a CPU" if model.device == "cpu" else model.device
    return f"{weights}{model.name}, run by {runtime(model)} on {where}"


def conditions(bench: Bench) -> Iterator[str]:
    """The machine, and how much is to be believed; a sentence each."""
    machine, parts = bench.parts.machine, bench.parts
    memory = f"{machine.memory / 2**30:.0f} GiB"
    instructions = ", ".join(machine.instructions) or "not told by the system"
    cores = f"{machine.cores} core{'s' if machine.cores > 1 else ''}"
    yield (f"{machine.cpu}, {cores}, {memory} of memory; instructions that matter: {instructions}.")
    if machine.gpu:
        yield f"GPU: {machine.gpu}."
    yield (
        f"clipbot {bench.clipbot}, torch {machine.torch} with {parts.model.threads} threads, "
        f"transformers {machine.transformers}, Python {machine.python}, {machine.system}."
    )
    width, height = parts.photo_size
    yield (
        f"{parts.photos} photos of {width} × {height} as JPEG, {len(parts.labels)} labels; "
        f"median of {bench.rounds} round{'s' if bench.rounds > 1 else ''} in which all took turns."
    )
    if parts.model.random:
        yield (
            "Measured with random weights, which take as long as true ones; their answers mean "
            "nothing."
        )
    if bench.quick:
        yield "A quick run, which shows that it works: its figures are not to be believed."
