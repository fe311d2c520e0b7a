"""How a connection, or the attempt to make one, ended."""
from __future__ import annotations

import os
from dataclasses import dataclass
from enum import IntEnum
from typing import Optional, Union

from .fields import Fields


class OutcomeCode(IntEnum):
    """The codes of outcomes (`docs/log-format.md`). Later programs may have more."""

    UNSPECIFIED = 1
    REFUSED = 2
    TIMED_OUT = 3
    UNREACHABLE = 4
    RESET = 5
    CLOSED_BEFORE_VERSION = 6
    CLOSED_BY_PEER = 7
    HANDSHAKE_TIMED_OUT = 8
    MESSAGE_TIMED_OUT = 9
    PING_TIMED_OUT = 10
    SILENT = 11
    WRONG_MAGIC = 12
    PROTOCOL_ERROR = 13
    PROTOCOL_VERSION_TOO_LOW = 14
    PEER_DOES_NOT_READ = 15
    TURNED_AWAY = 16
    OUT_OF_MEMORY = 17
    CONNECTED_TO_OURSELVES = 18
    BLACKLISTED = 19
    ALREADY_CONNECTED = 20
    GROUP_FULL = 21
    QUEUE_FULL = 22
    NO_ROUTE = 23
    PROXY = 24
    OUT_OF_DESCRIPTORS = 25
    OUT_OF_PORTS = 26
    DISCONNECTED_BY_COMMAND = 27
    CONNECTOR_SHUTS_DOWN = 28
    FAILED = 29


_CODES = {int(code): code for code in OutcomeCode}
_NAMES = {code.name.lower().replace("_", " "): code for code in OutcomeCode}
_CONNECTION, _BEFORE_VERSION, _TEXT = 2, 10, 12


@dataclass(frozen=True)
class Outcome:
    """How a connection, or the attempt to make one, ended."""

    #: One of `OutcomeCode`, or a later one's number.
    code: Union[OutcomeCode, int]
    #: The system's error number, as on Linux; 0 if it was not an error of the system.
    errno: int = 0
    #: The kind of detail and its bytes, as in `docs/log-format.md`.
    detail_kind: int = 0
    detail: bytes = b""

    @classmethod
    def read(cls, fields: Fields) -> Optional[Outcome]:
        """Reads an outcome; None if there is none."""
        code = fields.u16("outcome")
        if code == 0:
            return None
        errno, kind = fields.u32("errno"), fields.u8("detail kind")
        return cls(_CODES.get(code, code), errno, kind, fields.prefixed("detail"))

    @classmethod
    def from_reason(cls, reason: str, errno: int) -> Optional[Outcome]:
        """The form of programs before 0.2: a reason that begins with the code's name."""
        if not reason:
            return cls(OutcomeCode.UNSPECIFIED, errno) if errno else None
        name, colon, rest = reason.partition(": ")
        code = _NAMES.get(name)
        if code is None:
            return cls(OutcomeCode.UNSPECIFIED, errno, _TEXT, reason.encode())
        kind, text, number = rest.partition("connection ")
        if code == OutcomeCode.ALREADY_CONNECTED and text and not kind and number.isdigit() and int(number) < 1 << 32:
            return cls(code, errno, _CONNECTION, int(number).to_bytes(4, "big"))
        if code == OutcomeCode.RESET and rest == "before version":
            return cls(code, errno, _BEFORE_VERSION)
        return cls(code, errno, _TEXT, rest.encode()) if colon else cls(code, errno)

    @property
    def name(self) -> str:
        """The code's name, such as `refused`; `outcome N` for an unknown code."""
        if isinstance(self.code, OutcomeCode):
            return self.code.name.lower().replace("_", " ")
        return f"outcome {self.code}"

    @property
    def connection(self) -> Optional[int]:
        """The id of the connection that prevents this one, if the detail has it."""
        is_connection = self.detail_kind == _CONNECTION and len(self.detail) == 4
        return int.from_bytes(self.detail, "big") if is_connection else None

    @property
    def reason(self) -> str:
        """The name and the details in words. Programs should use the code instead."""
        text = self.detail.decode("utf-8", "replace") if self.detail_kind == _TEXT else ""
        if self.connection is not None:
            text = f"connection {self.connection}"
        elif self.detail_kind == _BEFORE_VERSION:
            text = "before version"
        elif not text and self.errno and self.code not in (OutcomeCode.REFUSED, OutcomeCode.TIMED_OUT, OutcomeCode.RESET):
            text = os.strerror(self.errno)
        if self.code == OutcomeCode.UNSPECIFIED and text:
            return text
        return f"{self.name}: {text}" if text else self.name


@dataclass(frozen=True)
class Introduction:
    """The content of a peer's `version` message."""

    protocol_version: int
    services: int
    #: The user agent as sent (BIP14), at most 256 bytes.
    user_agent: bytes
    height: int
    #: Whether it asks for transactions to be announced (BIP37).
    relay: bool

    @classmethod
    def read(cls, fields: Fields) -> Introduction:
        """Reads the fields."""
        return cls(
            fields.i32("protocol version"),
            fields.u64("services"),
            fields.prefixed("user agent"),
            fields.i32("height"),
            fields.flag("relay"),
        )
