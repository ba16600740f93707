"""G.711's tables are libsndfile's."""

import io

import numpy as np
import pytest
import soundfile

from stream.sources.g711 import decode


@pytest.mark.parametrize(("law", "subtype"), [("mu", "ULAW"), ("a", "ALAW")])
def test_every_byte_means_what_libsndfile_says(law, subtype):
    """All 256 bytes of either law decode to libsndfile's samples, in any order and number."""
    payload = bytes(range(256)) * 2
    samples, _ = soundfile.read(
        io.BytesIO(payload), format="RAW", subtype=subtype, samplerate=8000, channels=1, dtype="int16"
    )
    assert np.array_equal(decode(payload, law), samples)
    assert decode(b"", law).size == 0
