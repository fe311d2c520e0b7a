"""Errors, one class for each party at fault."""
from __future__ import annotations


class NetmineError(Exception):
    """The base class of all errors of this package."""


class FormatError(NetmineError, ValueError):
    """Malformed bytes.

    `field` names the field, and `offset` is its first byte: in the bytes that were being read, or, if a
    record cannot be found, in the file or stream.
    """

    def __init__(self, field: str, problem: str, offset: int) -> None:
        super().__init__(f"{field} at byte {offset} {problem}")
        self.field = field
        self.problem = problem
        self.offset = offset


class RequestFailed(NetmineError):
    """The connector did not execute a request.

    `status` is a `netmine.Status`, or the number of an unknown status. `sentence` is for people.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(f"{sentence} (status {int(status)})")
        self.status = status
        self.sentence = sentence


class Refused(NetmineError):
    """The log server refused the subscription, or disconnected a slow reader that chose `disconnect_when_slow`."""


class AccessDenied(NetmineError):
    """A server on TCP requires a key, or does not know the given one."""


class ConnectionLost(NetmineError, ConnectionError):
    """The other end closed the connection too early."""
