"""Prometheus and a real daemon: every line parses, everything adds up, and no reader does any harm."""

import re
import socket
import time
import urllib.error
import urllib.request
from collections import defaultdict

import pytest
import soundfile
from prometheus_client.parser import text_string_to_metric_families

from stream.outputs.metrics.server import MOST_READERS, PATIENCE

pytestmark = pytest.mark.slow


class Scraped:
    """A page, as Prometheus' own parser reads it."""

    def __init__(self, url):
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            self.text = answer.read().decode()
        self.samples = defaultdict(dict)
        families = list(text_string_to_metric_families(self.text))
        for family in families:
            assert family.type in {"counter", "gauge", "histogram"}
            assert family.documentation
            for sample in family.samples:
                labels = frozenset(sample.labels.items())
                assert labels not in self.samples[sample.name]
                self.samples[sample.name][labels] = sample.value
        lines = [line for line in self.text.splitlines() if not line.startswith("#")]
        assert len(lines) == sum(map(len, self.samples.values()))  # none was passed over
        assert len({family.name for family in families}) == len(families)

    def of(self, name, **labels):
        """The value, or the sum of the values, that have these labels."""
        return sum(value for key, value in self.samples[name].items() if labels.items() <= dict(key).items())

    def streams(self):
        return {
            dict(key)["stream"] for name in list(self.samples) for key in self.samples[name] if "stream" in dict(key)
        }


def scraped(daemon, until, url=None):
    """The first page of which `until` holds; the daemon makes one a second."""
    url = url or daemon.await_line(r"metrics on (\S+)").group(1)
    while not until(page := Scraped(url)):
        time.sleep(0.2)
    return page


def test_the_page_adds_up(daemon, listen, demo):
    """What subscribers read is what is counted, per stream and summed; a stream that ended is in the sums alone."""
    running = daemon("load://2", demo, "--speed", "max", "--metrics", "0", "--name", "shelf")
    url = running.await_line(r"metrics on (\S+)").group(1)
    assert url.startswith("http://127.0.0.1:")
    messages = iter(listen(running, "window/"))
    page = scraped(running, lambda page: page.of("genderstream_ended_streams_total") == 1, url)
    assert page.streams() == {"load-0", "load-1"}
    assert page.of("genderstream_streams") == 2
    for stream in page.streams():
        captured, processed = (page.of(f"genderstream_stream_{each}_samples_total", stream=stream)
                               for each in ("captured", "processed"))  # fmt: skip
        lapped = page.of("genderstream_stream_lost_samples_total", stream=stream, cause="lapped")
        assert captured == processed + page.of("genderstream_stream_waiting_samples", stream=stream) + lapped
        windows = page.of("genderstream_stream_windows_total", stream=stream)
        assert windows == page.of("genderstream_stream_latency_seconds_count", stream=stream) > 0
        assert page.of("genderstream_stream_latency_seconds_bucket", stream=stream, le="+Inf") == windows
    live = sum(page.of("genderstream_stream_processed_samples_total", stream=stream) for stream in page.streams())
    assert page.of("genderstream_processed_seconds_total") == pytest.approx(
        soundfile.info(demo).duration + live / 16_000
    )
    assert page.of("genderstream_windows_total") == 57 + page.of("genderstream_stream_windows_total")
    assert page.of("genderstream_subscribers") == 1
    model = next(messages)["model"]
    assert page.of("genderstream_info", model=model, daemon="shelf") == 1
    assert page.of("process_resident_memory_bytes") > 1e7
    assert (page.of("genderstream_children"), page.of("genderstream_children_resident_memory_bytes")) == (0, 0)
    assert not re.search(r"127\.0\.0\.1|/", re.sub(r"^#.*$", "", page.text, flags=re.M))  # nobody's address or path
    assert running.stop().status == 0


def test_no_reader_does_any_harm(daemon, stack):
    """Garbage, floods, readers that say nothing and readers that never read: others get the page, none is kept."""
    running = daemon("load://2", "--metrics", ":0")
    url = running.await_line(r"metrics on (\S+)").group(1)
    address = ("127.0.0.1", int(re.search(r":(\d+)/", url)[1]))
    for garbage in (
        b"\0" * 20_000,
        b"GET\r\n\r\n",
        b"\r\n\r\n",
        b"A" * 9000 + b"\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n",
    ):
        with socket.create_connection(address, timeout=3 * PATIENCE) as rude:
            rude.sendall(garbage)
            rude.shutdown(socket.SHUT_WR)
            assert b"200 OK" not in received(rude)
    for path, method, status in (("/", "GET", 404), ("/metrics", "POST", 405)):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(
                urllib.request.Request(url.replace("/metrics", path), method=method), timeout=PATIENCE
            )
        assert caught.value.code == status
    silent = [
        stack.enter_context(socket.create_connection(address, timeout=3 * PATIENCE)) for _ in range(MOST_READERS - 1)
    ]
    assert Scraped(url).streams() <= {"load-0", "load-1"}
    more = stack.enter_context(socket.create_connection(address, timeout=3 * PATIENCE))
    late = stack.enter_context(socket.create_connection(address, timeout=3 * PATIENCE))
    assert received(late) == b""  # one too many is cut off at once
    for each in (*silent, more):
        assert received(each) == b""  # the daemon's patience has an end
    assert Scraped(url).streams() == {"load-0", "load-1"}
    assert running.stop().status == 0


def received(connection):
    """All that comes until the other side has closed it."""
    content = b""
    try:
        while piece := connection.recv(65536):
            content += piece
    except ConnectionResetError:
        pass
    return content


@pytest.mark.parametrize("address", ["here", "192.0.2.1:9464"])
def test_what_is_no_address_is_refused(command, address):
    """One line and status 2."""
    finished = command(
        "run", "load://1", "--bind", "tcp://127.0.0.1:*", "--ask", "tcp://127.0.0.1:*", "--metrics", address
    )
    assert finished.status == 2
    assert f"--metrics is {address}" in finished.error
    assert "Traceback" not in finished.error
