"""Which source of PulseAudio (or PipeWire's stand-in for it) this process's recording hears.

When a source goes, the server moves its listeners to another one without a word: PortAudio goes on, and hears
something else. The server tells whoever asks, so that nothing is polled.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from stream.capture.wire import Hears, Lost

if TYPE_CHECKING:
    import pulsectl


def watch_source(tell: Callable[[Hears | Lost], None]) -> None:
    """Tell which source is heard, then that it is lost once it is another. Returns where there is no such server."""
    try:
        import pulsectl  # noqa: PLC0415 - fails where libpulse is missing, which only means that there is no server
    except (ImportError, OSError):
        return
    try:
        with pulsectl.Pulse("genderstream") as server:
            _Watch(server).run(tell)
    except pulsectl.PulseError:
        return  # no server, or it has gone: then the recording has, too, and says so itself


class _Watch:
    """Looks again whenever any recording changes."""

    def __init__(self, server: "pulsectl.Pulse") -> None:
        self._server = server
        self._changed = False

    def run(self, tell: Callable[[Hears | Lost], None]) -> None:
        """Until the source is lost."""
        self._server.event_mask_set("source_output")
        self._server.event_callback_set(self._note)
        heard: str | None = None
        while True:
            self._changed = False
            source = self._look()
            if heard is None and source is not None:
                heard = source
                tell(Hears(source))
            elif source != heard:
                tell(Lost(f"{heard} became {source or 'nothing'}"))
                return
            if not self._changed:
                self._server.event_listen()

    def _look(self) -> str | None:
        names = {source.index: str(source.name) for source in self._server.source_list()}
        for output in self._server.source_output_list():
            if output.proplist.get("application.process.id") == str(os.getpid()):
                return names.get(output.source)
        return None

    def _note(self, _: object) -> None:
        """Called by the server's loop, also while `_look` waits for its answers."""
        self._changed = True
        self._server.event_listen_stop()
