"""Laws of advice: from a reading to a verdict."""

import dataclasses

import pytest

from stream.diagnose.advice import judge_levels, judge_mix
from stream.diagnose.finding import Finding
from stream.diagnose.levels import LevelReading

GOOD = LevelReading(
    seconds=1.0, rms_dbfs=-24.0, peak_dbfs=-8.0, clipped_share=0.0, dc_share=0.001, constant=None, mains_hz=50,
    hum_dbfs=-70.0, hum_over_rest_db=-46.0,
)  # fmt: skip


def judged(**changes: object) -> dict[str, Finding]:
    findings = judge_levels("mic", dataclasses.replace(GOOD, **changes))
    return {finding.what.removeprefix("mic, "): finding for finding in findings}


def test_a_good_input_is_ok_in_every_respect():
    """Speech at a fair level without faults gives four lines, all ok."""
    assert {what: finding.verdict for what, finding in judged().items()} == dict.fromkeys(
        ("level", "clipping", "DC offset", "mains hum"), "ok"
    )


@pytest.mark.parametrize(
    ("what", "verdict", "changes"),
    [
        ("level", "note", {"rms_dbfs": -75.0, "peak_dbfs": -60.0}),
        ("level", "note", {"rms_dbfs": -4.0, "peak_dbfs": -0.1}),
        ("clipping", "note", {"clipped_share": 0.001}),
        ("clipping", "FAIL", {"clipped_share": 0.02}),
        ("DC offset", "note", {"dc_share": 0.05}),
        ("DC offset", "note", {"dc_share": -0.05}),
        ("mains hum", "note", {"hum_dbfs": -35.0, "hum_over_rest_db": 5.0}),
    ],
)
def test_each_fault_has_its_line(what, verdict, changes):
    """A fault changes its own line and no other, and says what to do for microphones and for line inputs."""
    findings = judged(**changes)
    assert {name for name, finding in findings.items() if finding.verdict != "ok"} == {what}
    assert findings[what].verdict == verdict
    assert "a microphone: " in findings[what].advice
    assert "a line input: " in findings[what].advice


@pytest.mark.parametrize("value", [0, 17])
def test_a_dead_input_fails_in_one_line(value):
    """Where every sample is the same nothing else is worth saying."""
    (finding,) = judge_levels("mic", dataclasses.replace(GOOD, constant=value, rms_dbfs=-120.0))
    assert finding.verdict == "FAIL"
    assert "--device" in finding.advice


@pytest.mark.parametrize(
    ("levels", "advised"),
    [
        ([-20.0], None),
        ([-20.0, -21.0], None),
        ([-20.0, -120.0], "--channels 0"),
        ([-70.0, -25.0, -80.0], "--channels 1"),
        ([-20.0, -21.0, -120.0], None),
        ([-120.0, -120.0], None),
    ],
)
def test_the_one_channel_that_carries_sound_is_named(levels, advised):
    """Mixing empty channels in is advised against only where a single one carries sound."""
    readings = {str(i): dataclasses.replace(GOOD, rms_dbfs=level) for i, level in enumerate(levels)}
    advice = [finding.advice for finding in judge_mix("mic", readings)]
    assert advice == ([f"genderstream run {advised}"] if advised else [])


def test_a_finding_is_one_line():
    """Whatever an error's message holds, a finding is one line."""
    assert str(Finding("FAIL", "model", "bad\nnews", "do\nthis")) == "FAIL  model: bad news - do this"
