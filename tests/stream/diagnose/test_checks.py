"""Laws of the checks of this machine: Python, libraries, model, kernels, ports, listening."""

import shutil
import socket
import subprocess
from importlib import metadata

import msgspec
import numpy as np
import pytest

from models import VOICE, GenderstreamError, UnusableError
from stream.classify import ModelSettings
from stream.diagnose import kernels, machine, model, ports, sound
from stream.outputs.publisher import PublisherSettings

REPORT = kernels.KernelReport("0.60", 0.5, False, "/var/cache/genderstream/features", "", 0.1)
FREE = "tcp://127.0.0.1:*"


def verdicts(findings):
    return {finding.what: finding.verdict for finding in findings}


@pytest.mark.parametrize(
    ("version", "pointer", "verdict"),
    [((3, 11, 0), 8, "ok"), ((3, 14, 1), 8, "ok"), ((3, 10, 9), 8, "FAIL"), ((3, 12, 0), 4, "FAIL")],
)
def test_python_must_be_new_and_64_bit(version, pointer, verdict):
    """3.11 or later, 64-bit."""
    assert machine.check_python(version, pointer).verdict == verdict


def test_every_requirement_is_checked():
    """The libraries that doctor looks at are those that the package requires, no more and no fewer."""
    assert {library.name for library in machine.LIBRARIES} == set(machine.least_versions())


def test_what_is_installed_here_is_ok():
    """Where the tests run, every library is in order, and one TFLite runtime is named."""
    assert verdicts(machine.check_libraries()) == {"TFLite runtime": "ok", "libraries": "ok"}


def test_a_missing_library_says_what_to_type():
    """A library that is not installed fails with pip's command, and the others are still told."""
    absent = machine.Library((("no-such-library", "no_such_library"),))
    missing, others = machine.check_libraries((absent, *machine.LIBRARIES[:2]))
    assert (missing.verdict, missing.what, others.verdict) == ("FAIL", "no-such-library", "ok")
    assert "pip install 'no-such-library" in missing.advice


def test_a_library_that_does_not_load_says_why():
    """A library whose import fails is told from one that is absent."""
    (finding,) = machine.check_libraries((machine.Library((("numpy", "numpy.no_such_part"),)),))
    assert finding.verdict == "FAIL"
    assert f"numpy {metadata.version('numpy')} does not load" in finding.found


@pytest.mark.parametrize(
    ("version", "least", "older"),
    [("2.9", "2.10", True), ("2.10", "2.9", False), ("2", "2.0.0", False), ("2.0.14.post1", "2.0.14", False),
     ("1.26.4", "2", True), ("3.0rc1", "2.9", False)],
)  # fmt: skip
def test_versions_compare_by_number(version, least, older):
    """Versions compare number by number, not letter by letter."""
    assert machine.is_older(version, least) is older


def test_the_shipped_model_is_ok():
    """Each precision of the shipped model is whole and runs, and they are compared."""
    findings = list(model.check_model(ModelSettings()))
    assert {"model, float32", "model, int8", "precision"} == {finding.what for finding in findings}
    assert "FAIL" not in {finding.verdict for finding in findings}


def test_a_damaged_file_fails_alone(tmp_path):
    """One damaged file fails by its digest; the other precision is checked all the same."""
    folder = shutil.copytree(VOICE, tmp_path / "voice")
    content = bytearray((folder / "model.tflite").read_bytes())
    content[-1] ^= 1
    (folder / "model.tflite").write_bytes(content)
    findings = list(model.check_model(ModelSettings(model=str(folder))))
    assert verdicts(findings) == {"model, float32": "FAIL", "model, int8": "ok"}
    assert "SHA-256" in findings[0].found


def test_no_model_fails(tmp_path):
    """A folder without a spec fails, saying what a model is."""
    (finding,) = model.check_model(ModelSettings(model=str(tmp_path)))
    assert finding.verdict == "FAIL"
    assert "spec.json" in finding.found


@pytest.mark.parametrize(
    ("float32", "int8", "chosen", "verdict"),
    [(0.2, 0.4, "float32", "ok"), (0.2, 0.4, "int8", "note"), (0.4, 0.1, "float32", "note"),
     (0.4, 0.1, "int8", "ok"), (0.20, 0.19, "float32", "ok")],
)  # fmt: skip
def test_precision_is_advised_by_measurement(float32, int8, chosen, verdict):
    """int8 is advised only where it is clearly faster here; what is chosen stays chosen."""
    finding = model.advise_precision({"float32": float32, "int8": int8}, chosen)
    assert finding.verdict == verdict
    assert f"chosen is {chosen}" in finding.found


