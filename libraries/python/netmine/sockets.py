"""Connections to Netmine's programs, over unix sockets and TCP."""
from __future__ import annotations

import os
import socket
import time
from typing import Optional, Tuple, Union

from .access import prove
from .errors import ConnectionLost

#: A unix socket's path (a text with a slash in it, or a path), or `host:port`, or host and port.
Address = Union[str, "os.PathLike[str]", Tuple[str, int]]

_CHUNK = 256 << 10


def usual(name: str) -> str:
    """The path of a socket, `control` or `subscribe`, where Netmine's programs have it if nobody chose `logger.root`."""
    user = os.geteuid()

    def owner(path: str) -> Optional[int]:
        return os.stat(path).st_uid if os.path.isdir(path) else None

    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    root = "/tmp/netmine"
    if user == 0:
        if owner("/run") == 0:
            root = "/run/netmine"
    elif runtime.startswith("/") and owner(runtime) == user and len(os.fsencode(runtime)) <= 71:
        root = runtime + "/netmine"
    elif owner("/run/netmine") == user:
        root = "/run/netmine"
    return f"{root}/{name}"


def connect(
    address: Address, key: Optional[bytes] = None, timeout: Optional[float] = None, purpose: str = "control"
) -> socket.socket:
    """Connects to one of Netmine's programs.

    Over TCP the key is proven where one is given, and must be known to the server; `purpose` is the socket that it is
    proven for: `control`, `publish` or `subscribe`. Raises `OSError` where nobody is there.
    """
    where = parse(address)
    if isinstance(where, str):
        result = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            result.settimeout(timeout)
            result.connect(where)
        except BaseException:
            result.close()
            raise
    else:
        result = socket.create_connection(where, timeout)
        try:
            result.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if key is not None:
                prove(result, key, purpose)
        except BaseException:
            result.close()
            raise
    return result


def parse(address: Address) -> Union[str, Tuple[str, int]]:
    """A path, or host and port; raises `ValueError` for what is neither."""
    if isinstance(address, tuple):
        return address
    text = os.fspath(address)
    if not isinstance(address, str) or "/" in text:
        return text
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(f'"{text}" is neither the path of a socket, which has a slash in it, nor host:port')
    return host.strip("[]"), int(port)


class Deadline:
    """A point in time by which something must have happened; never, where no seconds are given."""

    def __init__(self, seconds: Optional[float]) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def remaining(self) -> Optional[float]:
        """Seconds until then, 0 once it is over; None for never."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())


def receive(source: socket.socket, deadline: Deadline) -> bytes:
    """The next bytes; none at the end. Raises `TimeoutError` when the deadline is over."""
    remaining = deadline.remaining
    # A timeout of 0 would mean not to wait at all, with another error where nothing is there.
    source.settimeout(remaining if remaining is None else max(remaining, 1e-6))
    try:
        return source.recv(_CHUNK)
    except socket.timeout:
        raise TimeoutError("nothing came in time") from None
    except ConnectionError as error:
        raise ConnectionLost(str(error)) from error


def transmit(target: socket.socket, data: bytes, timeout: Optional[float]) -> None:
    """Sends all bytes. Raises `TimeoutError` where the other end does not take them."""
    target.settimeout(timeout)
    try:
        target.sendall(data)
    except socket.timeout:
        raise TimeoutError("the other end does not read") from None
    except ConnectionError as error:
        raise ConnectionLost(str(error)) from error
