"""A microphone that goes, hangs or becomes another: what a subscriber saw, under real PortAudio and PulseAudio."""

import signal

import pytest
from observer import await_end, captures, is_alive, kill, stop

pytestmark = pytest.mark.slow


@pytest.fixture
def hears(daemon, observe, sound, speak):
    """A daemon that hears a woman from the device `one`, and a subscriber that has read so."""
    speak("one", "female")
    running = daemon("mic:one", env=sound.environment)
    observer = observe(running)
    observer.await_window("one", "female")
    return running, observer


def assert_recovered(running, observer, before, cause):
    """The stream got lost for `cause`, came back and says what it missed; the daemon ends well."""
    told = [health["streams"]["one"] for health in observer.healths if "one" in health["streams"]]
    assert cause in next(each["cause"] for each in told if each["state"] == "recovering")
    window = observer.await_window("one", "female")
    assert window["lost_samples"] > 0
    assert window["start"] >= before["end"] + window["lost_samples"] / 16_000 - 1e-6
    health = observer.await_health(lambda health: health["streams"]["one"]["state"] == "healthy")
    assert health["streams"]["one"]["restarts"] >= 1
    assert health["streams"]["one"]["cause"] is None
    states = observer.states("one")
    assert states[states.index("recovering") + 1] in ("healthy", "silent")  # never stalled, once it is heard again
    ended = running.stop()
    assert ended.status == 0
    assert ended.error.count("lost (") == 1
    assert ended.error.count("heard again, after") == 1
    assert "samples lost" in ended.error


def test_a_device_that_is_unplugged_and_plugged_in(hears, sound, speak):
    """The sound server moves the stream to another source; that is never heard, and the device is, when it is back."""
    running, observer = hears
    speak("two", "male")  # where the server moves the stream
    before = observer.windows["one"][-1]
    sound.unplug("one")
    observer.await_state("one", "recovering")
    sound.plug("one")
    speak("one", "female")
    assert_recovered(running, observer, before, "one.monitor became two.monitor")
    assert not {window["label"] for window in observer.windows["one"]} & {"male"}


def test_a_device_that_is_suspended(hears, sound):
    """A source that delivers nothing is stalled, then lost; when it goes on, so does the stream."""
    running, observer = hears
    before = observer.windows["one"][-1]
    sound.pactl("suspend-sink", "one", "1")
    observer.await_state("one", "stalled")
    observer.await_state("one", "recovering")
    sound.pactl("suspend-sink", "one", "0")
    assert_recovered(running, observer, before, "no audio for")


def test_a_sound_server_that_is_killed(hears, sound, speak):
    """When the server dies, the stream waits for the next one."""
    running, observer = hears
    before = observer.windows["one"][-1]
    kill(sound.process)
    observer.await_state("one", "recovering")
    assert not sound.start()
    speak("one", "female")
    assert_recovered(running, observer, before, "the device has gone")


def test_a_capture_process_that_is_killed(hears):
    """When the process dies, another takes over."""
    running, observer = hears
    before = observer.windows["one"][-1]
    kill(captures(running)["one"])
    observer.await_state("one", "recovering")
    assert_recovered(running, observer, before, "ended with status -9")


def test_a_capture_process_that_hangs(hears):
    """A process that sends nothing is stalled, then killed whatever it does; another takes over."""
    running, observer = hears
    before = observer.windows["one"][-1]
    hanging = captures(running)["one"]
    stop(hanging)
    observer.await_state("one", "stalled")
    observer.await_state("one", "recovering")
    assert not is_alive(hanging)
    assert_recovered(running, observer, before, "no audio for 2.5 s")


def test_a_storm_of_overruns(daemon, observe, sound, speak, preload, tmp_path):
    """ALSA overruns again and again: counted, lost for that cause and opened anew; once it is over, it is heard."""
    storm = tmp_path / "storm"
    speak("one", "female")
    running = daemon("mic:one", env=sound.environment | preload("overrun") | {"OVERRUN": str(storm)})
    observer = observe(running)
    before = observer.await_window("one", "female")
    storm.touch()
    lost = observer.await_state("one", "recovering")
    assert lost["overflows"] == int(lost["cause"].split()[0]) > 1
    storm.unlink()
    assert_recovered(running, observer, before, "overflows within")


