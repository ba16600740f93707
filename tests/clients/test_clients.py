"""The clients that the README shows hear a running daemon: as they stand, but for the port."""

import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DEFAULT = "tcp://127.0.0.1:5560"
WINDOWS = 20  # of the demo: within them the woman has spoken, and the man


@pytest.fixture
def labels_heard(daemon, demo, start):
    """labels_heard(client, interpreter, folder): the labels that the client prints, run in `folder`."""

    def labels_heard(client, interpreter, folder):
        running = daemon(demo)
        content = (HERE / client).read_text("utf-8")
        assert DEFAULT in content
        (folder / client).write_text(content.replace(DEFAULT, running.endpoint), "utf-8")
        process = start(interpreter, folder / client).process
        labels = []
        for line in islice(process.stdout, WINDOWS):
            stream, _, label = line.decode().split()[:3]
            assert stream == "demo"
            labels.append(label)
            if label == "male":
                break
        assert labels, process.stderr.read()
        return labels

    return labels_heard


def test_python(labels_heard, tmp_path):
    """The ten lines of Python print the woman, then the man."""
    assert list(dict.fromkeys(labels_heard("subscriber.py", sys.executable, tmp_path)))[::2] == ["female", "male"]


@pytest.mark.slow
def test_node(labels_heard, node_package):
    """The ten lines of JavaScript, with npm's zeromq as --ignore-scripts leaves it, print the woman, then the man."""
    assert list(dict.fromkeys(labels_heard("subscriber.mjs", "node", node_package("zeromq@6"))))[::2] == [
        "female",
        "male",
    ]


@pytest.fixture
def examples(daemon, demo, start):
    """The page's programs, as they stand but for the port, running beside a daemon that has heard the demo."""
    running = daemon(demo, "-", "--speed", "max", stdin=subprocess.PIPE)
    page = (HERE.parents[1] / "docs" / "client.md").read_text("utf-8")
    programs = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    asking = f'"{running.endpoint}", ask="{running.ask}"'
    assert all(f'"{DEFAULT}"' in program for program in programs)
    return [start(sys.executable, "-uc", program.replace(f'"{DEFAULT}"', asking)) for program in programs]


def test_the_page_about_the_client(examples):
    """docs/client.md: the first program prints the last window's label, the second the verdict and ends."""
    first, second = examples
    line = first.process.stdout.readline().decode()
    assert re.match(r"demo 30\.0 \w+ (None|\{'female': [\d.]+, 'male': [\d.]+\})", line), line
    ended = second.finish()
    assert (ended.status, ended.error) == (0, "")
    assert re.match(r"demo unknown \{'female': [\d.]+, 'male': [\d.]+, 'unknown': [\d.]+\}", ended.out), ended.out
