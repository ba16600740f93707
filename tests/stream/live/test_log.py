"""What a real daemon says on standard error: to people, to journald and to programs."""

import json
import os
import re
from datetime import UTC, datetime

import pytest

pytestmark = pytest.mark.slow

PORTS = ("--bind", "tcp://127.0.0.1:*", "--ask", "tcp://127.0.0.1:*")
OVER = "load://0: expected a number of streams, 1 to 100000, as in load://1000"


def environment(log):
    """As systemd sets it where standard error goes to the journal: here a file is the journal."""
    status = os.fstat(log.fileno())
    return os.environ | {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}


@pytest.fixture
def run(start, genderstream, tmp_path):
    """run(*arguments, journal): what `genderstream run` says, and its status."""

    def run(*arguments, journal):
        with (tmp_path / "log").open("wb") as log:
            variables = environment(log) if journal else os.environ
            running = start(
                genderstream, "run", *PORTS, *arguments, env=variables | {"NOTIFY_SOCKET": "/nowhere"}, stderr=log
            )
            status = running.process.wait()
        return status, (tmp_path / "log").read_text("utf-8").splitlines()

    return run


def test_the_journal_gets_priorities_and_others_do_not(run, demo):
    """Warnings begin with <4>, information with <6>, the last words of a failure with <3>: only in the journal."""
    status, journal = run(demo, "--speed", "max", journal=True)
    assert status == 0
    assert journal[0] == "<4>NOTIFY_SOCKET is /nowhere: No such file or directory; systemd is told nothing"
    assert all(line.startswith("<6>") for line in journal[1:])
    assert len(journal) > 3
    status, plain = run(demo, "--speed", "max", journal=False)
    stable = [line.replace("<4>", "").replace("<6>", "") for line in journal if "publishing" not in line]
    assert [line for line in plain if "publishing" not in line] == stable
    status, failed = run("load://0", journal=True)
    assert (status, set(failed)) == (2, {journal[0], f"<3>genderstream: {OVER}"})


def test_json_for_programs(run, demo):
    """--log json: every line an object with time, level and message, the last words of a failure, too."""
    status, said = run(demo, "--speed", "max", "--log", "json", journal=False)
    objects = [json.loads(line) for line in said]
    assert status == 0
    assert all(set(each) == {"time", "level", "message"} for each in objects)
    assert all(datetime.fromisoformat(each["time"]) <= datetime.now(UTC) for each in objects)
    assert [each["level"] for each in objects] == ["warning", *["info"] * (len(objects) - 1)]
    assert re.match(r"publishing on tcp://127\.0\.0\.1:\d+, ", objects[1]["message"])
    status, said = run("load://0", "--log", "json", journal=False)
    assert status == 2
    told = {(each["level"], each["message"]) for each in map(json.loads, said)}
    assert told == {("warning", objects[0]["message"]), ("error", f"genderstream: {OVER}")}
