"""What the fault tests share: a sound server for each test, and a subscriber that checks all it reads."""

import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from observer import Observer

RATE = 16_000
DEMO = Path(__file__).parents[2] / "stream" / "demo" / "demo.flac"


@pytest.fixture
def observe(listen: Callable[..., Any]) -> Callable[..., Observer]:
    """observe(daemon): an Observer of all that it publishes."""
    return lambda running: Observer(iter(listen(running)))


@pytest.fixture
def sound(
    stack: ExitStack, tmp_path: Path, sound_server: Callable[..., AbstractContextManager[Any]],
    lacking: Callable[[str], Any],
) -> Any:  # fmt: skip
    """A sound server with the devices `one` and `two`, for this test alone."""
    try:
        import sounddevice  # noqa: F401, PLC0415 - looks for the library
    except OSError:
        lacking("the PortAudio library is not installed (apt-get install libportaudio2)")
    folder = tmp_path / "pulse"
    folder.mkdir()
    return stack.enter_context(sound_server(folder, "one", "two", devices=True))


@pytest.fixture
def preload(tmp_path: Path, lacking: Callable[[str], Any]) -> Callable[[str], dict[str, str]]:
    """preload(name): what an environment needs so that programs meet the faults of `name`.c."""

    def compile_library(name: str) -> dict[str, str]:
        compiler = shutil.which("cc")
        if compiler is None:
            lacking(f"no {name} without a C compiler: apt-get install gcc libc6-dev")
        library, source = tmp_path / f"{name}.so", Path(__file__).with_name(f"{name}.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        return {"LD_PRELOAD": str(library)}

    return compile_library


@pytest.fixture(scope="session")
def voices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two minutes of the demo's woman, and of its man."""
    samples, _ = soundfile.read(DEMO, dtype="int16")
    folder = tmp_path_factory.mktemp("voices")
    parts = {"female": samples[: 4 * RATE], "male": samples[6 * RATE : 10 * RATE]}
    for name, part in parts.items():
        soundfile.write(folder / f"{name}.wav", np.tile(part, 30), RATE)
    return {name: folder / f"{name}.wav" for name in parts}


@pytest.fixture
def speak(start: Callable[..., Any], sound: Any, voices: dict[str, Path]) -> Callable[[str, str], Any]:
    """speak(sink, voice): that voice, into that microphone, until it has gone."""
    return lambda sink, voice: start("paplay", f"--device={sink}", voices[voice], env=sound.environment)
