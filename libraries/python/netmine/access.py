"""The key that TCP clients and servers prove to each other to know; docs/access.md describes how."""
from __future__ import annotations

import hashlib
import hmac
import os
import socket
from typing import Union

from .errors import AccessDenied, ConnectionLost

_SIZE = 32
#: What a server opens with that wants a proof, before its random number.
CHALLENGE = b"NMKEY\0\0\1"
#: What it opens with in any version.
_MARK = CHALLENGE[:7]


def read_key(path: Union[str, "os.PathLike[str]"]) -> bytes:
    """The key in a file: 64 hexadecimal digits. Raises `ValueError` where there are others."""
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
    """Proves the key to a server, and has it proven; the socket's timeout holds for each step.

    Raises `AccessDenied` where the server does not ask for a key, or either does not know it.
    """
    if len(key) != _SIZE:
        raise ValueError(f"a key has {_SIZE} bytes, not {len(key)}")
    try:
        opening = _receive(connection, len(CHALLENGE) + _SIZE)
    except (socket.timeout, ConnectionLost):
        raise AccessDenied("the server does not ask for a key") from None
    if not opening.startswith(CHALLENGE):
        raise AccessDenied("the server asks for no key, or in a way that this version does not know")
    numbers = opening[len(CHALLENGE) :] + os.urandom(_SIZE)
    connection.sendall(numbers[_SIZE:] + _proof(key, "client", purpose, numbers))
    try:
        answer = _receive(connection, _SIZE)
    except (socket.timeout, ConnectionLost):
        raise AccessDenied("the server has another key") from None
    if not hmac.compare_digest(answer, _proof(key, "server", purpose, numbers)):
        raise AccessDenied("the server does not know the key")


def check_unasked(opening: bytes) -> None:
    """Raises `AccessDenied` where a server opens by asking for a key that it was not proven."""
    if opening.startswith(_MARK):
        raise AccessDenied("the server wants a key")


def _proof(key: bytes, who: str, purpose: str, numbers: bytes) -> bytes:
    return hmac.new(key, f"netmine {who} {purpose}\0".encode() + numbers, hashlib.sha256).digest()


def _receive(connection: socket.socket, count: int) -> bytes:
    """Exactly so many bytes: what follows is for others."""
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
