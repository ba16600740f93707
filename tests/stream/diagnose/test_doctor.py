"""Laws of the command `genderstream doctor`, in a process of its own."""

import os
import re
import subprocess

import numpy as np
import pytest
import soundfile

PORTS = ("--bind", "tcp://127.0.0.1:*", "--ask", "tcp://127.0.0.1:*")
LINE = re.compile(r"(ok  |note|FAIL)  \S.*?: \S.*")
RATE = 16_000
SECONDS = 60


def verdict(out: str, what: str) -> str:
    """The verdict of the line about `what`."""
    (line,) = (line for line in out.splitlines() if line[6:].startswith(what + ":"))
    return line[:4].strip()


@pytest.fixture
def speak(microphone, start, tmp_path):
    """speak(samples): they go into the virtual microphone; returns once the first of them are heard there."""

    def speak(samples):
        path = tmp_path / "spoken.wav"
        soundfile.write(path, np.resize(samples, SECONDS * RATE).astype(np.int16), RATE)
        start("paplay", "--device=vmic", path, env=microphone)
        heard = start("parec", "--device=vmic.monitor", "--raw", env=microphone)
        while not any(heard.process.stdout.read(4096)):
            assert heard.process.poll() is None

    return speak


@pytest.fixture
def doctor(command):
    """doctor(*arguments): its end, on free ports."""
    return lambda *arguments, **options: command("doctor", *PORTS, *arguments, **options)


def test_every_line_is_a_finding_and_the_last_counts(doctor):
    """Each line is a verdict, what, and found; the last one counts them; the status says whether any failed."""
    finished = doctor()
    *lines, last = finished.out.splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    failing = sum(line.startswith("FAIL") for line in lines)
    assert last.startswith(f"{len(lines)} checks: ")
    assert last.endswith(f" {failing} failing")
    assert finished.status == (1 if failing else 0)


def test_a_sound_system_that_crashes_ends_nothing(doctor):
    """ALSA's faults can abort the process that starts PortAudio: doctor outlives that, and goes on."""
    finished = doctor(env=os.environ | {"ALSA_CONFIG_PATH": "/dev/null"})
    assert finished.status in (0, 1)
    assert verdict(finished.out, "kernels") == "ok"


def test_a_machine_without_inputs_passes(doctor, tmp_path):
    """No input device is worth a note that says what works without, and no failure: a server may have none."""
    finished = doctor(env=os.environ | {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)})
    if "input devices: none" not in finished.out:
        pytest.skip("this machine has inputs, or no PortAudio")
    assert verdict(finished.out, "input devices") == "note"
    assert finished.status == 0


def test_one_failure_does_not_hide_the_rest(doctor, tmp_path):
    """A model that is none fails, status 1, and all that comes after it is checked."""
    finished = doctor("--model", tmp_path)
    assert finished.status == 1
    assert verdict(finished.out, "model") == "FAIL"
    assert verdict(finished.out, "kernels") == "ok"


@pytest.mark.parametrize(
    "arguments", [("--precision", "float64"), ("--no-such-option",), ("--config", "/nowhere.toml")]
)
def test_bad_options_are_status_two(command, arguments):
    """What the user typed wrong is one line on standard error and status 2, before anything is checked."""
    finished = command("doctor", *arguments)
    assert (finished.status, finished.out, finished.error.count("\n")) == (2, "", 1)


def test_the_daemons_configuration_is_accepted(command, tmp_path):
    """A file written for `run` serves doctor, which checks the endpoints that it names."""
    path = tmp_path / "daemon.toml"
    path.write_text(
        f'hop = 1.0\nname = "kitchen"\nvad-mode = 3\nbind = "ipc://{tmp_path}/bind"\nask = "ipc://{tmp_path}/ask"'
    )
    finished = command("doctor", "--config", path)
    assert verdict(finished.out, f"--bind ipc://{tmp_path}/bind") == "ok"
    assert verdict(finished.out, f"--ask ipc://{tmp_path}/ask") == "ok"


def test_heavy_libraries_stay_out(genderstream):
    """Doctor itself imports neither Numba nor anything that the daemon must not import."""
    code = "import sys, stream.cli.doctor; print(*sys.modules)"
    loaded = subprocess.run([genderstream.with_name("python"), "-c", code], check=True, capture_output=True, text=True)
    names = {name.partition(".")[0] for name in loaded.stdout.split()}
    assert names.isdisjoint({"numba", "tensorflow", "librosa", "pandas", "matplotlib", "scipy"})


def test_a_muted_microphone_fails(doctor, microphone):
    """A microphone that gives only zeros fails."""
    finished = doctor(env=microphone)
    assert verdict(finished.out, "mic, level") == "FAIL"
    assert finished.status == 1


def test_speech_is_ok(doctor, microphone, speak, woman):
    """A voice at a fair level has nothing against it."""
    speak(woman)
    finished = doctor(env=microphone)
    assert {verdict(finished.out, f"mic, {what}") for what in ("level", "clipping", "DC offset", "mains hum")} == {"ok"}


def test_hum_and_offset_are_found(doctor, microphone, speak):
    """A hum of 50 Hz upon a DC offset is told as both, and --device finds the input by its name."""
    seconds = np.arange(RATE) / RATE
    speak(3000 + 1500 * np.sin(2 * np.pi * 50 * seconds) + 500 * np.sin(2 * np.pi * 150 * seconds))
    finished = doctor("--device", "pulse", env=microphone)
    assert verdict(finished.out, "mic:pulse, mains hum") == "note"
    assert verdict(finished.out, "mic:pulse, DC offset") == "note"
    assert "50 Hz" in finished.out


def test_a_device_that_does_not_exist_is_named(doctor, microphone):
    """A device that is not there fails, with those that are."""
    finished = doctor("--device", "no such thing", env=microphone)
    assert verdict(finished.out, "mic:no such thing") == "FAIL"
    assert "'pulse'" in finished.out
