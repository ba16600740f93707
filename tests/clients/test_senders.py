"""The senders that docs/websocket.md shows reach a running daemon: as they stand, but for the port."""

import functools
import http.server
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import soundfile

HERE = Path(__file__).parent
DEFAULT = "ws://127.0.0.1:8765"
PRESS = '<script type="module">document.querySelector("button").click()</script>'

pytestmark = pytest.mark.slow


@pytest.fixture
def sender(daemon, listen, tmp_path):
    """sender(name, folder): the path of a copy in `folder` that sends to a daemon, and the daemon's call messages."""

    def sender(name, folder=tmp_path):
        running = daemon("ws://127.0.0.1:0")
        url = running.await_line(r"listening on (ws://\S+)").group(1)
        content = (HERE / name).read_text("utf-8")
        assert DEFAULT in content
        (folder / name).write_text(content.replace(DEFAULT, url), "utf-8")
        return folder / name, listen(running, "call/")

    return sender


@pytest.fixture
def woman(demo, tmp_path):
    """The woman of the demo: raw PCM, and a WAV file."""
    samples, rate = soundfile.read(demo, 4 * 16_000, dtype="int16")
    soundfile.write(tmp_path / "woman.wav", samples, rate)
    return samples.tobytes(), tmp_path / "woman.wav"


def last(messages):
    return next(message for message in messages if message["final"])


def test_python(sender, woman):
    """The few lines of Python send standard input."""
    path, messages = sender("sender.py")
    subprocess.run([sys.executable, path], input=woman[0], check=True, timeout=120)
    call = last(messages)
    assert (call["stream"], call["label"], call["end"]) == ("desk", "female", 4.0)


def test_node(sender, woman, node_package):
    """The few lines of JavaScript send standard input, and print how the daemon closed."""
    path, messages = sender("sender.mjs", node_package("ws@8"))
    ended = subprocess.run(["node", path], input=woman[0], check=True, timeout=120, capture_output=True)
    call = last(messages)
    assert (call["stream"], call["label"], call["end"]) == ("desk", "female", 4.0)
    assert ended.stderr.strip() == b"1005"


def test_a_browser(sender, woman, tmp_path, start, lacking):
    """The page, its button pressed, sends what a browser's microphone hears."""
    if not (chromium := shutil.which("chromium") or shutil.which("google-chrome")):
        lacking("no browser (apt-get install chromium)")
    path, messages = sender("sender.html")
    path.write_text(path.read_text("utf-8") + PRESS, "utf-8")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        start(
            chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
            "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={woman[1]}", "--autoplay-policy=no-user-gesture-required",
            f"http://127.0.0.1:{server.server_port}/sender.html", stderr=subprocess.DEVNULL,
        )  # fmt: skip
        call = next(iter(messages))
        server.shutdown()
    assert (call["stream"], call["label"]) == ("browser", "female")
