"""The machine: which instructions its processor has, and how much memory this process took."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import numpy as np

# Best first: the flag as Linux (or NumPy) spells it, and what we call the level that it stands for.
_LEVELS = (
    (frozenset({"amx_int8", "AMX_INT8"}), "amx"),
    (frozenset({"avx512_vnni", "AVX512VNNI", "AVX512_CLX", "AVX512_ICL", "AVX512_SPR"}), "avx512_vnni"),
    (frozenset({"avx512bw", "AVX512BW", "AVX512_SKX"}), "avx512"),
    (frozenset({"avx_vnni", "AVX_VNNI"}), "avx2_vnni"),
    (frozenset({"avx2", "AVX2"}), "avx2"),
    (frozenset({"sse4_2", "SSE42"}), "sse4"),
)
_CAP = "ONEDNN_MAX_CPU_ISA"


def instruction_set() -> str:
    """Level of the processor's vector instructions, such as "avx2_vnni", "amx" or "arm64".

    Where oneDNN is held back by ONEDNN_MAX_CPU_ISA, that is said: "amx capped to avx2_vnni".
    """
    flags = _processor_flags()
    level = next((name for names, name in _LEVELS if names & flags), platform.machine().lower() or "unknown")
    cap = os.environ.get(_CAP, "").strip().lower()
    return level if cap in ("", "default", "all") else f"{level} capped to {cap}"


def peak_memory_mb() -> float:
    """The most memory (10^6 bytes) that this process ever held resident."""
    if sys.platform == "win32":
        return _peak_bytes_windows() / 1e6
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would also count what the parent process held before it started this one
        fields = dict(line.split(":", 1) for line in status.read_text(encoding="ascii", errors="replace").splitlines())
        return float(fields["VmHWM"].split()[0]) * 1024 / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) * (1 if sys.platform == "darwin" else 1024) / 1e6


def total_memory_mb() -> float | None:
    """The machine's memory (10^6 bytes); None where the system does not tell."""
    if sys.platform == "win32":
        return _total_bytes_windows() / 1e6
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) / 1e6
    except (OSError, ValueError):
        return None


def _processor_flags() -> frozenset[str]:
    """CPU features as the system spells them; NumPy's list, which knows fewer, where there is no /proc/cpuinfo."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        text = ""
    lines = (line for line in text.splitlines() if line.startswith("flags"))
    found = next((line.split(":", 1)[1].split() for line in lines), [])
    if not found:
        config = np.show_config(mode="dicts")
        simd = config.get("SIMD Extensions", {})
        found = [*simd.get("baseline", ()), *simd.get("found", ())]
    return frozenset(found)


def _peak_bytes_windows() -> int:
    """PeakWorkingSetSize of the process."""
    import ctypes

    class Counters(ctypes.Structure):
        """PROCESS_MEMORY_COUNTERS of psapi.h."""

        _fields_ = [  # ctypes reads this very attribute
            ("size", ctypes.c_uint32),
            ("page_faults", ctypes.c_uint32),
            ("peak_working_set", ctypes.c_size_t),
            *((f"other_{n}", ctypes.c_size_t) for n in range(7)),
        ]

    counters = Counters()
    counters.size = ctypes.sizeof(counters)
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  # the attribute exists on Windows alone
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    kernel.K32GetProcessMemoryInfo.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)
    kernel.K32GetProcessMemoryInfo(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.size)
    return int(counters.peak_working_set)


def _total_bytes_windows() -> int:
    """TotalPhys of the machine."""
    import ctypes

    class Status(ctypes.Structure):
        """MEMORYSTATUSEX of sysinfoapi.h."""

        _fields_ = [  # ctypes reads this very attribute
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            *((name, ctypes.c_uint64) for name in ("total", "free", "pages", "free_pages", "virtual", "free_virtual")),
            ("free_extended", ctypes.c_uint64),
        ]

    status = Status()
    status.length = ctypes.sizeof(status)
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  # the attribute exists on Windows alone
    kernel.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status.total)
