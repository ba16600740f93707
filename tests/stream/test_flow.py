"""Laws of the watchdog's question: windows flow, or there is an honest reason why not."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.messages import HealthMessage, StreamHealth
from stream.outputs.flow import STUCK_SECONDS, Flow

RATE = 16_000
STEP = 5.0  # seconds between health messages
QUIET = StreamHealth(
    state="healthy", cause=None, state_seconds=0.0, sample_rate=RATE, captured=0, processed=0, waiting=0, lost={},
    overflows=0, restarts=0, drift_ppm=None, windows=0, skipped=0, stride=1, speaking_seconds={}, speaking_share={},
    latency_ms=None,
)  # fmt: skip


def health(**streams):
    return HealthMessage(
        epoch="e", sequence=0, time=None, model="m", daemon="d", uptime=0.0, late_ms=0.0, streams=streams
    )


def lived(changes, steps=6):
    """What is said of a stream `a` that changes so at each of some health messages, beside one that flows."""
    flow, a, b, said = Flow(), QUIET, QUIET, []
    for step in range(steps):
        said.append(flow.stuck(health(a=a, b=b), step * STEP))
        a = changes(a)
        b = flowing(b)
    return said


def flowing(stream, windows=10):
    """Five seconds on, all is well."""
    samples = int(STEP * RATE)
    return replace(
        stream, state_seconds=stream.state_seconds + STEP, captured=stream.captured + samples,
        processed=stream.processed + samples, windows=stream.windows + windows,
    )  # fmt: skip


def silent(stream, **changes):
    return replace(stream, state_seconds=stream.state_seconds + STEP, **changes)


@given(st.sampled_from(["starting", "stalled", "recovering", "failed", "silent"]), st.integers(0, 5 * RATE - 1))
def test_who_has_nothing_to_do_is_idle(state, waiting):
    """No audio, or less than a window waiting: no reason to start anew, whatever the device is up to."""
    assert lived(lambda stream: silent(stream, state=state, waiting=waiting)) == [""] * 6


def test_windows_that_flow_are_well():
    """Nobody is stuck while windows come, nor while losses leave none, nor when the stream has ended."""
    assert lived(flowing) == [""] * 6
    assert lived(lambda stream: replace(flowing(stream, windows=0), lost={"network": stream.captured + 1})) == [""] * 6
    assert lived(lambda stream: replace(stream, state="ended")) == [""] * 6


def test_audio_that_nobody_takes_is_stuck():
    """Whole windows wait, and the worker takes nothing."""
    said = lived(lambda stream: silent(stream, captured=stream.captured + RATE, waiting=6 * RATE))
    assert [bool(each) for each in said] == [False] * 3 + [True] * 3
    assert said[-1] == "stuck: a has not gone on for 25 s"


def test_audio_without_windows_is_stuck():
    """The worker takes audio, nothing is lost, and no window comes of it."""
    said = lived(lambda stream: flowing(stream, windows=0), steps=9)
    assert not any(said[: int(STUCK_SECONDS / STEP) + 1])
    assert said[-1].startswith("stuck: a ")


def test_a_stream_that_nobody_looks_at_is_stuck():
    """Not even its age changes: its worker hangs, or has died."""
    assert [bool(each) for each in lived(lambda stream: stream)] == [False] * 3 + [True] * 3
    assert [bool(each) for each in lived(lambda stream: replace(stream, state="failed"), 9)] == [False] * 4 + [True] * 5


def test_what_goes_on_again_is_well_again():
    """Being stuck is no state of its own: once it goes on, nothing is left of it."""
    flow = Flow()
    for step in range(5):
        flow.stuck(health(a=QUIET), step * STEP)
    assert flow.stuck(health(a=QUIET), 25.0)
    assert not flow.stuck(health(a=flowing(QUIET)), 30.0)


def test_who_was_held_up_gets_another_chance():
    """A process that was stopped for an hour, or slept, has nothing to answer for yet."""
    flow = Flow()
    assert not flow.stuck(health(a=QUIET), 0.0)
    assert not flow.stuck(health(a=QUIET), 3600.0)
