"""What a client yields beside the daemon's messages: what was lost, a new epoch, what nobody can read."""

from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from stream.messages import AnyMessage


class Lost(msgspec.Struct, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}, tag_field="schema",
           tag="genderstream.lost/1"):  # fmt: skip
    """Messages that never came, and that the daemon has no more. Exactly these: all before and after were yielded."""

    stream: Annotated[str, Meta(description="the stream's name; the daemon's for health")]
    topic: Annotated[str, Meta(description="as window/mic/")]
    epoch: Annotated[str, Meta(description="the run of the daemon that they were of")]
    first: Annotated[int, Meta(description="sequence of the first one lost; `from` in JSON")]
    last: Annotated[int, Meta(description="sequence of the last one lost; `to` in JSON")]

    @property
    def count(self) -> int:
        """How many."""
        return self.last - self.first + 1


class NewEpoch(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="genderstream.new-epoch/1"):
    """The daemon was started anew: sequences begin at 0 again, and all that follows is of this epoch.

    What the epoch before published last, and nobody received, is known only where the daemon keeps a journal; it
    then came before this record.
    """

    epoch: str
    previous: str


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a kind that this version does not know: the daemon's is newer, or it is no daemon of ours."""

    topic: str
    content: bytes


class Heard(NamedTuple):
    """A message as it was published."""

    topic: str
    content: bytes  # UTF-8 JSON


Event = Heard | Lost | NewEpoch | Unreadable
Record = AnyMessage | Lost | NewEpoch | Unreadable
