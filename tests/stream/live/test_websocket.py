"""WebSockets: raw PCM from any client, and Twilio's calls; real clients, a real daemon."""

import base64
import itertools
import subprocess
import threading
import time

import msgspec
import numpy as np
import pytest
import soundfile
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

SECONDS = 9  # of the demo: the woman, and the man


def windows_of(messages):
    return [message for message in messages if message["schema"] == "genderstream.window/1"]


def final(messages, *streams):
    """Messages until each of `streams` has had its last, by stream."""
    heard = {stream: [] for stream in streams}
    left = set(streams)
    for message in messages:
        if message.get("stream") in heard:
            heard[message["stream"]].append(message)
            if message.get("final"):
                left.remove(message["stream"])
        if not left:
            return heard
    raise AssertionError


@pytest.fixture
def serving(daemon):
    """serving(*options, path=""): a daemon that listens on a free port, and its URL."""

    def serving(*options, path=""):
        running = daemon(f"ws://127.0.0.1:0{path}", *options)
        return running, running.await_line(r"listening on (ws://\S+)").group(1)

    return serving


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, genderstream, essence):
    """recorded(stream, samples, rate, subtype): raw bytes, and what `score` says of a WAV file with these samples."""
    folder = tmp_path_factory.mktemp("recorded")

    def recorded(stream, samples, rate, subtype):
        wav, raw = folder / f"{stream}.wav", folder / f"{stream}.raw"
        soundfile.write(wav, samples, rate, subtype)
        soundfile.write(raw, samples, rate, subtype, "LITTLE" if subtype != "ULAW" else None, "RAW")
        output = subprocess.run([genderstream, "score", wav], capture_output=True, check=True).stdout
        return raw.read_bytes(), essence([msgspec.json.decode(line) for line in output.splitlines()])

    return recorded


def closed(url, *messages, **options):
    """Code and reason with which the daemon closes a connection that sends `messages`."""
    with connect(url, compression=None, **options) as client:
        try:
            for message in messages:
                client.send(message)
            client.recv(timeout=60)
        except ConnectionClosed as ended:
            return ended.rcvd.code, ended.rcvd.reason
        raise AssertionError


