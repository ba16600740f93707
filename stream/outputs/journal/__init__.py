"""Messages kept in files, only where `--journal` asks for it: what is older than memory, and older epochs."""

from stream.outputs.journal.reader import JournalReader
from stream.outputs.journal.segments import JournalSettings
from stream.outputs.journal.writer import Journal, open_journal

__all__ = ["Journal", "JournalReader", "JournalSettings", "open_journal"]
