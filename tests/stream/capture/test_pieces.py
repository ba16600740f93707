"""Laws of foreseeing pieces: seen soon after they have come, with few looks, whatever their size."""

from bisect import bisect_left, bisect_right

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.capture.pieces import LOOKS, Pieces

RATE, BLOCK = 16_000, 1600
WAKING = 0.0001  # seconds


class Server:
    """Delivers pieces of `piece` frames; its clock is `ppm` fast, and each piece comes up to `jitter` seconds late."""

    def __init__(self, piece: int, ppm: float, jitter: float, seed: int) -> None:
        self._counts = np.arange(1, 30 * RATE // piece) * piece
        late = np.random.default_rng(seed).uniform(0, jitter, self._counts.size)
        self._times = np.maximum.accumulate(self._counts / RATE * (1 - ppm * 1e-6) + late)

    def there(self, now: float) -> int:
        """Frames that have come until `now`."""
        come = bisect_right(self._times, now)
        return int(self._counts[come - 1]) if come else 0

    def when(self, frames: int) -> float:
        """When so many frames had come."""
        return float(self._times[bisect_left(self._counts, frames)])


def follow(server: Server) -> tuple[list[float], int]:
    """How late each block of the first 20 s was seen, in seconds, and the looks that it took in all."""
    now = server.when(1) + WAKING
    first = server.there(now)
    pieces, late, looks = Pieces(RATE, now, first), [], 0
    for end in range(first + BLOCK, 20 * RATE, BLOCK):
        now = max(pieces.due(end), now) + WAKING
        since = 0.0
        for look in LOOKS:
            looks += 1
            pieces.see(now, server.there(now), since)
            if server.there(now) >= end:
                break
            now += look + WAKING
            since = look
        now = max(now, server.when(end))
        late.append(now - server.when(end))
    return late, looks


@given(st.integers(1, 2 * BLOCK), st.floats(-300, 300), st.floats(0, 0.005), st.integers(0, 99))
def test_a_block_is_seen_soon_and_with_few_looks(piece: int, ppm: float, jitter: float, seed: int) -> None:
    """After 3 s, each within the jitter and 10 ms of having come; over 20 s, less than two looks a block."""
    late, looks = follow(Server(piece, ppm, jitter, seed))
    assert max(late[30:]) < jitter + 0.01
    assert looks < 2 * len(late)


def test_pieces_that_come_later_from_now_on_are_found_again() -> None:
    """When the server has paused, the next blocks are looked for, and then foreseen as before."""
    server = Server(1360, 0.0, 0.0, 0)
    server._times[100:] += 0.7
    late, looks = follow(server)
    assert max(late[-50:]) < 0.005
    assert looks < 2 * len(late)


def test_one_late_piece_makes_few_others_late() -> None:
    """Two seconds after a piece that was held up, blocks are seen as soon as they come again."""
    server = Server(BLOCK, 0.0, 0.0, 0)
    server._times[100] += 0.08
    late, _ = follow(server)
    assert max(late[120:]) < 0.005
