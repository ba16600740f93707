"""RTP: `rtp://HOST:PORT`, where every sender (address and SSRC) is a call's leg, a stream of its own.

A batch of datagrams is parsed and decoded at once; the loop over its packets does no more than find the leg
and hand on a view. A sender is believed from its second packet in order on, so that stray datagrams open no
streams. A leg ends when RTCP says goodbye for it, or nothing has come for `leg_pause` seconds; what comes then is a
new call.
"""

import math
import socket
import time
from array import array
from collections import OrderedDict
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple

import numpy as np

from models import UnusableError
from stream.memory import NoMemoryError
from stream.sources import InputSettings, Intake
from stream.sources.channels import ChannelWriter
from stream.sources.datagrams import BATCH, MOST_BYTES, describe_sender
from stream.sources.rtp.control import bind_beside, find_goodbyes
from stream.sources.rtp.formats import Format, Payloads, read_formats
from stream.sources.rtp.leg import Leg, Packet
from stream.sources.rtp.packets import Bytes, Integers, Packets, parse
from stream.sources.switchboard import MOST_AHEAD_SECONDS, Switchboard, bind, split_address, where

_MOST_BATCHES = 16  # in a row, before others have their turn
_MOST_NEWCOMERS = 1024  # senders of which one packet is known
_NEWCOMER_SECONDS = 5.0
_MOST_CONTROLS = 64  # RTCP datagrams in a row
_BUFFER_BYTES = 4 << 20  # that the kernel is asked to keep for us
_FORCE_BUFFER = 33  # SO_RCVBUFFORCE of Linux: beyond net.core.rmem_max, for root
_MEMORY_INFO, _MEMORY_FIELDS = 55, 9  # SO_MEMINFO of Linux: the last of its fields counts drops
_LOOK_SECONDS = 0.25  # how often legs are looked through for those that have ended

_Key = bytes  # a sender's port (2), address and SSRC (4)


class _Newcomer(NamedTuple):
    packet: Packet
    form: Format
    came: float


class _Known(NamedTuple):
    leg: Leg
    form: Format
    writer: ChannelWriter


def open_source(source: str, settings: InputSettings) -> "RtpPort":
    """`rtp://HOST:PORT[?payload=TYPE:ENCODING/RATE/CHANNELS]`."""
    return RtpPort(source, settings)


