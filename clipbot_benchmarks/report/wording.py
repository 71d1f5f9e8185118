"""Figures in words, for the terminal and for the page."""

from collections.abc import Iterator

from clipbot_benchmarks.report.figures import NOTEBOOK, PIPELINE, Bench, Measurement, Model

_BASELINES = {
    NOTEBOOK: "notebook's loop: preprocess, model, softmax, pyplot",
    PIPELINE: "Hugging Face pipeline, from JPEG bytes",
}

_RUNTIMES = {"openvino": "OpenVINO"}

GPU_RUNS = {
    "pipeline": "Hugging Face pipeline, from JPEG bytes",
    "jpeg": "clipbot's engine from JPEG bytes",
    "engine": "clipbot's engine from decoded images",
    "raw": "image tower alone",
}


def runtime(model: Model) -> str:
    """Return what runs the image tower, such as `OpenVINO bfloat16`."""
    return f"{_RUNTIMES.get(model.runtime, model.runtime)} {model.dtype}"


def title(measurement: Measurement) -> str:
    """Return what was measured, without the batch size."""
    match measurement.kind:
        case "rival":
            return _BASELINES.get(measurement.name, measurement.name)
        case "tower":
            return f"image tower, {measurement.name}"
        case "limit":
            return "image tower as clipbot's engine runs it"
        case "engine":
            return f"clipbot's engine from {measurement.name}, {measurement.labels} labels"
        case "part":
            return measurement.name


def ms(seconds: float) -> str:
    """Return milliseconds with as many digits as are meaningful."""
    value = 1_000 * seconds
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def about(bench: Bench) -> str:
    """Return which model was measured, and how it was run."""
    model = bench.model_side.model
    weights = "random weights in the shape of " if model.random else ""
    where = "a CPU" if model.device == "cpu" else model.device
    return f"{weights}{model.name}, run by {runtime(model)} on {where}"


def conditions(bench: Bench) -> Iterator[str]:
    """Yield sentences on the machine, and on how far the figures can be trusted."""
    machine, parts = bench.model_side.machine, bench.model_side
    memory = f"{machine.memory / 2**30:.0f} GiB"
    instructions = ", ".join(machine.instructions) or "unknown"
    cores = f"{machine.cores} core{'s' if machine.cores > 1 else ''}"
    yield (
        f"{machine.cpu}, {cores}, {memory} of memory; instructions that speed models up: "
        f"{instructions}."
    )
    if machine.gpu:
        yield f"GPU: {machine.gpu}."
    yield (
        f"clipbot {bench.clipbot}, torch {machine.torch} with {parts.model.threads} threads, "
        f"transformers {machine.transformers}, Python {machine.python}, {machine.system}."
    )
    width, height = parts.photo_size
    yield (
        f"{parts.photos} photos of {width} × {height} as JPEG, {len(parts.labels)} labels; "
        f"median of {bench.rounds} round{'s' if bench.rounds > 1 else ''}, interleaved."
    )
    if parts.model.random:
        yield (
            "Measured with random weights. They are as fast as the real ones, but their answers "
            "mean nothing."
        )
    if bench.quick:
        yield "A quick run: it shows that everything works, but its figures can't be trusted."
