"""Connections to Netmine's programs, over unix sockets and TCP."""
from __future__ import annotations

import os
import socket
import time
from typing import Optional, Tuple, Union

from .access import prove
from .errors import ConnectionLost

#: A unix socket's path (a text with a slash, or a path), or `host:port`, or host and port.
Address = Union[str, "os.PathLike[str]", Tuple[str, int]]

_CHUNK = 256 << 10


def usual(name: str) -> str:
    """The default path of a socket, `control` or `subscribe`, if `logger.root` is not set."""
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

    On TCP, a given key is proven, and the server must know it. `purpose` is the socket that the proof is for:
    `control`, `publish` or `subscribe`. Raises `OSError` if no program listens.
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
    """A path, or host and port. Raises `ValueError` if the text is neither."""
    if isinstance(address, tuple):
        return address
    text = os.fspath(address)
    if not isinstance(address, str) or "/" in text:
        return text
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError(f'"{text}" is neither the path of a socket (with a slash) nor host:port')
    return host.strip("[]"), int(port)


class Deadline:
    """A deadline; none if no seconds are given."""

    def __init__(self, seconds: Optional[float]) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def remaining(self) -> Optional[float]:
        """The seconds until the deadline, 0 after it; None if there is none."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())


def receive(source: socket.socket, deadline: Deadline) -> bytes:
    """The next bytes; empty at the end. Raises `TimeoutError` after the deadline."""
    remaining = deadline.remaining
    # A timeout of 0 would not wait at all, and would raise another error if there is nothing to read.
    source.settimeout(remaining if remaining is None else max(remaining, 1e-6))
    try:
        return source.recv(_CHUNK)
    except socket.timeout:
        raise TimeoutError("nothing arrived in time") from None
    except ConnectionError as error:
        raise ConnectionLost(str(error)) from error


def transmit(target: socket.socket, data: bytes, timeout: Optional[float]) -> None:
    """Sends all bytes. Raises `TimeoutError` if the other end does not read them."""
    target.settimeout(timeout)
    try:
        target.sendall(data)
    except socket.timeout:
        raise TimeoutError("the other end does not read") from None
    except ConnectionError as error:
        raise ConnectionLost(str(error)) from error
