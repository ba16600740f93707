"""The protocol, its figures, and the law of looks."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("webrtcvad")
pytest.importorskip("soxr")
pytest.importorskip("scipy")
pytest.importorskip("ai_edge_litert")
pytest.importorskip("matplotlib")
pytest.importorskip("pyroomacoustics")
pytest.importorskip("mido")
pytest.importorskip("soundfile")

import soundfile

import training.evaluate
from models import VOICE, UnusableError, load_model
from training.audio import RATE, WINDOW, read_audio, rms, to_float
from training.corpora import Recording
from training.effects.codecs import CODECS
from training.evaluate import LOOKS, emotion, evaluate, log_look
from training.figures import calibration, calibration_error, gap, others, share, tabulate, voices
from training.figures import risk_curve as curve
from training.protocol import CONDITIONS, Answers, Conditions, Scorer, coded, living_room
from training.report.evaluation import read_evaluation


def _recording(speaker: str = "", gender: str = "") -> Recording:
    return Recording(speaker, "speech", "c", speaker, gender, None, "test", "test", "ours", "")  # type: ignore[arg-type]


def test_looks_are_counted_and_end(tmp_path: Path) -> None:
    """Evaluate-only data is looked at ten times at most, each time with a reason that is written down."""
    path = tmp_path / "looks.csv"
    with pytest.raises(UnusableError, match="reason"):
        log_look(path, "voice", "")
    for number in range(LOOKS):
        log_look(path, "voice", f"because {number}")
    with pytest.raises(UnusableError, match="10 looks"):
        log_look(path, "voice", "once more")
    rows = list(csv.DictReader(path.open()))
    assert [row["reason"] for row in rows] == [f"because {number}" for number in range(LOOKS)]


def test_an_interval_draws_speakers_not_windows() -> None:
    """Many windows of one speaker make an interval no narrower; one speaker has no spread at all."""
    right = np.array([True, False])
    few = share(right, np.array(["a", "b"]))
    many = share(np.repeat(right, 500), np.repeat(["a", "b"], 500))
    assert (few.value, few.low, few.high) == (many.value, many.low, many.high) == (0.5, 0.0, 1.0)
    one = share(np.array([True, False, True, True]), np.full(4, "a"))
    assert one.value == one.low == one.high == 0.75


def test_an_interval_holds_what_was_measured() -> None:
    """The interval contains the mean, narrows with more speakers, and equal groups have no gap."""
    rng = np.random.default_rng(1)
    widths = []
    for speakers in (6, 60):
        speaker = np.repeat([str(n) for n in range(speakers)], 40)
        right = rng.random(speaker.size) < np.repeat(rng.uniform(0.7, 1.0, speakers), 40)
        found = share(right, speaker)
        assert found.low < found.value < found.high
        assert (found.windows, found.speakers) == (speaker.size, speakers)
        widths.append(found.high - found.low)
        between = gap(right, speaker, np.repeat(np.arange(speakers) % 2 == 0, 40))
        assert between.low < between.value < between.high
    assert widths[1] < widths[0] / 2
    twins = np.tile([True, False, True, True], 10)
    assert gap(twins, np.repeat([str(n) for n in range(10)], 4), np.repeat(np.arange(10) % 2 == 0, 4)).value == 0.0


def test_calibrated_probabilities_have_no_error() -> None:
    """Probabilities that come true as often as they say cost nothing; certain and wrong costs 1."""
    rng = np.random.default_rng(0)
    probability = rng.uniform(size=50_000)
    assert calibration_error(probability, rng.uniform(size=50_000) < probability) < 0.01
    assert calibration_error(np.ones(100), np.zeros(100, bool)) == 1.0


def test_shifted_probabilities_have_an_error_and_an_interval() -> None:
    """Log-odds moved by 1.5 cost far more than none moved; the interval holds the error of many speakers."""
    rng = np.random.default_rng(0)
    log_odds = rng.normal(0, 2, 20_000)
    truth = rng.random(20_000) < 1 / (1 + np.exp(-log_odds))
    speaker = np.repeat([str(n) for n in range(200)], 100)
    fair, shifted = (calibration(1 / (1 + np.exp(-log_odds - by)), truth, speaker) for by in (0.0, 1.5))
    assert fair.value < 0.015
    assert shifted.value > 0.1
    assert shifted.low < shifted.value < shifted.high


def test_the_surest_come_first() -> None:
    """Risk is read from the surest windows on; what the thresholds refuse is never covered."""
    spec = load_model(VOICE).spec
    heard = np.array([1, 1, 1, 0.0])
    female = np.array([0.99, 0.9, 0.2, 0.99])
    answers = Answers(_recording("ann", "female"), heard, np.ones(4), female, np.zeros(4), False)
    points = curve(tabulate([answers], spec))
    assert [(point.coverage, point.risk) for point in points] == [(0.25, 0.0), (0.5, 0.0), (0.75, pytest.approx(1 / 3))]


def test_noise_is_counted_by_clip_and_quiet_is_not_asked() -> None:
    """One window with a gender makes its clip one; below -60 dBFS, and where the VAD stops all, nothing is asked."""
    spec = load_model(VOICE).spec
    row = _recording()

    def clip(level: float, *female: float) -> Answers:
        n = len(female)
        return Answers(row, np.ones(n), np.ones(n), np.array(female), np.full(n, level), False)

    found = others([clip(-20, 0.99, 0.5, 0.5), clip(-20, 0.5), clip(-70, 0.99), clip(-20)], spec)
    assert (found.clips, found.asked) == (4, 2)
    assert found.by_clip.value == 0.5
    assert found.by_window.value == 0.25


def test_a_veto_is_wrong_in_forced_choice() -> None:
    """Forced choice counts every gated window; a window taken for no voice is wrong whatever its label."""
    spec = load_model(VOICE).spec
    heard = np.array([0.99, 0.99, 0.0])  # probability of a voice
    answers = Answers(_recording("ann", "female"), heard, np.ones(3), np.array([0.9, 0.1, 0.9]), np.zeros(3), False)
    other = Answers(_recording("bob", "male"), np.ones(1), np.ones(1), np.array([0.1]), np.zeros(1), False)
    found = voices([answers, other], spec)
    assert found.forced.female.value == pytest.approx(1 / 3)
    assert found.forced.male.value == 1.0
    assert found.vetoed.value == 0.25
    assert found.confusion["female"]["not_speech"] == 1


def test_short_files_are_padded_and_silence_asks_nothing() -> None:
    """A file below 2 s is one window if anything; what the gate stops never reaches the model."""
    scorer = Scorer(load_model(VOICE))
    t = np.arange(WINDOW - 4000) / RATE
    buzz = np.sum([np.sin(2 * np.pi * 140 * k * t) / k for k in range(1, 25)], axis=0) * (np.sin(9 * t) > -0.5)
    short = scorer(_recording(), (buzz * 6000).astype(np.int16))
    assert short.padded
    assert short.female.shape == (1,)
    assert scorer(_recording(), np.zeros(5 * RATE, np.int16)).female.shape == (0,)


def test_conditions_are_the_same_for_every_model() -> None:
    """What is done to a file depends on its path alone, keeps its length, and does something."""
    rng = np.random.default_rng(0)
    samples = (rng.normal(0, 2000, 3 * RATE + 11)).astype(np.int16)
    noises = [rng.normal(0, 900, RATE).astype(np.int16) for _ in range(5)]
    for condition in CONDITIONS:
        heard = [Conditions(noises).hear(condition, samples, path) for path in ("a", "a", "b")]
        assert heard[0].shape == samples.shape
        assert np.array_equal(heard[0], heard[1])
        assert np.array_equal(heard[0], samples) == (condition == "clean")
        assert np.array_equal(heard[0], heard[2]) == (condition in ("clean", "G.711", "room"))


def test_noise_lies_where_it_was_asked_for() -> None:
    """At 0 dB half of the energy is noise, at 20 dB a hundredth; it is the same noise."""
    rng = np.random.default_rng(0)
    voice, noise = (rng.normal(0, 2000, RATE).astype(np.int16) for _ in range(2))
    for ratio in (0, 20):
        heard = to_float(Conditions([noise]).in_noise(voice, "a", ratio))
        clean = to_float(voice) * np.dot(heard, to_float(voice)) / np.sum(to_float(voice) ** 2)
        assert 20 * np.log10(rms(clean) / rms(heard - clean)) == pytest.approx(ratio, abs=0.7)


def test_the_living_room_rings_for_about_half_a_second() -> None:
    """Schroeder's decay from -5 to -25 dB, times three."""
    energy = np.cumsum(living_room()[::-1].astype(float) ** 2)[::-1]
    decay = 10 * np.log10(energy / energy[0] + 1e-12)
    t60 = 3 * (np.argmax(decay < -25) - np.argmax(decay < -5)) / RATE
    assert 0.35 < t60 < 0.65


