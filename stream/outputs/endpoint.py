"""ZeroMQ endpoints as users type them."""

import socket

from models import UnusableError

MOST_PORT = 65_535
TAKEN = "another program has it (another daemon? choose another port)"


def check_endpoint(option: str, endpoint: str) -> None:
    """Refuse a port that there cannot be; libzmq would take it modulo 65536. Raises UnusableError."""
    port = endpoint.rpartition(":")[2]
    if port.isdigit() and int(port) > MOST_PORT:
        raise unusable(option, endpoint, f"there are no ports above {MOST_PORT}")


def check_free(option: str, endpoint: str) -> None:
    """Refuse a Unix socket at which somebody answers; libzmq would take it from them. Raises UnusableError."""
    transport, _, path = endpoint.partition("://")
    if transport != "ipc" or path.startswith("@"):
        return
    with socket.socket(socket.AF_UNIX) as knock:
        try:
            knock.connect(path)
        except OSError:
            return
    raise unusable(option, endpoint, TAKEN)


def unusable(option: str, endpoint: str, reason: str) -> UnusableError:
    """The error that says why `endpoint`, given for `option`, cannot be used."""
    return UnusableError(f"{option} is {endpoint}: {reason}; an endpoint looks like tcp://127.0.0.1:5560")
