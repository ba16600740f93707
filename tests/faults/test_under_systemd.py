"""The unit that `service install` writes, under a real systemd: it starts, hears, is watched, reloaded and stopped."""

import json
import os
import shutil
import subprocess
from contextlib import ExitStack

import pytest
from machine import GENDERSTREAM, SPEECH, Machine, NoMachineError

pytestmark = pytest.mark.slow

UNIT = "genderstream"
PULSE = "tcp:127.0.0.1:4713"
SOUND = f'pcm.!default {{ type pulse\n server "{PULSE}" }}\nctl.!default {{ type pulse\n server "{PULSE}" }}\n'
OVERRIDES = "/etc/systemd/system/genderstream.service.d/override.conf"


@pytest.fixture(scope="module")
def machine(tmp_path_factory, lacking):
    """A Machine with a sound server: its null sink is the default device."""
    if os.geteuid():
        pytest.skip("only root may boot systemd in a container")
    if not shutil.which("systemd-nspawn"):
        lacking("no systemd-nspawn: apt-get install systemd-container")
    with ExitStack() as stack:
        try:
            machine = Machine(tmp_path_factory.mktemp("machine"), stack)
        except NoMachineError as error:
            pytest.skip(f"systemd does not boot here: {error}")
        machine.write("/etc/asound.conf", SOUND)
        network = "module-native-protocol-tcp listen=127.0.0.1 auth-ip-acl=127.0.0.1 auth-anonymous=1"
        machine.run(
            "systemd-run", "--unit=sound", "--service-type=notify", "--setenv=HOME=/root", "pulseaudio", "-n",
            "--daemonize=no", "--exit-idle-time=-1", "-L", "module-null-sink sink_name=one", "-L", network,
        )  # fmt: skip
        yield machine


@pytest.fixture
def service(machine, stack):
    """service(*arguments): a Service that runs `genderstream run` with these, installed, enabled and started."""

    def install(*arguments):
        service = Service(machine, stack)
        stack.callback(machine.run, *GENDERSTREAM, "service", "uninstall")
        machine.run(*GENDERSTREAM, "service", "install", *arguments)
        machine.run("systemctl", "enable", "--now", UNIT)
        return service

    return install


class Service:
    """The unit, as its user sees it."""

    def __init__(self, machine, stack):
        self.run, self.machine = machine.run, machine
        since = ("--lines=0", "--follow", "--output=cat", f"--unit={UNIT}")
        self._journal = subprocess.Popen(machine.enter("journalctl", *since), stdout=subprocess.PIPE, text=True)
        stack.callback(self._journal.wait)
        stack.callback(self._journal.kill)

    def show(self, name):
        """One of its properties."""
        return self.run("systemctl", "show", f"--property={name}", "--value", UNIT).strip()

    @property
    def processes(self):
        """Numbers and command lines of all that belongs to it, as its machine counts them."""
        group = self.show("ControlGroup")
        found = self.run("sh", "-c", f"cd /sys/fs/cgroup; cat .{group}/cgroup.procs || cat systemd{group}/cgroup.procs")
        return {
            each: self.run("cat", f"/proc/{each}/cmdline", status=None).replace("\0", " ") for each in found.split()
        }

    def await_line(self, part):
        """Wait until the journal has a line with `part`."""
        return next(line for line in self._journal.stdout if part in line)

    def messages(self, topic):
        """What a client inside reads, without end."""
        command = self.machine.enter(*GENDERSTREAM, "subscribe", "--topic", topic)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as client:
            try:
                yield from map(json.loads, client.stdout)
            finally:
                client.kill()


