"""Bad input gets one clear line on standard error, exit status 2, and no traceback."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from models import VOICE, read_spec

RATE = 16_000
ROW = read_spec(VOICE).row
NEARLY_ALL = (VOICE / "model.tflite").stat().st_size - 181  # bytes

WARM_COMMAND = """
import os, signal, sys
from stream.cli import main, run, score, subscribe  # once: importing is what takes long
for line in sys.stdin:
    child = os.fork()
    if not child:
        signal.alarm(60)  # kills what hangs
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in ((1, "out"), (2, "error")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        try:
            main(line.split())
            status = 0
        except SystemExit as end:
            status = end.code
        sys.stdout.flush()
        os._exit(status)  # tidying up takes longer than all the rest
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""The command, a process for each line on standard input; says how it ended, its output is in `out` and `error`."""

WITHOUT_PRIVILEGE = """
import ctypes, os, sys
for capability in (1, 2):  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: PR_CAPBSET_DROP
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Runs a command without root's right to read what is forbidden."""

CASES = {
    # command line, in a folder of bad things: what its one line must have (regular expressions)
    "score missing.wav": ("missing.wav", "No such file"),
    "run missing.wav": ("missing.wav", "No such file"),
    "score folder": ("folder is a folder", "expected an audio file"),
    "score pipe": ("pipe is no file", "run -"),
    "score text.wav": ("text.wav is no audio file", "ffmpeg"),
    "score zero.wav": ("zero.wav", "no audio file"),
    "score header.wav": ("header.wav has no samples", "empty"),
    "score nan.wav": ("nan.wav has NaN or infinite samples", "export it again"),
    "score infinite.wav": ("infinite.wav has NaN or infinite samples", "export it again"),
    "score slow.wav": ("slow.wav has 1 samples a second", "8000 to 192000"),
    "score fast.wav": ("fast.wav has 768000 samples a second", "8000 to 192000"),
    "score wide.wav": ("wide.wav has 99 channels", "1 to 32"),
    "score good.wav --channels 1": ("--channels is 1", "has 1", "mix or split"),
    "score good.wav --channels left": ("--channels is 'left'", "mix, split"),
    "score good.wav --stream a/b": ("--stream is 'a/b'",),
    "score good.wav --out table.txt": ("--out is table.txt", r"\.jsonl or \.csv"),
    "score good.wav --plot picture.pdf": ("--plot is picture.pdf", r"\.png"),
    "score good.wav --out nowhere/table.csv": ("nowhere/table.csv", "No such file"),
    "score good.wav --save-audio text.wav": ("text.wav", "--save-audio"),
    "score": ("FILE", "genderstream score --help|[Mm]issing"),
    "run rtp2://127.0.0.1:5004": ("rtp2://", "mic, mic:NAME, a file or -"),
    "run - --rate 1": ("--rate is '1'", "8000"),
    "run - --rate 768000": ("--rate is '768000'", "192000"),
    "run - --format s12": ("--format is 's12'", "s16le"),
    "run - --pcm-channels 99": ("--pcm-channels is '99'", "32"),
    "run good.wav --speed fast": ("--speed is 'fast'", "real"),
    "run good.wav --name a/b": ("--name is 'a/b'",),
    "run good.wav --high-water 0": ("--high-water is '0'", "1"),
    "run good.wav --bind tcp://127.0.0.1:{busy}": ("--bind is tcp://127.0.0.1:{busy}", "another program"),
    "run good.wav --bind tcp://127.0.0.1:* --ask tcp://127.0.0.1:{busy}": ("tcp://127.0.0.1:{busy}", "another program"),
    "run good.wav --bind 5560": ("--bind is 5560", "tcp://127.0.0.1:5560"),
    "run good.wav --bind tcp://127.0.0.1": ("--bind is tcp://127.0.0.1:", "tcp://127.0.0.1:5560"),
    "run good.wav --bind tcp://127.0.0.1:99999": ("--bind is tcp://127.0.0.1:99999", "tcp://127.0.0.1:5560"),
    "run good.wav --bind tcp://192.0.2.1:5560": ("192.0.2.1", "no such address"),
    "run good.wav --bind udp2://127.0.0.1:1": ("udp2", "no such transport"),
    "run good.wav --bind ipc://nowhere/socket": ("ipc://nowhere/socket", "looks like"),
    "run good.wav --bind tcp://127.0.0.1:* --ask nonsense": ("--ask is nonsense", "looks like"),
    "run good.wav --bind tcp://127.0.0.1:{busy} --ask tcp://127.0.0.1:{busy}": ("{busy}", "another program"),
    "subscribe --connect nonsense": ("--connect is nonsense", "looks like tcp://"),
    "subscribe --connect tcp://127.0.0.1:99999": ("--connect is tcp://127.0.0.1:99999", "no ports above 65535"),
    "subscribe --count -1": ("--count is '-1'", "0"),
    "run --config missing.toml": ("missing.toml", "No such file"),
    "run --config folder": ("cannot read the configuration folder", "Is a directory"),
    "run --config malformed.toml": ("malformed.toml is not TOML", "line 2"),
    "run --config latin1.toml": ("latin1.toml is not TOML",),
    "run --config unknown.toml": ("unknown.toml", "'hopp'", "nearest is 'hop'"),
    "run --config unknown-input.toml": (r"unknown-input.toml, \[input\.hall\]", "'chanels'", "nearest is 'channels'"),
    "run --config sourceless.toml": (r"\[input\.hall\] has no source", 'source = "mic"'),
    "run --config inputs.toml": ("input", r"\[input\.NAME\]"),
    "run --config type.toml": ("--hop is 'often'", "float"),
    "run --config named.toml": ("the hall", "name"),
    "score good.wav --hop 0.05": ("--hop is '0.05'", "0.1"),
    "score good.wav --hop 2.5": ("--hop is '2.5'", "2.0"),
    "score good.wav --hop 0.123": ("--hop is 0.123", "0.12"),
    "score good.wav --hop nan": ("--hop is 'nan'|--hop is nan",),
    "score good.wav --hop often": ("--hop is 'often'",),
    "score good.wav --verdict-error 0": ("--verdict-error is '0'", "0.0001"),
    "score good.wav --verdict-error 0.5": ("--verdict-error is '0.5'", "0.2"),
    "score good.wav --vad-mode 4": ("--vad-mode is '4'", "3"),
    "score good.wav --vad-share 1.5": ("--vad-share is '1.5'", "1.0"),
    "score good.wav --model missing": ("missing/spec.json", "No such file", "a model is a folder"),
    "score good.wav --model text.wav": ("text.wav/spec.json", "a model is a folder"),
    "score good.wav --precision int4": ("--precision is 'int4'", "int8"),
    "score good.wav --model wrong-digest": ("wrong-digest/model.tflite has SHA-256", "spec.json says", "copy"),
    "score good.wav --model no-tflite": ("no-tflite/model.tflite", "No such file"),
    "score good.wav --model no-int8 --precision int8": ("no-int8 has no int8 file, only float32", "--precision"),
    "score good.wav --model not-json": ("not-json/spec.json is not a model's spec",),
    "score good.wav --model not-text": ("not-text/spec.json is not a model's spec",),
    "score good.wav --model wrong-type": ("wrong-type/spec.json", r"Expected .*window"),
    "score good.wav --model wrong-schema": ("wrong-schema/spec.json", "genderstream.model/2|schema"),
    "score good.wav --model unknown-field": ("unknown-field/spec.json", "colour"),
    "score good.wav --model wrong-frames": (r"float32\[1, 198, 64\]", r"float32\[1, 248, 64\]", "export it again"),
    "score good.wav --model wrong-outputs": (rf"float32\[1, {ROW}\]", rf"float32\[1, {ROW - 2}\]", "export it again"),
    "score good.wav --model one-label": ("labels are", "two different names"),
    "score good.wav --model cut-0": ("not a usable TFLite file", "export it again"),
    "score good.wav --model cut-3": ("not a usable TFLite file", "export it again"),
    "score good.wav --model cut-1000": ("not a usable TFLite file", "export it again"),
    "score good.wav --model cut-150000": ("not a usable TFLite file", "export it again"),
    f"score good.wav --model cut-{NEARLY_ALL}": ("not a usable TFLite file", "export it again"),
    "listen": ("'listen'",),
    "run --loud": ("--loud",),
    "run good.wav --hop": ("--hop", "requires an argument"),
}

CONFIGURATIONS = {
    "malformed": 'hop = 0.5\nname = "hall\n',
    "unknown": "hopp = 0.5\n",
    "unknown-input": '[input.hall]\nsource = "mic"\nchanels = "split"\n',
    "sourceless": '[input.hall]\nchannels = "split"\n',
    "inputs": "input = 3\n",
    "type": 'hop = "often"\n',
    "named": '[input."the hall"]\nsource = "good.wav"\n',
}


def spoil(folder, name, **changes):
    """A copy of the shipped model at `name`, its spec changed."""
    shutil.copytree(VOICE, folder / name)
    spec = json.loads((VOICE / "spec.json").read_text())
    (folder / name / "spec.json").write_text(json.dumps(spec | changes))
    return folder / name


def truncate(folder, length):
    """A copy of the shipped model whose .tflite ends after `length` bytes, with the digest of these."""
    content = (VOICE / "model.tflite").read_bytes()[:length]
    files = {"float32": {"path": "model.tflite", "sha256": hashlib.sha256(content).hexdigest()}}
    (spoil(folder, f"cut-{length}", files=files) / "model.tflite").write_bytes(content)


def write_recordings(folder):
    """Recordings that cannot be used, each for its own reason, and one that can."""
    silence = np.zeros(RATE, np.float32)
    soundfile.write(folder / "good.wav", silence, RATE)
    soundfile.write(folder / "header.wav", silence[:0], RATE)
    soundfile.write(folder / "slow.wav", silence, 1)
    soundfile.write(folder / "fast.wav", silence, 768_000)
    soundfile.write(folder / "wide.wav", np.zeros((100, 99)), RATE)
    for name, value in (("nan", np.nan), ("infinite", np.inf)):
        soundfile.write(folder / f"{name}.wav", np.append(silence[1:], np.float32(value)), RATE, "FLOAT")
    (folder / "zero.wav").touch()
    (folder / "text.wav").write_text("This is no audio.\n" * 100)
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")


def write_models(folder):
    """Models that cannot be used, each for its own reason."""
    spec = json.loads((VOICE / "spec.json").read_text())
    with (spoil(folder, "wrong-digest") / "model.tflite").open("ab") as file:
        file.write(b"\0")
    (spoil(folder, "no-tflite") / "model.tflite").unlink()
    (spoil(folder, "not-json") / "spec.json").write_text("{")
    (spoil(folder, "not-text") / "spec.json").write_bytes(b'{"name": "\xe4"}')
    spoil(folder, "no-int8", files={"float32": spec["files"]["float32"]})
    spoil(folder, "wrong-type", window="long")
    spoil(folder, "wrong-schema", schema="genderstream.model/2")
    spoil(folder, "unknown-field", colour="red")
    spoil(folder, "wrong-frames", window=5 * RATE // 2)
    spoil(folder, "wrong-outputs", outputs=[{"meaning": "label"}])
    spoil(folder, "one-label", labels=["female", "female"])
    for length in (0, 3, 1000, 150_000, NEARLY_ALL):
        truncate(folder, length)


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """The folder of bad things."""
    folder = tmp_path_factory.mktemp("bad")
    write_recordings(folder)
    write_models(folder)
    (folder / "latin1.toml").write_bytes(b'name = "\xe4"\n')
    for name, content in CONFIGURATIONS.items():
        (folder / f"{name}.toml").write_text(content)
    return folder


@pytest.fixture(scope="module")
def attempt(bad):
    """attempt(line): status, standard output and standard error of `genderstream` with that command line."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", WARM_COMMAND], cwd=bad, **pipes) as warm:

        def attempt(line):
            print(line, file=warm.stdin, flush=True)
            return int(warm.stdout.readline()), (bad / "out").read_text(), (bad / "error").read_text()

        yield attempt


@pytest.fixture(scope="module")
def busy():
    """The number of a port that another program has."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield str(taken.getsockname()[1])


@pytest.mark.parametrize("line", CASES)
def test_is_refused_in_one_line(line, attempt, busy):
    """One line that names the value and what to do; status 2; nothing on standard output."""
    status, out, error = attempt(line.replace("{busy}", busy))
    assert (status, out) == (2, ""), error
    assert re.fullmatch(r"genderstream: \S.*\n", error), error
    for pattern in CASES[line]:
        assert re.search(pattern.replace("{busy}", busy), error), error


def test_a_recording_that_may_not_be_read_is_refused(tmp_path, start, genderstream):
    """A recording without the permission to read it is refused in one line, that says so."""
    path = tmp_path / "forbidden.wav"
    soundfile.write(path, np.zeros(RATE), RATE)
    path.chmod(0)
    ended = start(sys.executable, "-c", WITHOUT_PRIVILEGE, genderstream, "score", path).finish()
    assert (ended.status, ended.out, ended.error) == (2, "", f"genderstream: cannot read {path}: Permission denied\n")


def test_damage_in_the_middle_is_refused_when_it_is_reached(tmp_path, command, demo_samples):
    """A recording with NaN far inside is decided on up to there, then refused in one line."""
    path = tmp_path / "damaged.wav"
    samples = (demo_samples[: 6 * RATE] / 32768).astype(np.float32)
    samples[5 * RATE] = np.nan
    soundfile.write(path, samples, RATE, "FLOAT")
    ended = command("score", path)
    assert ended.status == 2
    assert [message["end"] for message in ended.windows] == [2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0]
    assert ended.messages[-1]["final"]  # the stream has failed: what it came to is told all the same
    assert ended.error.splitlines()[-1].startswith(f"genderstream: {path} has NaN or infinite samples")


def test_the_good_ones_are_still_decided_on(tmp_path, command, demo):
    """`score` goes through all its files, names each that is unusable, and ends with status 2."""
    ended = command("score", tmp_path / "first.wav", demo, tmp_path)
    assert ended.status == 2
    assert {message["file"] for message in ended.messages} == {str(demo)}
    assert "first.wav: No such file" in ended.error
    assert f"{tmp_path} is a folder" in ended.error
