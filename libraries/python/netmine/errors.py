"""What goes wrong, by who is wrong."""
from __future__ import annotations


class NetmineError(Exception):
    """Everything that this package raises of its own."""


class FormatError(NetmineError, ValueError):
    """Bytes are not what they should be.

    `field` names what was read, `offset` says where it begins: in the bytes that were being read, or, where a
    record cannot be found, in the file or stream.
    """

    def __init__(self, field: str, problem: str, offset: int) -> None:
        super().__init__(f"{field} at byte {offset} {problem}")
        self.field = field
        self.problem = problem
        self.offset = offset


class RequestFailed(NetmineError):
    """The connector did not do what it was asked to.

    `status` is one of `netmine.Status` where this version knows it, and its number otherwise; `sentence` is for
    people.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(f"{sentence} (status {int(status)})")
        self.status = status
        self.sentence = sentence


class Refused(NetmineError):
    """The log server refused the subscription, or disconnected a reader that asked for that when it is too slow."""


class AccessDenied(NetmineError):
    """A server over TCP wants a key, or does not know the one that was given."""


class ConnectionLost(NetmineError, ConnectionError):
    """The other end closed where something was still to come."""
