"""From a level reading to what to do about it, for microphones and for line inputs. Pure."""

from collections.abc import Iterator, Mapping

from stream.diagnose.finding import Finding, fail, note, ok
from stream.diagnose.levels import LevelReading

TOO_QUIET_DBFS = -60.0  # quieter than a room with nobody in it at a fair gain
QUIET_DBFS = -45.0  # speech lies above it
TOO_LOUD_DBFS = -9.0  # speech whose RMS is this high has no headroom left for its peaks
MUCH_CLIPPING = 0.01  # share of samples at full scale that spoils the spectrum
DC_SHARE = 0.01  # of full scale
HUM_DBFS = -60.0  # hum below it is inaudible beside speech
HUM_OVER_REST_DB = -6.0  # a low voice that moves little may read -8; hum this far below the rest does no harm
ALONE_DB = 20.0  # a channel this far below the loudest carries nothing of its own


def judge_levels(name: str, reading: LevelReading) -> Iterator[Finding]:
    """What `reading` says about the input `name`: level, clipping, DC offset, hum."""
    yield _level(f"{name}, level", reading)
    if reading.constant is None:
        yield _clipping(f"{name}, clipping", reading)
        yield _dc_offset(f"{name}, DC offset", reading)
        yield _hum(f"{name}, mains hum", reading)


def judge_mix(name: str, readings: Mapping[str, LevelReading]) -> Iterator[Finding]:
    """What mixing these channels (by number) costs where only some carry sound."""
    loudest = max(readings, key=lambda channel: readings[channel].rms_dbfs)
    top = readings[loudest].rms_dbfs
    empty = [channel for channel, reading in readings.items() if reading.rms_dbfs < top - ALONE_DB]
    if empty and len(empty) == len(readings) - 1:
        yield note(
            f"{name}, channels",
            f"only channel {loudest} of {len(readings)} carries sound ({top:.1f} dBFS), "
            "and the mix of all is quieter and noisier than that one alone",
            f"genderstream run --channels {loudest}",
        )


def _level(what: str, reading: LevelReading) -> Finding:
    if reading.constant == 0:
        return fail(
            what, f"only zeros for {reading.seconds:.1f} s: digital silence, which no open microphone gives",
            "it is muted, turned down to nothing, or this program may not listen: unmute it (alsamixer, pavucontrol), "
            "allow microphone access (group audio), see what is plugged in; or choose another with --device",
        )  # fmt: skip
    if reading.constant is not None:
        return fail(
            what, f"every sample of {reading.seconds:.1f} s is {reading.constant}: the device runs but does not listen",
            "unplug it and plug it in again, or choose another with --device",
        )  # fmt: skip
    found = f"RMS {reading.rms_dbfs:.1f} dBFS, peak {reading.peak_dbfs:.1f} dBFS"
    if reading.rms_dbfs < TOO_QUIET_DBFS:
        return note(
            what, f"{found}: too quiet",
            "if somebody was speaking: a microphone: raise its capture volume, come closer; "
            "a line input: raise the source's output or the input's gain, push the plug wholly in",
        )  # fmt: skip
    if reading.rms_dbfs > TOO_LOUD_DBFS:
        return note(
            what, f"{found}: too loud, no headroom is left",
            "a microphone: lower its capture volume; a line input: turn the source down, or put a pad before the input",
        )  # fmt: skip
    quiet = " (nobody speaking? speech reads -40 to -15)" if reading.rms_dbfs < QUIET_DBFS else ""
    return ok(what, found + quiet)


def _clipping(what: str, reading: LevelReading) -> Finding:
    if not reading.clipped_share:
        return ok(what, "none, no sample is at full scale")
    found = f"{100 * reading.clipped_share:.2g} % of the samples are at full scale"
    advice = (
        "a microphone: lower its capture volume, switch its boost off, step back; a line input: turn the source down, "
        "or put a pad (an attenuator of 20 dB) before the input; never connect a loudspeaker's output"
    )
    much = reading.clipped_share >= MUCH_CLIPPING
    return fail(what, found, advice) if much else note(what, found, advice)


def _dc_offset(what: str, reading: LevelReading) -> Finding:
    found = f"{100 * reading.dc_share:.1f} % of full scale"
    if abs(reading.dc_share) < DC_SHARE:
        return ok(what, found)
    return note(
        what, f"{found}: it takes headroom and disturbs the lowest band",
        "a microphone: use another input or a USB sound card; a line input: the source gives DC, couple it through "
        "a capacitor or an isolation transformer (AC coupling)",
    )  # fmt: skip


def _hum(what: str, reading: LevelReading) -> Finding:
    found = (
        f"{reading.hum_dbfs:.1f} dBFS at {reading.mains_hz} Hz and its harmonics, "
        f"{abs(reading.hum_over_rest_db):.0f} dB {'above' if reading.hum_over_rest_db > 0 else 'below'} the rest"
    )
    if reading.hum_dbfs < HUM_DBFS:
        return ok(what, "none")
    if reading.hum_over_rest_db < HUM_OVER_REST_DB:
        return ok(what, found)
    return note(
        what, found,
        "a microphone: keep its cable away from power supplies, take a shielded or balanced one; a line input: "
        "a ground loop, most likely: power both devices from one outlet, or put an isolation transformer between them",
    )  # fmt: skip
