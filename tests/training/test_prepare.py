"""From a folder of recordings to windows on disk, and what is refused before hours are spent."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyworld")
pytest.importorskip("mido")
pytest.importorskip("pyroomacoustics")
pytest.importorskip("webrtcvad")
pytest.importorskip("ai_edge_litert")

import soundfile  # after the skips

from models import UnusableError
from training import conditions, pools, prepare
from training.audio import RATE
from training.chain import Chances
from training.effects import midi
from training.effects.codecs import CODECS, missing
from training.examples import GROUPS
from training.plan import Plan
from training.shards import FEATURES, FRAMES, read_shards

NOT_HERE = [reason for codec in CODECS if (reason := missing(codec))]
HEADER = "path,kind,corpus,speaker,gender,age,language,split,use,licence,seconds,note\n"
PITCH = {"female": 210, "male": 110, "child": 290}
WINDOWS = 40


def _voice(pitch: float, seconds: float = 4.0) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    hz = pitch * (1 + 0.1 * np.sin(2 * np.pi * 0.8 * t))
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    sound = np.sum([np.sin(k * phase) * np.exp(-(((k * pitch - 600) / 700) ** 2)) for k in range(1, 16)], axis=0)
    return 0.2 * sound * (0.55 + 0.45 * np.sin(2 * np.pi * 3 * t))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A woman, a man, a child, noise, music and a room in train; a woman, a man and noise in dev."""
    rng, rows, folder = np.random.default_rng(0), [], tmp_path / "data"
    folder.mkdir()
    kept = {"train": ("female", "male", "child", "noise", "music", "rir"), "dev": ("female", "male", "noise", "music")}
    for split, name in ((split, name) for split, names in kept.items() for name in names):
        path, kind = f"{split}-{name}.wav", "speech" if name in PITCH else name
        noise = rng.standard_normal(4 * RATE) * (np.exp(-np.arange(4 * RATE) / 800) if name == "rir" else 0.1)
        soundfile.write(folder / path, _voice(PITCH[name]) if name in PITCH else noise, RATE)
        gender, age = "female" if name == "child" else name if kind == "speech" else "", "8" if name == "child" else ""
        rows.append(f"{path},{kind},c,{path if gender else ''},{gender},{age},,{split},train,ours,4,\n")
    (folder / "manifest.csv").write_text(HEADER + "".join(rows))
    return folder


def test_missing_codecs_are_named_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a codec preparation ends before it writes anything, and says what to install."""
    monkeypatch.setattr(prepare, "missing", lambda codec: "install this" if codec == "gsm" else "")
    with pytest.raises(UnusableError, match="install this"):
        prepare.prepare(tmp_path, tmp_path / "work", teacher=tmp_path, windows=1, processes=1, seed=1)
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("chances", [prepare.PLAIN, prepare.WHOLE])
def test_a_codec_does_not_tell_a_voice_from_a_noise(chances: Chances) -> None:
    """Voices, noise and music meet codecs, mobiles, telephones and losses equally often."""
    voice, other = (prepare.chances_of(chances, is_voice=is_voice) for is_voice in (True, False))
    for field in ("mobile", "coded", "telephone", "narrow", "lost", "coded_lost", "room", "wind", "handled", "level"):
        assert getattr(voice, field) == getattr(other, field)


def test_the_shares_of_the_groups_make_a_whole() -> None:
    """Women and men are drawn equally often."""
    assert sum(GROUPS.values()) == pytest.approx(1.0)
    assert GROUPS["female"] == GROUPS["male"]


@pytest.mark.skipif(bool(NOT_HERE), reason="; ".join(NOT_HERE))
def test_the_way_from_recordings_to_windows(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pools, shards and dev conditions of a small corpus; the same seed makes the same windows."""
    if not all(font.is_file() for font in midi.SOUND_FONTS.values()):
        pytest.skip("no sound fonts here")
    monkeypatch.setattr(pools, "SYNTHETIC_CLIPS", {"train": 2, "dev": 1})
    monkeypatch.setattr(pools, "SOUND_FONT_CLIPS", {"train": 2, "dev": 1})
    monkeypatch.setattr(pools, "SIMULATED_ROOMS", 2)
    monkeypatch.setattr(prepare, "SHARD", WINDOWS)
    prepare.prepare(data, tmp_path / "work", teacher=tmp_path, windows=WINDOWS, processes=1, seed=1)
    plan = Plan(data, tmp_path / "work", tmp_path, WINDOWS, 1)
    train, dev = read_shards([plan.shard("train", 0)]), read_shards([plan.shard("dev", 0)])
    assert train.log_mel.shape == (WINDOWS, FRAMES, FEATURES.bands)
    assert np.isfinite(train.log_mel).all()
    assert {"clean", "noise", "telephone", "room", "wind", "mobile", *conditions.CODED_DEV} == set(dev.origin[:, 0])
    plan.shard("train", 0).rename(tmp_path / "former.npy")
    prepare.prepare(data, tmp_path / "work", teacher=tmp_path, windows=WINDOWS, processes=1, seed=1)
    assert np.array_equal(np.load(tmp_path / "former.npy"), np.load(plan.shard("train", 0)))
