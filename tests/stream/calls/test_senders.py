"""Real senders, by the commands that the pages show: ffmpeg, GStreamer, and SIPp with calls of its own."""

import re
import shlex
import shutil
import socket
import subprocess
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "rtp.md"
COMMANDS = re.findall(r"^((?:ffmpeg|gst-launch-1\.0) .*)$", PAGE.read_text("utf-8"), re.MULTILINE)
SECONDS = 6

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, demo_samples):
    """A folder with call.wav, and the same in the formats that senders make of it."""
    folder = tmp_path_factory.mktemp("call")
    samples = demo_samples[: SECONDS * 16_000]
    soundfile.write(folder / "call.wav", samples, 16_000)
    soundfile.write(folder / "call.ulaw", samples[::2], 8000, "ULAW", format="RAW")
    soundfile.write(folder / "ulaw.wav", samples[::2], 8000, "ULAW")
    return folder


@pytest.fixture
def listening(daemon, listen):
    """listening(*options): a daemon that hears RTP, the port, and its messages."""

    def listening(*options):
        common = ("--leg-pause", "1", "--most-skipped", "0")  # however busy the machine is, all windows are decided
        running = daemon("rtp://127.0.0.1:0?payload=96:L16/16000", *common, *options)
        messages = listen(running)
        return running, running.await_line(r"listening on rtp://127\.0\.0\.1:(\d+)")[1], iter(messages)

    return listening


def until_over(messages, legs):
    """Messages until so many calls have ended, and the health message that says so."""
    heard, ended = [], set()
    while len(ended) < legs:
        heard.append(next(messages))
        ended |= {name for name, each in heard[-1].get("streams", {}).items() if each["state"] == "ended"}
    return heard


def told(messages, essence):
    """What was told of the streams, but for their names."""
    return [{key: value for key, value in each.items() if key != "stream"} for each in essence(messages)]


def scored(genderstream, path, essence):
    out = subprocess.run([genderstream, "score", path], capture_output=True, check=True).stdout
    return told([msgspec.json.decode(line) for line in out.splitlines()], essence)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_shows_commands_that_work(command, recorded, listening, essence, genderstream, lacking, start):
    """Each sender's call is heard whole, and decided as its file is where the samples are the file's."""
    program = command.split()[0]
    if not shutil.which(program):
        lacking(f"{program} is not installed (apt-get install ffmpeg, gstreamer1.0-tools and its good plugins)")
    _, port, messages = listening()
    sender = start(*shlex.split(re.sub(r"\b5004\b", port, command)), cwd=recorded, stdin=subprocess.DEVNULL)
    heard = until_over(messages, 1)
    assert sender.process.wait() == 0
    health = next(iter(heard[-1]["streams"].values()))
    assert health["captured"] == SECONDS * health["sample_rate"]
    assert not any(health["lost"].values())
    assert heard[-1]["refused"] == {}
    final = [each for each in heard if each.get("final")]
    assert [each["label"] for each in final] == ["female"]
    if health["sample_rate"] == 16_000:
        assert told(heard, essence) == scored(genderstream, recorded / "call.wav", essence)


def test_sipp_calls(recorded, listening, essence, genderstream, lacking, start):
    """Two calls at once, answered as FreeSWITCH's page says: each is a leg, decided as the file that it plays."""
    if not shutil.which("sipp"):
        lacking("sipp is not installed (apt-get install sip-tester)")
    running, port, messages = listening()
    answering, calling = free_ports(2)
    page = (ROOT / "docs" / "freeswitch.md").read_text("utf-8")
    (answer,) = re.findall(r"^(sipp -sf docs/examples/answer\.xml .*)$", page, re.MULTILINE)
    answer = answer.replace("5004", port).replace("5062", answering)
    start(*answer.split(), "-m", "2", cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    caller = start(
        "sipp", "-sf", Path(__file__).with_name("call.xml"), f"127.0.0.1:{answering}", "-i", "127.0.0.1", "-p", calling,
        "-m", "2", "-r", "2", "-nostdin",
        cwd=recorded, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    heard = until_over(messages, 2)
    assert caller.process.wait() == 0
    expected = scored(genderstream, recorded / "ulaw.wav", essence)
    legs = {each["stream"] for each in heard if "stream" in each}
    assert len(legs) == 2
    for leg in legs:
        assert told([each for each in heard if each.get("stream") == leg], essence) == expected
    assert running.stop().status == 0


def free_ports(count):
    """UDP ports that nobody has now."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def test_a_daemon_with_calls_ends_at_once(listening, recorded):
    """Told to end while legs are open, the daemon decides on all it has heard, ends each call, and exits with 0."""
    running, port, messages = listening("--leg-pause", "3600")
    payload = (recorded / "call.ulaw").read_bytes()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for i in range(150):
            head = np.array([0x8000 + 0, i], ">u2").tobytes() + np.array([160 * i, 9], ">u4").tobytes()
            sender.sendto(head + payload[160 * i : 160 * (i + 1)], ("127.0.0.1", int(port)))
    while "window" not in next(messages)["schema"]:
        pass
    ended = running.stop()
    assert ended.status == 0
    assert "3.0 s heard" in ended.error
    assert [each["windows"] for each in next(each for each in messages if each.get("streams"))["streams"].values()] == [
        3
    ]
