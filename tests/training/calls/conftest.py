"""A woman and a man from the demo recording, as voices and as a tiny corpus."""

from pathlib import Path

import pytest

pytest.importorskip("scipy")
pytest.importorskip("mido")
pytest.importorskip("ai_edge_litert")

import soundfile

from training.audio import RATE, Int16, read_audio
from training.calls.simulate import Voice

COLUMNS = "path,kind,corpus,speaker,gender,age,language,split,use,licence,seconds,note"


@pytest.fixture(scope="session")
def spoken(demo: Path) -> dict[str, list[Int16]]:
    """Two clips of either gender."""
    samples = read_audio(demo)
    at = {"female": ((0.0, 2.4), (2.4, 4.8)), "male": ((5.1, 8.0), (8.0, 11.2))}
    return {who: [samples[int(a * RATE) : int(b * RATE)] for a, b in places] for who, places in at.items()}


@pytest.fixture(scope="session")
def voices(spoken: dict[str, list[Int16]]) -> list[Voice]:
    """Ann and Bob."""
    return [Voice("ann", "demo", "female", spoken["female"]), Voice("bob", "demo", "male", spoken["male"])]


@pytest.fixture
def corpus(tmp_path: Path, spoken: dict[str, list[Int16]]) -> Path:
    """A data folder whose speakers are in any split; what is evaluate only is not there."""
    data = tmp_path / "data"
    data.mkdir()
    rows = [COLUMNS]
    for split in ("train", "dev", "test"):
        for number in range(2):
            for gender, clips in spoken.items():
                name = f"{split}-{gender}-{number}"
                for place, clip in enumerate(clips):
                    soundfile.write(data / f"{name}-{place}.flac", clip, RATE)
                    rows.append(
                        f"{name}-{place}.flac,speech,demo,{name},{gender},adult,en,{split},train,CC0,2.4,"
                    )  # fmt: skip
    rows.append("gone.flac,speech,ravdess,actor,male,adult,en,test,evaluate only,CC0,2.4,")
    (data / "manifest.csv").write_text("\n".join(rows) + "\n")
    return data
