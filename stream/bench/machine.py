"""The machine that was measured, as far as it matters."""

import os
import platform
from importlib import metadata
from pathlib import Path

from llvmlite import binding

_LIBRARIES = ("numpy", "numba", "ai-edge-litert", "webrtcvad-wheels", "pyzmq", "msgspec")


def describe_machine() -> dict[str, str | int | float]:
    """Processor, cores, load, Python and the libraries on the line; without a name that could tell whose it is."""
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "compiled_for": binding.get_host_cpu_name(),  # the generation, as LLVM names it: the kernels' instructions
        "cores": os.cpu_count() or 1,
        "load_average": round(os.getloadavg()[0], 2),  # in the last minute before the run
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{library: _version(library) for library in _LIBRARIES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return named[0] if named else platform.machine()


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"