def test_the_kernels_load_in_a_fresh_process():
    """The kernels load where the tests run, and their cache has a folder."""
    assert verdicts(kernels.check_kernels()) == {"kernels": "ok", "kernels, cache": "ok"}


@pytest.mark.parametrize(
    ("status", "errors", "advised"),
    [
        (1, "Traceback\nRuntimeError: cannot cache function 'f': no locator available for file 'x'", "NUMBA_CACHE_DIR"),
        (-4, "", "llvmlite"),
        (1, "Traceback\nModuleNotFoundError: No module named 'numba'", "pip install"),
        (1, "", "pip install"),
    ],
)
def test_a_probe_that_fails_says_what_to_do(status, errors, advised):
    """However loading the kernels ends, doctor goes on and says what to do."""
    (finding,) = kernels.judge_probe(status, b"", errors)
    assert finding.verdict == "FAIL"
    assert advised in finding.advice


def test_a_probe_that_babbles_fails():
    """Output that is no report is a failure, not a crash."""
    assert verdicts(kernels.judge_probe(0, b"hello", "")) == {"kernels": "FAIL"}


@pytest.mark.parametrize(
    ("configured", "verdict"), [("", "ok"), ("/var/cache/genderstream", "ok"), ("/somewhere/else", "note")]
)
def test_an_ignored_cache_folder_is_told(configured, verdict):
    """Numba passes silently over a NUMBA_CACHE_DIR that it cannot write; doctor does not."""
    report = msgspec.structs.replace(REPORT, configured=configured)
    assert verdicts(kernels.judge_report(report))["kernels, cache"] == verdict


def test_free_ports_are_free():
    """Where nobody listens both endpoints are free, and so they are when doctor asks again."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        bind, ask = (f"tcp://127.0.0.1:{each.getsockname()[1]}" for each in (one, other))
    for _ in range(2):
        findings = ports.check_ports(PublisherSettings(bind=bind, ask=ask))
        assert verdicts(findings) == {f"--bind {bind}": "ok", f"--ask {ask}": "ok"}


def test_a_port_of_another_program_fails():
    """An endpoint that another program holds fails; the other one is checked all the same."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        findings = verdicts(ports.check_ports(PublisherSettings(bind=FREE, ask=taken)))
    assert findings == {f"--bind {FREE}": "ok", f"--ask {taken}": "FAIL"}


@pytest.mark.parametrize("endpoint", ["hello", "tcp://198.51.100.7:5560", "nope://x"])
def test_what_is_no_endpoint_here_fails(endpoint):
    """What cannot be an endpoint of this machine fails with an example of one that can."""
    finding, _ = ports.check_ports(PublisherSettings(bind=endpoint, ask=FREE))
    assert finding.verdict == "FAIL"
    assert "tcp://127.0.0.1:5560" in finding.advice


def test_a_running_daemon_is_recognised(daemon, listen):
    """Where our own daemon answers, doctor says whose it is; its ports are no failure."""
    running = daemon("-", "--name", "kitchen", stdin=subprocess.PIPE)
    next(iter(listen(running, "health/kitchen/")))
    told, *endpoints = ports.check_ports(PublisherSettings(bind=running.endpoint, ask=running.ask))
    assert told.verdict == "note"
    assert "the daemon kitchen" in told.found
    assert [finding.verdict for finding in endpoints] == ["note", "note"]


class Tone:
    """A Source: counts its own samples, in blocks, until it is told to stop or `seconds` are over."""

    def __init__(self, seconds: float, rate: int = 8000, error: GenderstreamError | None = None) -> None:
        self.seconds, self.rate, self.error = seconds, rate, error

    def capture(self, intake):
        ring = intake.open("tone", rate=self.rate, live=True, timed=True)
        for start in range(0, int(self.seconds * self.rate), 400):
            if intake.stopping.is_set():
                break
            ring.write(np.arange(start, start + 400).astype(np.int16))
        ring.close()
        if self.error:
            raise self.error


def test_a_second_is_heard_after_settling():
    """One second is kept, the one after the device has settled."""
    (heard,) = sound.listen(Tone(2.0))
    assert heard.samples.tolist() == list(range(1600, 9600))
    assert (heard.rate, heard.lost) == (8000, 0)


def test_a_source_that_fails_says_why():
    """An input's own error is doctor's, and nothing is waited for."""
    with pytest.raises(UnusableError, match="no such input"):
        sound.listen(Tone(0.5, error=UnusableError("no such input")))


def test_an_input_that_stays_silent_is_not_waited_for(monkeypatch):
    """An input that delivers too little ends in an error that says so."""
    monkeypatch.setattr(sound, "PATIENCE_SECONDS", 0.2)
    with pytest.raises(GenderstreamError, match="not enough audio"):
        sound.listen(Tone(0.5))
