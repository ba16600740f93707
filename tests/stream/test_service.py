"""The unit for systemd: what systemd itself says of it, and how it comes and goes."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import UnusableError
from stream.service import STEPS_SINCE, check_folders, check_reach, write_unit

MOST_EXPOSED = 2.0  # of 10, in the words of systemd-analyze "OK"


@pytest.fixture
def analyze(tmp_path):
    """analyze(*arguments): what systemd-analyze says, and its status."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here: apt-get install systemd")

    def analyze(*arguments):
        done = subprocess.run(
            ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60,
            env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return analyze


def written(folder, **options):
    """The unit, in a file."""
    path = folder / "genderstream.service"
    program = [sys.executable, "-m", "stream", "run", 'mic:USB 50% $x "y"']
    path.write_text(write_unit(program, **{"user": False, "version": 252} | options))
    return path


def test_systemd_takes_the_unit_and_finds_it_hardened(analyze, tmp_path):
    """Nothing in either unit is unknown or wrong, and the system's exposes little."""
    for user in (False, True):
        assert analyze("verify", *(["--user"] if user else []), str(written(tmp_path, user=user))) == (0, "")
    status, said = analyze(
        "security", "--offline=yes", f"--threshold={MOST_EXPOSED * 10:g}", "--no-pager", str(written(tmp_path))
    )
    assert status == 0, said
    assert float(re.search(r"Overall exposure level for genderstream.service: ([\d.]+)", said)[1]) <= MOST_EXPOSED


def test_it_waits_longer_after_each_failure_where_systemd_can():
    """Older versions would complain about the words."""
    assert "RestartSteps=" not in write_unit(["x"], user=False, version=STEPS_SINCE - 1)
    assert "RestartSteps=" in write_unit(["x"], user=False, version=STEPS_SINCE)


@given(st.lists(st.text(st.sampled_from("aé%$\"'\\; "), max_size=8), min_size=1, max_size=4))
def test_arguments_arrive_as_they_were_given(words):
    """Whatever is in them: blanks, quotes, backslashes, and what systemd would replace."""
    line = re.search(r"ExecStart=(.*)", write_unit(["/x", *words], user=True, version=0))[1]
    assert not re.search(r"(?<!%)(%%)*%(?!%)|(?<!\$)(\$\$)*\$(?!\$)", line)
    assert [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(line)] == ["/x", *words]


def test_what_is_closed_to_others_is_named(monkeypatch):
    """The service's own user could not get there: to a file that only its owner reads, or a folder on the way."""
    monkeypatch.setattr("stream.service.TEMPORARY", ())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "studio.toml"
        path.touch(0o644)
        for folder_mode, file_mode, closed in ((0o755, 0o644, None), (0o755, 0o600, path), (0o700, 0o644, path.parent)):
            path.parent.chmod(folder_mode)
            path.chmod(file_mode)
            if closed is None:
                check_reach([path])
                continue
            with pytest.raises(UnusableError, match=f"own user, since {closed} is closed to others"):
                check_reach([path])


def test_what_lies_in_a_temporary_folder_is_refused():
    """The service has one of its own."""
    with pytest.raises(UnusableError, match="which has a /tmp of its own: put it below /opt"):
        check_reach([Path("/tmp/studio.toml")])


@pytest.mark.parametrize(
    ("folder", "system", "user"),
    [(None, True, True), ("/var/lib/genderstream", True, True), ("/var/lib/genderstream/calls", True, True),
     ("/srv/journal", False, True), ("/var/lib/genderstreams", False, True), ("journal", False, False)],
)  # fmt: skip
def test_what_it_could_not_write_is_refused(folder, system, user):
    """The system's service may write to its own folder only; neither knows where a relative path begins."""
    for allowed, is_user in ((system, False), (user, True)):
        if allowed:
            check_folders({"--journal": folder}, user=is_user)
            continue
        with pytest.raises(UnusableError, match=f"--journal is {folder}: expected "):
            check_folders({"--journal": folder}, user=is_user)


@pytest.mark.slow
def test_install_show_uninstall(command, tmp_path):
    """The unit appears where the user's systemd looks, runs this very program on full paths, and goes again."""
    environment = os.environ | {"XDG_CONFIG_HOME": str(tmp_path)}
    unit = tmp_path / "systemd" / "user" / "genderstream.service"
    (tmp_path / "studio.toml").write_text("hop = 0.25\n")
    arguments = ("--user", "mic", "--config", "studio.toml", "--vad-mode", "3")
    installed = command("service", "install", *arguments, env=environment, cwd=tmp_path)
    assert (installed.status, installed.out.splitlines()[0]) == (0, f"written: {unit}")
    assert "systemctl --user enable --now genderstream" in installed.out
    shown = command("service", "show", *arguments, env=environment, cwd=tmp_path)
    assert shown.out == unit.read_text("utf-8")
    assert f"-m stream run mic --config {tmp_path / 'studio.toml'} --vad-mode 3\n" in shown.out
    assert command("service", "uninstall", "--user", env=environment).out == f"removed: {unit}\n"
    assert not unit.exists()
    wrong = command("service", "show", "--journal", "/srv/journal", env=environment)
    assert wrong.status == 2
    assert "--journal is /srv/journal: expected /var/lib/genderstream or a folder below it" in wrong.error
    again = command("service", "uninstall", "--user", env=environment)
    assert (again.status, again.error) == (2, f"genderstream: there is no {unit}: nothing is installed\n")
    wrong = command("service", "install", "--user", "--vad-mode", "9", env=environment)
    assert wrong.status == 2
    assert "--vad-mode is '9'" in wrong.error
    assert not unit.exists()