def test_a_band_limits_before_the_codec() -> None:
    """Above 3.4 kHz nothing is left of noise, without a codec and with one."""
    noise = np.random.default_rng(0).normal(0, 3000, RATE).astype(np.int16)
    for codec in ("none", "g711-mu"):
        heard = coded(codec, "300–3400 Hz", [noise])[0]
        power = np.abs(np.fft.rfft(heard)) ** 2
        assert power[4200:].sum() < 0.02 * power.sum()  # Hz, of one second


def test_emotions_are_read_from_names() -> None:
    """RAVDESS's third number, nEMO's second word; other corpora have none."""
    names = {("ravdess", "03-01-05-02-01-01-12.opus"): "angry", ("nemo", "EB0_fear_3.opus"): "fearful", ("x", "a"): ""}
    for (corpus, path), wanted in names.items():
        assert emotion(Recording(path, "speech", corpus, "", "", None, "test", "test", "ours", "")) == wanted


def _voice(hz: float, seconds: float, seed: int) -> np.ndarray:
    """A buzz in syllables, that the VAD takes for speech: int16."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    tone = np.sum([np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 25)], axis=0)
    return ((tone * (np.sin(9 * t) > -0.5) + rng.normal(0, 0.01, t.size)) * 6000).astype(np.int16)


ROWS = (  # path, kind, corpus, speaker, gender, age, use
    ("a.wav", "speech", "librispeech", "l1", "female", "adult", "train"),
    ("b.wav", "speech", "librispeech", "l2", "male", "adult", "train"),
    ("c.wav", "speech", "speechocean762", "s1", "male", "9", "train"),
    ("d.wav", "noise", "esc10", "", "", "", "train"),
    ("03-01-05-01-01-01-01.wav", "speech", "ravdess", "r1", "male", "adult", "evaluate only"),
    ("03-01-04-01-01-01-02.wav", "speech", "ravdess", "r2", "female", "adult", "evaluate only"),
    ("e.wav", "music", "librosa-examples", "", "", "", "evaluate only"),
)


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A folder of data whose evaluate-only files are not there, and a copy of the model; little is synthesised."""
    data, model = tmp_path / "data", tmp_path / "model"
    data.mkdir()
    head = "path,kind,corpus,speaker,gender,age,language,split,use,licence,seconds,note\n"
    lines = [f"{path},{kind},{name},{who},{gender},{age},en,test,{use},ours,4,\n"
             for path, kind, name, who, gender, age, use in ROWS]  # fmt: skip
    (data / "manifest.csv").write_text(head + "".join(lines))
    for number, (path, *_, use) in enumerate(ROWS):
        if use == "train":
            soundfile.write(data / path, _voice(120 + 40 * number, 3.6, number), RATE)
    shutil.copytree(VOICE, model, ignore=shutil.ignore_patterns("report"))
    monkeypatch.setattr(training.evaluate, "MADE_CLIPS", 0)
    monkeypatch.setattr(training.evaluate, "CODECS", {"g711-mu": CODECS["g711-mu"]})
    return data, model


