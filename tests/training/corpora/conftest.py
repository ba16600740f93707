"""Tiny corpora, laid out as people download them. Their audio files are empty: nothing may decode them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from training.corpora import Recording
from training.corpora.audio_mnist import read_audio_mnist
from training.corpora.common_voice import read_common_voice
from training.corpora.folders import read_folders
from training.corpora.librispeech import read_librispeech
from training.corpora.voxceleb import read_voxceleb

SPEAKERS = 40  # of each gender, enough for every split
CLIPS = 5  # of each speaker
LIBRISPEECH = ";ID  |SEX| SUBSET           |MINUTES| NAME\n"
COMMON_VOICE = ["client_id", "path", "sentence", "up_votes", "down_votes", "age", "gender", "accents", "locale"]
Make = Callable[[Path], None]
Touch = Callable[..., None]


def touch_files(root: Path, *paths: str) -> None:
    """Empty files at these paths below `root`."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def write_rows(path: Path, *rows: dict[str, str]) -> None:
    """A table of Common Voice, and the clips it lists."""
    defaults = dict.fromkeys(COMMON_VOICE, "") | {"up_votes": "2", "down_votes": "0"}
    filled = [defaults | row for row in rows]
    lines = ["\t".join(COMMON_VOICE), *("\t".join(row[name] for name in COMMON_VOICE) for row in filled)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    touch_files(path.parent / "clips", *(row["path"] for row in filled))


def librispeech(root: Path) -> None:
    subsets = ("train-clean-100", "train-other-500", "dev-clean", "test-other")
    table = LIBRISPEECH
    for number in range(2 * SPEAKERS):
        subset = subsets[number % 4]
        table += f"{number:<5}| {'FM'[number // 4 % 2]} | {subset:<16} | 25.03 | Some | One\n"
        touch_files(root, *(f"{subset}/{number}/208/{number}-208-{clip:04}.flac" for clip in range(CLIPS)))
    (root / "SPEAKERS.TXT").write_text(table)


def common_voice(root: Path) -> None:
    genders = ("female", "male", "male_masculine", "female_feminine", "other", "")
    write_rows(root / "validated.tsv", *(
        {"client_id": f"{number:064x}", "path": f"common_voice_xx_{number}_{clip}.mp3", "gender": genders[number % 6]}
        for number in range(3 * SPEAKERS) for clip in range(CLIPS)
    ))  # fmt: skip


def voxceleb(root: Path) -> None:
    one, two = "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\n", "VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set \n"
    for number in range(SPEAKERS):
        gender, held_out = "fm"[number % 2], "test" if number % 5 == 0 else "dev"
        one += f"id1{number:04}\tSome_One\t{gender}\tIreland\t{held_out}\n"
        two += f"id0{number:04} ,n{number:06} ,{gender} ,{held_out} \n"
        for clip in range(CLIPS):
            touch_files(root, f"wav/id1{number:04}/video/{clip:05}.wav", f"{held_out}/id0{number:04}/v/{clip:05}.wav")
    (root / "vox1_meta.csv").write_text(one)
    (root / "vox2_meta.csv").write_text(two)


def audio_mnist(root: Path) -> None:
    table = {}
    for number in range(1, 2 * SPEAKERS + 1):
        table[f"{number:02}"] = {"age": str(20 + number % 30), "gender": ("female", "male")[number % 2], "accent": "x"}
        touch_files(root, *(f"data/{number:02}/{clip}_{number:02}_0.wav" for clip in range(CLIPS)))
    (root / "data" / "audioMNIST_meta.txt").write_text(json.dumps(table))


def folders(root: Path) -> None:
    for number in range(SPEAKERS):
        for clip in range(CLIPS):
            touch_files(
                root, f"female/f{number}_{clip}.wav", f"male/m{number}/{clip}.flac", f"child/c{number}-{clip}.wav"
            )
        touch_files(root, f"noise/fan_{number}.ogg", f"music/{number}.opus")


CORPORA: dict[str, tuple[Make, Callable[..., list[Recording]]]] = {
    "librispeech": (librispeech, read_librispeech),
    "common_voice": (common_voice, read_common_voice),
    "voxceleb": (voxceleb, read_voxceleb),
    "audio_mnist": (audio_mnist, read_audio_mnist),
    "folders": (folders, read_folders),
}


@pytest.fixture
def touch() -> Touch:
    """touch(root, *paths): empty files."""
    return touch_files


@pytest.fixture
def rows() -> Callable[..., None]:
    """rows(path, *rows): a table of Common Voice with its clips."""
    return write_rows


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Path]:
    """make(name): the root of a tiny corpus."""

    def make(name: str) -> Path:
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        CORPORA[name][0](root)
        return root

    return make


@pytest.fixture(params=CORPORA)
def corpus(request: pytest.FixtureRequest, make: Callable[[str], Path]) -> Callable[..., list[Recording]]:
    """corpus(**options): reads a tiny corpus, each in turn."""
    root, read = make(request.param), CORPORA[request.param][1]
    return lambda **options: read(root, **options)


@pytest.fixture(params=CORPORA)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], list[Recording]]:
    """empty(): reads an empty folder as a corpus, each in turn."""
    return lambda: CORPORA[request.param][1](tmp_path)
