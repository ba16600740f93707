"""Laws of options and configuration: one declaration, checked by name, the command line before the file."""

from pathlib import Path
from typing import Any

import click
import pytest

from models import UnusableError
from stream.classify import ModelSettings
from stream.cli.run import command
from stream.daemon import DaemonSettings
from stream.decide import VerdictSettings
from stream.outputs.journal import JournalSettings
from stream.outputs.lines import LogSettings
from stream.outputs.metrics import MetricsSettings
from stream.outputs.publisher import PublisherSettings
from stream.overload import OverloadSettings
from stream.settings import Configuration
from stream.sources import InputSettings
from stream.vad import VadSettings
from stream.windows import WindowSettings

ROOMS = (
    InputSettings,
    WindowSettings,
    VadSettings,
    VerdictSettings,
    ModelSettings,
    OverloadSettings,
    PublisherSettings,
    JournalSettings,
    MetricsSettings,
    LogSettings,
    DaemonSettings,
)


def configured(tmp_path: Path, toml: str, **given: Any) -> Configuration:
    path = tmp_path / "config.toml"
    path.write_text(toml, "utf-8")
    return Configuration(ROOMS, given | {"config": str(path)})


def test_every_option_can_stand_in_the_file(tmp_path: Path) -> None:
    """Each option of `run` but the file itself and --demo is a key, spelled as on the command line."""
    values = {
        "stream": '"a"', "channels": '"split"', "speed": '"max"', "rate": "8000", "format": '"u8"', "pcm-channels": "2",
        "hop": "0.25", "vad-mode": "3", "vad-share": "0.25", "model": '"m"', "precision": '"int8"',
        "runtime": '"ai-edge-litert"', "bind": '"b"', "ask": '"c"', "high-water": "7", "name": '"n"',
        "save-audio": '"s"', "verdict-error": "0.05", "ws-token": '"t"', "ws-idle": "30.0", "most-legs": "8",
        "leg-pause": "3.0", "leg-wait": "0.25", "most-skipped": "4", "replay-mib": "9", "replay-minutes": "6.0",
        "journal": '"j"', "journal-mib": "10", "journal-days": "1.5", "metrics": '":0"',
        "workers": "3", "log": '"json"',
    }  # fmt: skip
    options = {
        parameter.opts[0].removeprefix("--") for parameter in command.params if isinstance(parameter, click.Option)
    }
    assert options - {"config", "demo"} == set(values)
    configuration = configured(tmp_path, "\n".join(f"{key} = {value}" for key, value in values.items()))
    for room in ROOMS:
        for name in room.__struct_fields__:
            written = values[name.replace("_", "-")].strip('"')
            assert str(getattr(configuration.room(room), name)) == written


def test_the_command_line_wins(tmp_path: Path) -> None:
    """Command line before file before default."""
    configuration = configured(tmp_path, "hop = 0.25\nvad-mode = 3", hop="1.0")
    assert configuration.room(WindowSettings).hop == 1.0
    assert configuration.room(VadSettings) == VadSettings(vad_mode=3)


def test_inputs_have_names_and_share_what_stands_above(tmp_path: Path) -> None:
    """[input.NAME] is a stream of that name; a key above the tables holds for all, one inside for itself."""
    toml = 'channels = "split"\n[input.desk]\nsource = "mic:USB"\n[input.file]\nsource = "a.wav"\nchannels = "mix"'
    assert configured(tmp_path, toml).inputs((), "mic") == [
        ("mic:USB", InputSettings(stream="desk", channels="split")),
        ("a.wav", InputSettings(stream="file", channels="mix")),
    ]
    assert configured(tmp_path, toml).inputs(("b.wav",), "mic") == [("b.wav", InputSettings(channels="split"))]
    assert Configuration(ROOMS, {}).inputs((), "mic") == [("mic", InputSettings())]


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("hopp = 1", "the nearest is 'hop'"),
        ("vad_mod = 1", "the nearest is 'vad-mode'"),
        ("[input.a]\nsauce = 1", "the nearest is 'source'"),
        ("[input.a]\nchannels = 'mix'", "[input.a] has no source"),
        ("input = 3", "input is no table of inputs"),
        ("[input]\nsource = 'mic'", "input is no table of inputs"),
        ("hop = ", "is not TOML"),
        ("hop = 3", "--hop is 3: expected `float` <= 2.0"),
        ("hop = 'fast'", "--hop is 'fast': expected `float`"),
        ("hop = 0.123", "--hop is 0.123: expected a multiple of 0.01, such as 0.12"),
        ("vad-mode = 4", "--vad-mode is 4"),
        ("precision = 'int4'", "--precision is 'int4'"),
        ("channels = 'left'", "--channels is 'left'"),
        ("[input.'a b']\nsource = 'mic'", "--stream is 'a b'"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, toml: str, says: str) -> None:
    """One line: the option, its value, what was expected; for an unknown one the nearest that there is."""
    with pytest.raises(UnusableError) as caught:
        configured(tmp_path, toml).inputs((), "mic")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