def test_evaluate_only_data_is_never_read_without_a_look(
    corpus: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: without --look no evaluate-only file is opened (they are not even there), drawn or logged."""
    data, model = corpus
    opened = []

    def spy(path: Path) -> np.ndarray:
        opened.append(path.name)
        return read_audio(path)

    monkeypatch.setattr(training.evaluate, "read_audio", spy)
    evaluate(data, model, look=False, reason="")
    assert set(opened) == {path for path, *_, use in ROWS if use == "train"}
    found, _ = read_evaluation(model)
    assert not found.looked
    assert set(found.voices) == {"librispeech"}
    assert {each.corpus for each in found.worst} <= {"librispeech", "esc10", "synthetic", "sound-font"}
    assert not found.emotions
    assert not (model / "report/looks.csv").exists()


def test_a_look_is_logged_and_outlives_the_next_run(corpus: tuple[Path, Path]) -> None:
    """With --look the evaluate-only numbers come in, and stay, unread, for the same model file."""
    data, model = corpus
    only = [data / path for path, *_, use in ROWS if use == "evaluate only"]
    for number, path in enumerate(only):
        soundfile.write(path, _voice(110 + 60 * number, 3.1, number), RATE)
    evaluate(data, model, look=True, reason="a test")
    looked, _ = read_evaluation(model)
    assert set(looked.emotions["ravdess"]) == {"angry", "sad"}
    assert looked.others["librosa-examples music"].clips == 1
    for path in only:
        path.unlink()
    evaluate(data, model, look=False, reason="")
    kept, _ = read_evaluation(model)
    assert kept.looked
    assert kept.voices["ravdess"] == looked.voices["ravdess"]
    assert len(list(csv.reader((model / "report/looks.csv").open()))) == 2
    assert (model / "report/index.html").exists()
    assert "ravdess, room" in (model / "CARD.md").read_text("utf-8")
