"""Python, and the libraries that the daemon needs, with their versions."""

import importlib
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from stream.classify import RUNTIMES
from stream.diagnose.finding import Finding, fail, ok

LEAST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Library:
    """A library: the distributions that can serve, each with its module, the preferred first."""

    providers: tuple[tuple[str, str], ...]
    load: bool = True  # False: another check imports it, for its own reasons

    @property
    def name(self) -> str:
        """What to install."""
        return self.providers[0][0]


TFLITE = Library(tuple(RUNTIMES.items()))

LINUX = sys.platform == "linux"

LIBRARIES = (
    Library((("numpy", "numpy"),)),
    Library((("numba", "numba"),), load=False),  # by the kernels' check, in a process of its own
    Library((("sounddevice", "sounddevice"),), load=False),  # by the check of PortAudio
    Library((("soundfile", "soundfile"),)),
    Library((("soxr", "soxr"),)),
    Library((("webrtcvad-wheels", "webrtcvad"), ("webrtcvad", "webrtcvad"))),
    Library((("pyzmq", "zmq"),)),
    Library((("msgspec", "msgspec"),)),
    Library((("click", "click"),)),
    Library((("rich", "rich"),)),
    Library((("websockets", "websockets"),)),
    *((Library((("pulsectl", "pulsectl"),), load=False),) if LINUX else ()),  # loading it wants libpulse
    TFLITE,
)


def check_python(version: tuple[int, ...] = sys.version_info[:3], pointer_bytes: int = struct.calcsize("P")) -> Finding:
    """Python is new enough and 64-bit."""
    found = f"{'.'.join(map(str, version))}, {8 * pointer_bytes}-bit, {sys.executable}"
    if version < LEAST_PYTHON:
        return fail("Python", found, "genderstream needs 3.11 or later: install it and make .venv again (make run)")
    if pointer_bytes != 8:
        return fail("Python", found, "the TFLite runtime exists for 64-bit only: install a 64-bit system and Python")
    return ok("Python", found)


def check_libraries(libraries: tuple[Library, ...] = LIBRARIES) -> Iterator[Finding]:
    """Each library is installed, new enough and loads. Those in order share a line, but for the TFLite runtime."""
    needed, fine = least_versions(), []
    for library in libraries:
        finding = _check_library(library, needed)
        if finding.verdict == "ok" and library is not TFLITE:
            fine.append(finding.found)
        else:
            yield finding
    if fine:
        yield ok("libraries", ", ".join(fine))


def least_versions() -> dict[str, str]:
    """The least version of each distribution that genderstream needs without extras, as its metadata says."""
    try:
        requirements = metadata.requires("genderstream") or []
    except metadata.PackageNotFoundError:  # run from its source, never installed
        return {}
    here = (each for each in requirements if "extra ==" not in each and (LINUX or "sys_platform ==" not in each))
    split = (re.match(r"([\w.-]+)(?:.*?>=\s*([\w.]+))?", each) for each in here)
    return {match[1]: match[2] or "0" for match in split if match}


def is_older(version: str, least: str) -> bool:
    """Whether `version` comes before `least` by their leading numbers: 2.9 is older than 2.10, 2 is 2.0."""
    return _numbers(version) < _numbers(least)


def _numbers(version: str) -> list[int]:
    match = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(number) for number in match[0].split(".")] if match else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers


def _check_library(library: Library, needed: dict[str, str]) -> Finding:
    what = "TFLite runtime" if library is TFLITE else library.name
    least = needed.get(library.name, "0")
    install = f"pip install '{library.name}>={least}'"
    installed = next(((name, module) for name, module in library.providers if _version(name)), None)
    if installed is None:
        return fail(what, "not installed", install)
    name, module = installed
    found = f"{name} {_version(name)}"
    if is_older(_version(name), needed.get(name, "0")):
        return fail(what, f"{found} is too old, {least} is the least", install)
    try:
        if library.load:
            importlib.import_module(module)
    except (ImportError, OSError, AttributeError, SystemError) as error:  # a library below it, or NumPy's other ABI
        return fail(what, f"{found} does not load ({error})", f"{install} --force-reinstall{_hint(name)}")
    return ok(what, found)


def _hint(name: str) -> str:
    return {
        "tflite-runtime": " (or keep it, and pip install 'numpy<2')",
        "webrtcvad": " (webrtcvad itself needs pkg_resources, which setuptools 81 and later lack)",
    }.get(name, "")


def _version(distribution: str) -> str:
    """Its version; empty where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
