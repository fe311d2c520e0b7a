"""The proof of the shared key between TCP clients and servers (docs/access.md)."""
from __future__ import annotations

import hashlib
import hmac
import os
import socket
from typing import Union

from .errors import AccessDenied, ConnectionLost

_SIZE = 32
#: The first bytes of a server that requires a proof. Its random number follows.
CHALLENGE = b"NMKEY\0\0\1"
#: The first bytes in any version of the proof.
_MARK = CHALLENGE[:7]


def read_key(path: Union[str, "os.PathLike[str]"]) -> bytes:
    """The key in a file of 64 hexadecimal digits. Raises `ValueError` if the file has other content."""
    with open(path, encoding="ascii", errors="replace") as file:
        text = "".join(file.read(4096).split())
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _SIZE or len(text) != 2 * _SIZE:
        raise ValueError(f"{os.fspath(path)} does not have 64 hexadecimal digits")
    return key


def prove(connection: socket.socket, key: bytes, purpose: str) -> None:
    """Proves the key to a server, and checks the server's proof. The socket's timeout holds for each step.

    Raises `AccessDenied` if the server does not require a key, or if either side does not know it.
    """
    if len(key) != _SIZE:
        raise ValueError(f"a key has {_SIZE} bytes, not {len(key)}")
    try:
        opening = _receive(connection, len(CHALLENGE) + _SIZE)
    except (socket.timeout, ConnectionLost):
        raise AccessDenied("the server does not require a key") from None
    if not opening.startswith(CHALLENGE):
        raise AccessDenied("the server requires no key, or uses an unknown version of the proof")
    numbers = opening[len(CHALLENGE) :] + os.urandom(_SIZE)
    connection.sendall(numbers[_SIZE:] + _proof(key, "client", purpose, numbers))
    try:
        answer = _receive(connection, _SIZE)
    except (socket.timeout, ConnectionLost):
        raise AccessDenied("the server has another key") from None
    if not hmac.compare_digest(answer, _proof(key, "server", purpose, numbers)):
        raise AccessDenied("the server does not know the key")


def check_unasked(opening: bytes) -> None:
    """Raises `AccessDenied` if the first bytes of a server require a key, but none was given."""
    if opening.startswith(_MARK):
        raise AccessDenied("the server requires a key")


def _proof(key: bytes, who: str, purpose: str, numbers: bytes) -> bytes:
    return hmac.new(key, f"netmine {who} {purpose}\0".encode() + numbers, hashlib.sha256).digest()


def _receive(connection: socket.socket, count: int) -> bytes:
    """Exactly `count` bytes, because the following bytes belong to another reader."""
    data = b""
    while len(data) < count:
        try:
            more = connection.recv(count - len(data))
        except ConnectionError as error:
            raise ConnectionLost(str(error)) from error
        if not more:
            raise ConnectionLost("the other end closed the connection")
        data += more
    return data