class RtpPort:
    """A Port for RTP over UDP."""

    def __init__(self, source: str, settings: InputSettings) -> None:
        url = split_address(source, "rtp://127.0.0.1:5004")
        self._formats = read_formats(source, url.query)
        self._settings = settings
        self._socket = bind(source, url, socket.SOCK_DGRAM)
        if ip_address(self._socket.getsockname()[0]).is_multicast:
            raise UnusableError(
                f"{source} is a multicast group, which is not joined: expected an address of this machine"
            )
        _ask_for_room(self._socket)
        self.source = where(source, self._socket)
        self._legs: dict[_Key, _Known] = {}
        self._waiting: set[_Key] = set()  # legs that hold packets
        self._newcomers: OrderedDict[_Key, _Newcomer] = OrderedDict()
        self._control: socket.socket | None = None  # for RTCP
        self._look_due = 0.0
        self._dropped = 0  # datagrams, by the kernel, so far

    def capture(self, intake: Intake) -> None:
        """Serve this port alone."""
        Switchboard([self]).capture(intake)

    def begin(self, board: Switchboard, intake: Intake) -> None:
        """Listen."""
        self._intake, self._datagrams = intake, board.datagrams
        board.watch(self._socket, self._read)
        self._control = bind_beside(self._socket)  # not before: by now all other inputs have their ports
        if self._control:
            board.watch(self._control, self._read_control)
        intake.say(f"listening on {self.source}")

    def tick(self, now: float) -> float:
        """Give up what legs have waited for long enough; end those that are silent for too long."""
        due = min((self._tick_leg(key, now) for key in tuple(self._waiting)), default=math.inf)
        if now >= self._look_due:
            self._look_due = now + _LOOK_SECONDS
            self._count_overflow()
            for key, known in list(self._legs.items()):
                if now - known.leg.heard > self._settings.leg_pause:
                    self._hang_up(key, now)
            while self._newcomers and now - next(iter(self._newcomers.values())).came > _NEWCOMER_SECONDS:
                self._turn_away(self._newcomers.popitem(last=False)[0])
        return min(due, self._look_due if self._legs or self._newcomers else math.inf)

    def end(self) -> None:
        """Hear what has arrived, and end all legs."""
        self._read()
        now = time.monotonic()
        for key in list(self._legs):
            self._hang_up(key, now)
        self._socket.close()
        if self._control:
            self._control.close()

    def _read(self) -> None:
        for _ in range(_MOST_BATCHES):
            count = self._datagrams.read(self._socket)
            if count:
                self._hear(self._datagrams.content[:count], self._datagrams.lengths[:count], self._datagrams.senders)
            if count < BATCH:
                return

    def _read_control(self) -> None:
        self._read()  # what was sent before the goodbye
        assert self._control
        for _ in range(_MOST_CONTROLS):
            try:
                datagram, (host, *_) = self._control.recvfrom(MOST_BYTES)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self._part(datagram, socket.inet_pton(self._control.family, host.partition("%")[0]))

    def _part(self, datagram: bytes, host: bytes) -> None:
        """End the legs of `host` that RTCP says are leaving."""
        leaving = find_goodbyes(datagram)
        now = time.monotonic()
        for key in [key for key in self._legs if leaving and key[-4:] in leaving and key[2:-4] == host]:
            self._hang_up(key, now)

    def _hear(self, content: Bytes, lengths: Integers, senders: Bytes) -> None:
        now = time.monotonic()
        packets = parse(content, lengths)
        if packets.malformed:
            self._refuse("malformed", f"a datagram is no RTP packet of at most {MOST_BYTES} bytes", packets.malformed)
        if packets.rows.size:
            self._take_all(packets, content, senders, now)
        for row in packets.control:
            self._part(content[row, : lengths[row]].tobytes(), senders[row, 2:].tobytes())

    def _take_all(self, packets: Packets, content: Bytes, senders: Bytes, now: float) -> None:
        payloads = Payloads(content, int(packets.sizes.max()))
        keys = _keys(content, senders, packets)
        columns = zip(
            packets.rows.tolist(), keys, packets.kinds.tolist(), packets.sequences.tolist(),
            packets.timestamps.tolist(), packets.sizes.tolist(), strict=True,
        )  # fmt: skip
        for row, key, kind, sequence, timestamp, size in columns:
            form = self._formats.get(kind)
            if form is None:
                self._refuse("payload type", f"{kind} is unknown: expected PCMU, PCMA, or ?payload={kind}:L16/RATE")
                continue
            samples = payloads.samples(row, size, form) if form.encoding != "none" else None
            self._take(key, Packet(sequence, timestamp, samples), form, now)

    def _take(self, key: _Key, packet: Packet, form: Format, now: float) -> None:
        known = self._legs.get(key)
        if known is None:
            if packet.samples is not None:
                self._meet(key, packet, form, now)
        elif form is known.form or packet.samples is None or form.fits(known.form):
            known.leg.take(packet, now)
            if known.leg.waits:
                self._waiting.add(key)
        else:
            self._refuse("format", "a call went on at another rate; it ends after a pause, then begins anew")

    def _meet(self, key: _Key, packet: Packet, form: Format, now: float) -> None:
        """A packet of a sender that is no leg yet: its second in order makes it one."""
        before = self._newcomers.pop(key, None)
        if before is not None and abs(_distance(before.packet, packet)) in range(1, 17) and before.form == form:
            first, second = sorted((before.packet, packet), key=lambda each: _distance(before.packet, each))
            self._answer(key, first, form, now)
            if key in self._legs:
                for each in (first, second):
                    self._legs[key].leg.take(each, now)
            return
        if before is not None:
            self._turn_away(key)
        while len(self._newcomers) >= _MOST_NEWCOMERS:
            self._turn_away(self._newcomers.popitem(last=False)[0])
        self._newcomers[key] = _Newcomer(packet.kept(), form, now)

    def _answer(self, key: _Key, first: Packet, form: Format, now: float) -> None:
        """Open a leg's stream, if there is room."""
        settings = self._settings
        if len(self._legs) >= settings.most_legs:
            self._refuse("legs", f"{settings.most_legs} calls at once are the most (--most-legs)")
            return
        if settings.channels.isdigit() and int(settings.channels) >= form.channels:
            self._refuse("channels", f"--channels is {settings.channels}: a call has {form.channels}, counted from 0")
            return
        try:
            writer = ChannelWriter(
                self._intake, _name(key, settings.stream or "rtp"), settings,
                channels=form.channels, rate=form.rate, live=True, timed=True, block=MOST_BYTES,
            )  # fmt: skip
        except NoMemoryError as error:
            self._refuse("memory", str(error))
            return
        leg = Leg(
            writer if form.channels > 1 else writer.rings[0], first, rate=form.rate, wait=settings.leg_wait,
            pause=settings.leg_pause, now=now, late=self._count_late, early=self._count_early,
        )  # fmt: skip
        self._legs[key] = _Known(leg, form, writer)

    def _tick_leg(self, key: _Key, now: float) -> float:
        leg = self._legs[key].leg
        due = leg.tick(now)
        if not leg.waits:
            self._waiting.discard(key)
        return due

    def _hang_up(self, key: _Key, now: float) -> None:
        known = self._legs.pop(key)
        self._waiting.discard(key)
        known.leg.finish(now)
        known.writer.close()

    def _turn_away(self, key: _Key) -> None:
        self._refuse("stray", f"{_name(key, 'rtp')} sent a packet that no other followed in order")

    def _count_overflow(self) -> None:
        """What the kernel dropped because we came too late; Linux tells."""
        with suppress(OSError):
            memory = array("I", self._socket.getsockopt(socket.SOL_SOCKET, _MEMORY_INFO, 4 * _MEMORY_FIELDS))
            if len(memory) == _MEMORY_FIELDS and memory[-1] != self._dropped:
                missed = (memory[-1] - self._dropped) % (1 << 32)
                self._dropped = memory[-1]
                self._refuse("overflow", "the kernel's buffer was full: see net.core.rmem_max in docs/rtp.md", missed)

    def _count_late(self) -> None:
        self._refuse("late", "a packet came twice, or too late")

    def _count_early(self) -> None:
        self._refuse("early", f"a call came faster than it sounds, by more than {MOST_AHEAD_SECONDS:g} s")

    def _refuse(self, cause: str, why: str, count: int = 1) -> None:
        self._intake.refuse(self.source, cause, count, why=why)


def _keys(content: Bytes, senders: Bytes, packets: Packets) -> list[_Key]:
    """Who sent each packet: its port, address and SSRC."""
    both = np.concatenate([senders[packets.rows], content[packets.rows, 8:12]], axis=1)
    return [both_row.tobytes() for both_row in both]


def _name(key: _Key, prefix: str) -> str:
    """PREFIX-ADDRESS-PORT-SSRC; colons are no part of a stream's name."""
    host, port = describe_sender(key[:-4])
    end = f"-{host.replace(':', '-')}-{port}-{key[-4:].hex()}"
    return prefix[: 64 - len(end)] + end


def _distance(one: Packet, other: Packet) -> int:
    return (other.sequence - one.sequence + 0x8000) % 0x10000 - 0x8000


def _ask_for_room(bound: socket.socket) -> None:
    """A kernel buffer that survives a busy moment; the default holds ten milliseconds of 400 calls."""
    try:
        bound.setsockopt(socket.SOL_SOCKET, _FORCE_BUFFER, _BUFFER_BYTES)
    except OSError:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