@pytest.mark.parametrize(
    ("form", "subtype", "rate", "channels", "size"),
    [
        ("s16le", "PCM_16", 16_000, 1, 640),
        pytest.param("f32le", "FLOAT", 48_000, 2, 9999, marks=pytest.mark.slow),
        pytest.param("u8", "PCM_U8", 16_000, 1, 65_536, marks=pytest.mark.slow),
        pytest.param("s24le", "PCM_24", 16_000, 1, 1001, marks=pytest.mark.slow),
    ],
)
def test_raw_pcm_gives_what_a_file_of_it_gives(
    form, subtype, rate, channels, size, serving, listen, demo_samples, recorded, essence
):
    """Raw PCM as fast as it can be sent, in messages that need not hold whole frames: the messages of `score`."""
    samples = np.repeat(demo_samples[: SECONDS * 16_000] / 32768, rate // 16_000)
    content, expected = recorded("desk", samples[:, np.newaxis] * np.linspace(1, 0.5, channels), rate, subtype)
    running, url = serving()
    messages = listen(running)
    with connect(f"{url}/?rate={rate}&format={form}&channels={channels}&stream=desk", compression=None) as client:
        for at in range(0, len(content), size):
            client.send(content[at : at + size])
    assert essence(final(messages, "desk")["desk"]) == expected


@pytest.mark.slow
def test_ten_minutes_at_once(serving, listen):
    """Ten minutes in one breath, sixty times what the ring holds, arrive whole, from two senders at once."""
    running, url = serving()
    messages = listen(running)

    def pour(name):
        with connect(f"{url}?stream={name}", compression=None) as client:
            for _ in range(300):
                client.send(bytes(64_000))

    senders = [threading.Thread(target=pour, args=(name,)) for name in ("a", "b")]
    for sender in senders:
        sender.start()
    heard = final(messages, "a", "b")
    for stream in heard.values():
        assert [window["sequence"] for window in windows_of(stream)] == list(range(1197))
    for sender in senders:
        sender.join()
    assert running.stop().status == 0


class Twilio:
    """What Twilio sends about one call."""

    def __init__(self, sid="CA0123456789abcdef0123456789abcdef", **parameters):
        self.sid, self.parameters = sid, parameters
        self.numbers = itertools.count(1)

    def _message(self, event, **content):
        return {"event": event, "sequenceNumber": str(next(self.numbers)), "streamSid": "MZ01", **content}

    def begin(self, **media_format):
        form = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1} | media_format
        start = {
            "accountSid": "AC01",
            "streamSid": "MZ01",
            "callSid": self.sid,
            "tracks": ["inbound", "outbound"],
            "mediaFormat": form,
            "customParameters": self.parameters,
        }
        return [{"event": "connected", "protocol": "Call", "version": "1.0.0"}, self._message("start", start=start)]

    def media(self, **tracks):
        """20 ms of each track in turn, µ-law."""
        messages = []
        size = max(map(len, tracks.values()))
        for chunk, at in enumerate(range(0, size, 160), 1):
            for track, payload in tracks.items():
                if piece := payload[at : at + 160]:
                    media = {
                        "track": track,
                        "chunk": str(chunk),
                        "timestamp": str(61 + at // 8),
                        "payload": base64.b64encode(piece).decode(),
                    }
                    messages.append(self._message("media", media=media))
        return messages

    def dtmf(self):
        return [self._message("dtmf", dtmf={"track": "inbound_track", "digit": "1"})]

    def mark(self):
        return [self._message("mark", mark={"name": "here"})]

    def stop(self):
        return [self._message("stop", stop={"accountSid": "AC01", "callSid": self.sid})]


def send(url, messages, **options):
    """Send `messages` as Twilio does, and wait for the daemon to close."""
    return closed(url, *(msgspec.json.encode(message).decode() for message in messages), **options)


@pytest.mark.slow
def test_a_call_of_twilio_gives_what_its_legs_give_as_files(serving, listen, demo_samples, recorded, essence):
    """Both tracks, with digits and marks between, are streams named after the call: the messages of `score`."""
    running, url = serving("--most-skipped", "0")  # it is sent as fast as it can be, which looks like overload
    messages = listen(running)
    call = Twilio()
    names = [f"{call.sid}.{track}" for track in ("inbound", "outbound")]
    woman, of_woman = recorded(names[0], demo_samples[: 4 * 16_000 : 2], 8000, "ULAW")
    man, of_man = recorded(names[1], demo_samples[6 * 16_000 : 11 * 16_000 : 2], 8000, "ULAW")
    sent = [*call.begin(), *call.media(inbound=woman, outbound=man), *call.dtmf(), *call.mark(), *call.stop()]
    assert send(url, sent) == (1000, "")
    heard = final(messages, *names)
    assert [essence(heard[name]) for name in names] == [of_woman, of_man]
    assert [heard[name][-1]["label"] for name in names] == ["female", "male"]


@pytest.mark.slow
def test_a_call_that_is_faster_than_it_sounds_waits(serving, listen):
    """Five seconds are heard at once, the rest as it sounds: nothing is lost."""
    running, url = serving()
    messages = listen(running)
    call, began = Twilio(), time.monotonic()
    assert send(url, [*call.begin(), *call.media(inbound=bytes(8 * 8000)), *call.stop()]) == (1000, "")
    assert time.monotonic() - began > 8 - 5 - 0.1
    heard = final(messages, f"{call.sid}.inbound")[f"{call.sid}.inbound"]
    assert [window["lost_samples"] for window in windows_of(heard)] == [0] * 13


@pytest.mark.slow
def test_what_is_no_audio_is_refused_with_a_reason(serving, listen):
    """Formats, messages and calls that cannot be are closed with a code and what was expected; others go on."""
    running, url = serving()
    messages = listen(running, "window/good/")
    nan = np.full(100, np.nan, "<f4").tobytes()
    other, twice = Twilio(), Twilio()
    cases = [
        (closed(f"{url}?rate=5", b""), 1003, "rate is '5': expected `int` >= 8000"),
        (closed(f"{url}?rate=x", b""), 1003, "rate is 'x': expected `int`"),
        (closed(f"{url}?format=mp3", b""), 1003, "format is 'mp3': invalid enum value 'mp3'"),
        (closed(f"{url}?channels=99", b""), 1003, "channels is '99': expected `int` <= 32"),
        (closed(f"{url}?stream=a%20b", b""), 1003, "stream is 'a b': expected `str` matching"),
        (closed(f"{url}?speed=max", b""), 1003, "speed is unknown: expected rate, format, channels, stream"),
        (closed(f"{url}?format=f32le", nan), 1007, "this connection has NaN or infinite samples: is it f32le?"),
        (closed(url, b"RIFF" + bytes(40)), 1007, "this connection begins with b'RIFF': a file, not raw PCM"),
        (closed(url, bytes(640), "{}"), 1007, "a text message came where raw PCM is binary"),
        (closed(url, bytes((1 << 16) + 1)), 1009, "frame with 65537 bytes exceeds limit of 65536 bytes"),
        (closed(url, "hello"), 1007, "no message of Twilio Media Streams: JSON is malformed"),
        (closed(url, "[1]"), 1007, "no message of Twilio Media Streams: Expected `object`"),
        (closed(url, '{"event": "\x1b[2J\\u001b[2J"}'), 1007, "no message of Twilio Media Streams: JSON is"),
        (closed(url, '{"event": "\\u001b[2J"}'), 1007, "?[2J came before start"),
        (send(url, other.media(inbound=b"x")), 1007, "media came before start"),
        (send(url, other.begin(encoding="audio/opus")), 1007, "the call has audio/opus at 8000 Hz in 1 channels"),
        (closed(url, msgspec.json.encode(twice.begin()[1]).decode(), b""), 1007, "a binary message came where"),
    ]
    for (code, reason), expected, start in cases:
        assert (code, reason[: len(start)]) == (expected, start)
    with connect(f"{url}?stream=good", compression=None) as client:
        client.send(bytes(64_000))
    assert next(iter(messages))["stream"] == "good"
    ended = running.stop()
    assert ended.status == 0
    assert "Traceback" not in ended.error


@pytest.mark.slow
def test_only_who_has_the_token_may_send(serving, listen):
    """With --ws-token: in the URL, in a header, or as a parameter of Twilio's call; pages from elsewhere need it."""
    running, url = serving("--ws-token", "sesame")
    messages = listen(running, "window/")
    header = {"Authorization": "Bearer sesame"}
    for options in ({}, {"additional_headers": {"Authorization": "Bearer wrong"}}):
        assert closed(url, bytes(640), **options) == (1008, "the token is missing or wrong")
    assert closed(f"{url}?token=Sesame", bytes(640)) == (1008, "the token is missing or wrong")
    for parameters in ({}, {"token": "wrong"}, {"token": 1}):
        call = Twilio(**parameters)
        assert send(url, call.begin()) == (1008, "the token is missing or wrong")
    call = Twilio("CA1", token="sesame")
    assert send(url, [*call.begin(), *call.media(inbound=bytes(16_000)), *call.stop()]) == (1000, "")
    for address, options in (
        (f"{url}?stream=a&token=sesame", {"origin": "https://elsewhere.example"}),
        (f"{url}?stream=b", {"additional_headers": header}),
    ):
        with connect(address, compression=None, **options) as client:
            client.send(bytes(64_000))
    assert {next(iter(messages))["stream"] for _ in range(3)} == {"CA1.inbound", "a", "b"}


@pytest.mark.slow
def test_pages_from_elsewhere_and_other_paths_are_turned_away(serving):
    """Without a token, a page that is not this machine's own may not send; with a path, only that path is served."""
    _, url = serving(path="/audio")
    base = url.removesuffix("/audio")
    for address, origin, status in (
        (url, "https://elsewhere.example", 403),
        (url, "null", 403),
        (f"{base}/other", None, 404),
        (f"{base}//[", None, 404),
    ):
        with pytest.raises(InvalidStatus) as refused, connect(address, origin=origin):
            pass
        assert refused.value.response.status_code == status
    for address, origin in ((url, "http://localhost:8000"), (f"{url}/?rate=8000", "http://127.0.0.1"), (url, None)):
        with connect(address, origin=origin):
            pass
