"""How many processor cores this process may use: a container gets a share of the machine's."""

import math
import os
from pathlib import Path

_CGROUP_2 = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_1 = (
    Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
    Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
)


def available() -> int:
    """Return how many cores this process may use, at least 1; part of a core counts as one.

    This is the lower of two limits: the cores that the process is bound to (taskset, cpusets), and
    the processor time of its container (`docker run --cpus`).
    """
    if hasattr(os, "sched_getaffinity"):
        bound_to = len(os.sched_getaffinity(0))
    else:
        bound_to = os.cpu_count() or 1
    return max(1, math.ceil(min(bound_to, _quota())))


def _quota() -> float:
    """Return processor seconds for each second of time; infinite if there is no limit.

    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
    """
    try:
        if _CGROUP_2.is_file():
            quota, period = _CGROUP_2.read_text().split()
        else:
            quota, period = (path.read_text().strip() for path in _CGROUP_1)
        limit = float(quota) / float(period)
    except (OSError, ValueError, ZeroDivisionError):  # no such files, or "max"
        return math.inf
    return limit if limit > 0 else math.inf  # -1: no limit
