"""SIGHUP: the configuration file is read again, and taken as a whole or not at all."""

import threading
from collections.abc import Callable, Sequence

from models import UnusableError
from stream.decide import VerdictSettings
from stream.outputs.systemd import Systemd
from stream.overload import OverloadSettings
from stream.pipeline import Tuning
from stream.settings import Configuration
from stream.vad import VadSettings
from stream.words import ERROR

RELOAD = "reload"
"""The thread's name."""


class Reload:
    """Calling it reads the file again, in a thread of its own: a disk that hangs holds nothing up."""

    def __init__(
        self,
        configuration: Configuration,
        inputs: Sequence[str],
        adopt: Callable[[Tuning], None],
        systemd: Systemd,
        say: Callable[[str], None],
    ) -> None:
        """`inputs`: those of the command line; `adopt`: has the streams go on with what has changed."""
        self._configuration, self._inputs, self._adopt = configuration, inputs, adopt
        self._systemd, self._say = systemd, say
        self._one_by_one = threading.Lock()

    @property
    def possible(self) -> bool:
        """Whether there is a file to be read again; otherwise SIGHUP is the terminal's last word."""
        return self._configuration.path is not None

    def __call__(self) -> None:
        """Begin; may be called from a signal handler."""
        threading.Thread(target=self._run, name=RELOAD, daemon=True).start()

    def _run(self) -> None:
        with self._one_by_one:
            self._systemd.reloading()
            try:
                self._say(f"{self._configuration.path}: {self._reload()}")
            except UnusableError as error:
                self._say(f"{ERROR}nothing was reloaded, all goes on as before: {error}")
            finally:
                self._systemd.reloaded()

    def _reload(self) -> str:
        """Change what has changed; say what. Raises UnusableError where anything cannot be, and changes nothing."""
        new = self._configuration.again()
        differences = self._configuration.differences(new)
        fixed = [flag for flag, (*_, reloads) in differences.items() if not reloads]
        if new.inputs(self._inputs, "mic") != self._configuration.inputs(self._inputs, "mic"):
            fixed.append("inputs")
        if fixed:
            raise UnusableError(f"{new.path}: {', '.join(fixed)} cannot change while streams go on: restart the daemon")
        if not differences:
            return "reloaded; nothing has changed"
        self._adopt(
            Tuning(vad=new.room(VadSettings), verdict=new.room(VerdictSettings), overload=new.room(OverloadSettings))
        )
        self._configuration = new
        return "reloaded: " + ", ".join(f"{flag} {old} -> {now}" for flag, (old, now, _) in differences.items())