def test_the_default_device_may_become_another(daemon, observe, sound, speak):
    """Without a name the default device is heard, whatever it is; a change costs a gap, and is said."""
    speak("one", "female")
    speak("two", "male")
    running = daemon("mic", env=sound.environment)
    observer = observe(running)
    observer.await_window("mic", "female")
    sound.pactl("move-source-output", recording(sound), "two.monitor")
    sound.pactl("set-default-source", "two.monitor")
    lost = observer.await_state("mic", "recovering")
    assert lost["cause"] == "one.monitor became two.monitor"
    assert observer.await_window("mic", "male")["lost_samples"] > 0
    assert "is two.monitor now, and was one.monitor" in running.stop().error


def recording(sound):
    """The number of the one recording."""
    return sound.pactl("list", "short", "source-outputs").split()[0]


def test_beside_a_microphone_that_fails_another_never_notices(
    daemon, observe, sound, speak, start, voices, sound_server, tmp_path, stack
):
    """While one device's process is killed, then its sound server, another stream loses and misses nothing."""
    (tmp_path / "other").mkdir()
    other = stack.enter_context(sound_server(tmp_path / "other", "three"))
    sound.adopt(other, "three")
    speak("one", "female")
    start("paplay", "--device=three", voices["male"], env=other.environment)
    running = daemon("mic:one", "mic:three", env=sound.environment)
    observer = observe(running)
    observer.await_window("one", "female")
    observer.await_window("three", "male")
    kill(captures(running)["one"])
    observer.await_health(lambda health: health["streams"]["one"]["restarts"] == 1)
    observer.await_state("one", "healthy", "silent")
    kill(sound.process)
    observer.await_health(lambda health: health["streams"]["one"]["restarts"] >= 3)
    assert not sound.start()
    speak("one", "female")
    observer.await_state("one", "healthy")
    assert observer.await_window("one", "female")["lost_samples"] > 0
    assert observer.await_window("three", "male")["lost_samples"] == 0
    assert set(observer.states("three")) <= {"starting", "healthy"}
    assert {window["gap_before"] for window in observer.windows["three"]} == {0}
    assert running.stop().status == 0


def test_beside_a_device_that_is_unplugged_another_never_notices(daemon, observe, sound, speak):
    """On the same sound server a device goes and comes back, and the other one, which is the default, hears on."""
    sound.pactl("set-default-source", "two.monitor")
    speak("one", "female")
    speak("two", "male")
    running = daemon("mic:one", "mic:two", env=sound.environment)
    observer = observe(running)
    observer.await_window("one", "female")
    observer.await_window("two", "male")
    sound.unplug("one")
    observer.await_state("one", "recovering")
    sound.plug("one")
    speak("one", "female")
    observer.await_state("one", "healthy")
    assert observer.await_window("one", "female")["lost_samples"] > 0
    assert observer.await_window("two", "male")["lost_samples"] == 0
    assert set(observer.states("two")) <= {"starting", "healthy"}
    assert {window["gap_before"] for window in observer.windows["two"]} == {0}
    assert running.stop().status == 0


def test_a_device_that_never_comes_back_has_failed(hears, sound):
    """After a minute without its device the stream has failed, and stream time has gone on all the while."""
    running, observer = hears
    sound.unplug("one")
    lost = observer.await_state("one", "recovering")
    failed = observer.await_state("one", "failed")
    missed = failed["lost"]["device"] - lost["lost"]["device"]
    assert missed > 55 * failed["sample_rate"]
    ended = running.stop()
    assert ended.status == 0
    assert "not back after 60 s" in ended.error


def test_the_daemons_end_is_that_of_its_capture_processes(hears):
    """However the daemon ends, its capture processes do."""
    running, _ = hears
    children = captures(running).values()
    assert all(map(is_alive, children))
    assert running.stop().status == 0
    assert not any(map(is_alive, children))


def test_a_killed_daemon_leaves_no_capture_process(hears):
    """Even SIGKILL of the daemon ends them: their standard input has."""
    running, _ = hears
    children = list(captures(running).values())
    assert running.finish(signal.SIGKILL).status == -signal.SIGKILL
    for child in children:
        await_end(child)
