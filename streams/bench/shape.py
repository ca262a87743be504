"""The machine's shape and the software on it, without which no figure means anything."""

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

LIBRARIES = ("ringfence", "confluent-kafka", "faust-streaming", "msgspec", "numba", "numpy")


def shape() -> dict[str, Any]:
    """Processor, cores, memory, system, Python and libraries; `load_before` is the load average of the last minute."""
    return {
        "processor": processor(_read(Path("/proc/cpuinfo"))) or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": ".".join(map(str, sys.version_info[:3])),
        **{name: version(name) for name in LIBRARIES},
        "load_before": round(os.getloadavg()[0], 2),
    }


def processor(cpuinfo: str) -> str:
    r"""The processor's name in what Linux tells of it, empty where it does not.

    >>> processor("processor\t: 0\nmodel name\t: Sample CPU @ 2.00GHz\n")
    'Sample CPU @ 2.00GHz'
    """
    names = [line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name")]
    return names[0] if names else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
