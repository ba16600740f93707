"""Descriptors: connections may have most of them, and leave the rest to subscribers, files and all else."""

import resource
import socket

_OTHER_DESCRIPTORS = 256  # of the daemon's own, and its subscribers'
_KEPT_DESCRIPTORS = 64  # that no connection gets, however many there are; a quarter where the limit is low


def allow_connections(count: int) -> None:
    """Let this process have so many and others, as far as its hard limit goes: the usual soft one is 1024."""
    wanted = count + _OTHER_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def is_one_too_many(connection: socket.socket) -> bool:
    """Whether a new connection took one of the last descriptors: each gets the lowest number that is free."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return resource.RLIM_INFINITY != soft <= connection.fileno() + min(_KEPT_DESCRIPTORS, soft // 4)


def too_many() -> str:
    """What to say of it."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return f"the limit of {soft} open files is reached; raise it (ulimit -n), or send fewer"