def test_behind_its_walls_it_hears_a_microphone(service, machine):
    """As a user of its own, with no privileges, it compiles, captures, decides, publishes and keeps a journal."""
    running = service("mic", "--journal", "/var/lib/genderstream", "--metrics", "9464")
    assert running.show("ActiveState") == "active"
    machine.run("systemd-run", "--unit=speaker", "paplay", f"--server={PULSE}", SPEECH)
    windows = running.messages("window/mic/")
    assert next(window for window in windows if window["label"] == "female")["lost_samples"] == 0
    windows.close()
    (capture,) = (each for each, line in running.processes.items() if "stream.capture" in line)
    for process in (running.show("MainPID"), capture):
        status = dict(line.split(":\t", 1) for line in machine.run("cat", f"/proc/{process}/status").splitlines())
        assert (status["NoNewPrivs"], status["Seccomp"], int(status["CapBnd"], 16)) == ("1", "2", 0)
        assert set(status["Uid"].split()).isdisjoint({"0"})
    assert "kernels" in machine.run("sh", "-c", "ls /var/cache/private/genderstream/*/")
    assert "streams (1 healthy), 0.0 s of audio lost" in running.show("StatusText")
    priorities = machine.run("journalctl", f"--unit={UNIT}", "--output=json").splitlines()
    assert {json.loads(line)["PRIORITY"] for line in priorities} >= {"6"}
    machine.run("systemctl", "stop", UNIT)
    assert (running.show("Result"), running.show("ExecMainStatus")) == ("success", "0")
    assert '"label":"female"' in machine.run("sh", "-c", "cat /var/lib/private/genderstream/*.jsonl")


def test_it_is_reloaded_and_stopped(service, machine):
    """`systemctl reload` reads the configuration while streams go on; a wrong one is refused; stop is orderly."""
    machine.write("/etc/studio.toml", "vad-share = 0.5\n")
    running = service("load://2", "--config", "/etc/studio.toml")
    before = running.show("MainPID")
    for content, said in (
        ("vad-share = 0.7\n", "reloaded: --vad-share 0.5 -> 0.7"),
        ("vad-share = 7\n", "nothing was"),
    ):
        machine.write("/etc/studio.toml", content)
        machine.run("systemctl", "reload", UNIT)
        running.await_line(said)
    assert (running.show("ActiveState"), running.show("MainPID")) == ("active", before)
    machine.run("systemctl", "stop", UNIT)
    assert (running.show("Result"), running.show("ExecMainStatus")) == ("success", "0")
    assert running.show("NRestarts") == "0"


def test_whatever_ends_it_it_is_started_anew(service, machine):
    """Killed, or hung for the watchdog's time: systemd starts it, and clients hear of a new epoch."""
    machine.write(OVERRIDES, "[Service]\nWatchdogSec=15\nRestartSec=100ms\n")
    running = service("load://2")
    healths = running.messages("health/")
    epochs = {next(healths)["epoch"]}
    for signal, said in (
        ("KILL", "status=9/KILL"),
        ("STOP", "Watchdog timeout (limit 15s)!"),
        ("ABRT", "status=6/ABRT"),
    ):
        machine.run("systemctl", "kill", "--kill-whom=main", f"--signal={signal}", UNIT)
        running.await_line(said)
        running.await_line("Started ")
        epochs.add(next(health["epoch"] for health in healths if health["epoch"] not in epochs))
    healths.close()
    assert len(epochs) == 4
    machine.run("rm", OVERRIDES)


def test_a_user_has_one_of_their_own(machine):
    """`--user`: under a user's manager the unit is installed, starts, and goes again."""
    machine.run("useradd", "--create-home", "someone")
    machine.run("install", "--directory", "--owner=someone", "--mode=700", "/run/user/1000")
    environment = ("XDG_RUNTIME_DIR=/run/user/1000", "HOME=/home/someone")
    machine.run(
        "systemd-run", "--unit=manager", "--uid=someone", "--property=Delegate=yes", "--service-type=notify",
        *(f"--setenv={each}" for each in environment), "/usr/lib/systemd/systemd", "--user",
    )  # fmt: skip
    uid = machine.run("id", "--user", "someone").strip()

    def as_someone(*command, **options):
        return machine.run("setpriv", f"--reuid={uid}", "--clear-groups", "env", *environment, *command, **options)

    said = as_someone(*GENDERSTREAM, "service", "install", "--user", "load://1")
    assert "start it, now and with this machine: systemctl --user enable --now genderstream" in said
    as_someone("systemctl", "--user", "enable", "--now", UNIT)
    assert as_someone("systemctl", "--user", "is-active", UNIT).strip() == "active"
    as_someone(*GENDERSTREAM, "service", "uninstall", "--user")
    assert as_someone("systemctl", "--user", "is-active", UNIT, status=None).strip() == "inactive"
    machine.run("systemctl", "stop", "manager")
