"""SIGHUP and a real daemon: the file is read again and taken as a whole, or not at all."""

import signal
from datetime import UTC, datetime

import pytest

pytestmark = pytest.mark.slow

INPUT = '[input.a]\nsource = "load://1"\n[input.b]\nsource = "load://1"\n'


@pytest.fixture
def reloaded(daemon, listen, tmp_path):
    """A Reloaded daemon, whose VAD calls nothing speech at first."""
    return lambda *arguments: Reloaded(daemon, listen, tmp_path / "shelf.toml", *arguments)


class Reloaded:
    """A daemon with a configuration file."""

    def __init__(self, daemon, listen, path, *arguments):
        self.path, self.since = path, datetime.now(UTC)
        self.write("vad-share = 1.0\nverdict-error = 0.01\n" + INPUT)
        self.daemon = daemon("--config", path, *arguments)
        self.windows = iter(listen(self.daemon, "window/"))

    def write(self, content):
        self.path.write_text(content, "utf-8")

    def reload(self, says):
        """Send the signal; wait until the daemon has said so."""
        self.daemon.process.send_signal(signal.SIGHUP)
        said = self.daemon.await_line(says)
        self.since = datetime.now(UTC)
        return said

    def share(self):
        """What a share of speech makes a window silence now, from the next windows that tell: some, or all."""
        for window in self.windows:
            if 0.0 < window["vad_ratio"] < 1.0 and datetime.fromisoformat(window["time"]) > self.since:
                return 1.0 if window["state"] == "silence" else 0.0
        raise AssertionError

    def until(self, share):
        while self.share() != share:
            pass
        return True


@pytest.mark.parametrize("arguments", [(), ("--workers", "2")], ids=["one process", "workers"])
def test_what_may_change_changes_while_streams_go_on(reloaded, arguments):
    """The next windows go by the new share, in the same epoch and without a hole; sequences and positions go on."""
    running = reloaded(*arguments)
    before = next(running.windows)
    assert running.share() == 1.0
    running.write("vad-share = 0.0\nverdict-error = 0.05\nvad-mode = 3\n" + INPUT)
    said = running.reload("reloaded").string
    for change in ("--vad-share 1.0 -> 0.0", "--verdict-error 0.01 -> 0.05", "--vad-mode 2 -> 3"):
        assert change in said
    assert running.until(0.0)
    after = next(window for window in running.windows if window["stream"] == before["stream"])
    assert after["epoch"] == before["epoch"]
    assert after["start"] - before["start"] == pytest.approx(0.5 * (after["sequence"] - before["sequence"]))
    running.reload("reloaded; nothing has changed")
    assert running.daemon.stop().status == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("vad-share = 0.0\nhop = 0.25\n" + INPUT, "--hop cannot change while streams go on: restart the daemon"),
        ("vad-share = 0.0\nvad-mode = 7\n" + INPUT, "--vad-mode is 7"),
        ("vad-share = 0.0\n[input.a]\nsource = 'load://2'\n", "inputs cannot change"),
        ("vad-share = ", "is not TOML"),
    ],
)
def test_what_cannot_be_is_refused_whole(reloaded, content, says):
    """One line says why, and nothing has changed: neither what was wrong, nor what was right beside it."""
    running = reloaded()
    running.write(content)
    running.reload(f"nothing was reloaded, all goes on as before: .*{says}")
    assert [running.share() for _ in range(4)] == [1.0] * 4
    running.write("vad-share = 0.0\nverdict-error = 0.01\n" + INPUT)
    running.reload(r"reloaded: --vad-share 1.0 -> 0.0\b")
    assert running.until(0.0)
    assert running.daemon.stop().status == 0


def test_without_a_file_the_terminal_has_the_last_word(daemon):
    """Who closes the terminal ends the daemon, in good order."""
    assert daemon("load://1").finish(signal.SIGHUP).status == 0
