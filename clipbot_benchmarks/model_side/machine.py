"""What the figures depend on. Nothing in it names the machine."""

import importlib.metadata
import os
import platform
import re
from pathlib import Path

from clipbot_benchmarks.report.figures import Machine
from inference import cores

# Instructions that decide how fast a model runs: vector widths, and products of short numbers.
_INSTRUCTIONS = (
    "avx2",
    "fma",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_int8",
    "amx_bf16",
    "amx_fp16",
    "asimd",
    "asimddp",
    "i8mm",
    "bf16",
    "sve",
    "sve_bf16",
)


def _instructions() -> tuple[str, ...]:
    """Return those of `_INSTRUCTIONS` that the processor has; empty if that is unknown."""
    flags = set(re.findall(r"\S+", _cpu_field("flags") or _cpu_field("Features")))
    return tuple(name for name in _INSTRUCTIONS if name in flags)


def describe() -> Machine:
    """Describe this machine."""
    import torch

    return Machine(
        cpu=_cpu_field("model name") or platform.processor() or platform.machine(),
        cores=cores.available(),
        memory=_memory(),
        instructions=_instructions(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        torch=str(torch.__version__),
        transformers=importlib.metadata.version("transformers"),
        gpu=torch.cuda.get_device_name(0) if torch.cuda.is_available() else "",
    )


def _cpu_field(name: str) -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""
    found = re.search(rf"^{name}\s*: (.*)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
