"""What the figures depend on, and nothing that names the machine."""

import importlib.metadata
import os
import platform
import re
from functools import cache
from pathlib import Path

from inference.bench.figures import Machine

# What decides how fast a model runs: widths of vectors, and products of small numbers.
_TELLING = (
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


def cores() -> int:
    """How many this process may use: by its affinity, and by its cgroup's quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(allowed or 1, _quota()))


def _quota() -> int:
    # cgroup v2: "max 100000" or "150000 100000", microseconds of quota and period
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return int(quota) // int(period) or 1
    except (OSError, ValueError):
        return 1_000_000


@cache
def instructions() -> tuple[str, ...]:
    """Those of `_TELLING` that the processor has; empty where the system does not say."""
    flags = set(re.findall(r"\S+", _cpu_field("flags") or _cpu_field("Features")))
    return tuple(name for name in _TELLING if name in flags)


def describe() -> Machine:
    """This machine."""
    import torch

    return Machine(
        cpu=_cpu_field("model name") or platform.processor() or platform.machine(),
        cores=cores(),
        memory=_memory(),
        instructions=instructions(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        torch=torch.__version__,
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
