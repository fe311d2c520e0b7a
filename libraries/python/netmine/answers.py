"""Replies and events of a connector (docs/control-protocol.md)."""
from __future__ import annotations

import enum
from dataclasses import dataclass, fields as dataclass_fields
from typing import List, Optional

from .endpoint import Endpoint
from .errors import FormatError
from .fields import Fields
from .outcome import Outcome, OutcomeCode
from .records import Direction
from .targets import ConnectTarget, State


class Status(enum.IntEnum):
    """Why a request was not done."""

    BAD_REQUEST = 1
    UNKNOWN_REQUEST = 2
    UNSUPPORTED_VERSION = 3
    NO_SUCH_CONNECTION = 4
    NO_SUCH_MESSAGE = 5
    REFUSED = 6
    LIMIT = 7
    SHUTTING_DOWN = 8
    UNSUPPORTED = 9
    FAILED = 10
    BAD_MESSAGE = 11


class Features(enum.IntFlag):
    """Features that a peer has announced."""

    WTXID_RELAY = 0x01
    ADDR_V2 = 0x02
    HEADERS = 0x04
    COMPACT_BLOCKS = 0x08
    HIGH_BANDWIDTH = 0x10
    RECONCILIATION = 0x20


@dataclass(frozen=True)
class Hello:
    """The connector that a client is connected to."""

    version: int
    #: The program and its version.
    server: str
    #: The name of the Bitcoin network.
    network: str
    #: The four bytes that the network's messages begin with.
    magic: bytes
    default_port: int
    #: The random number that the connector chose when it started, as in the log stream.
    instance: int
    #: The place of the network's nodes: 0 anywhere, 1 on this machine, 2 simulated on this machine; None from older
    #: connectors.
    reach: Optional[int] = None

    @classmethod
    def read(cls, fields: Fields) -> Hello:
        """Reads a reply's fields. Ignores additional ones."""
        return cls(
            fields.u8("version"),
            fields.text("server"),
            fields.text("network"),
            fields.u32("magic").to_bytes(4, "little"),
            fields.u16("default port"),
            fields.u64("instance"),
            fields.u8("reach") if fields.remaining else None,
        )


@dataclass(frozen=True)
class RegisteredMessage:
    """A message that this client has registered."""

    id: int
    command: str
    #: Bytes of the whole message.
    size: int

    @classmethod
    def read(cls, fields: Fields) -> RegisteredMessage:
        """Reads one element of a reply."""
        identifier = fields.u32("message id")
        command = fields.take(12, "command").rstrip(b"\0").decode("ascii", "backslashreplace")
        return cls(identifier, command, fields.u32("size"))


@dataclass(frozen=True)
class Connecting:
    """A connect that has begun. Its events have the request's id."""

    request: int
    targets: List[ConnectTarget]
    #: The connections' ids, in the order of the targets.
    connections: List[int]


@dataclass(frozen=True)
class Disconnecting:
    """A disconnect that has begun."""

    #: The number of connections that are being closed.
    count: int
    #: Ids that do not exist.
    missing: List[int]


@dataclass(frozen=True)
class Sending:
    """A send that has begun. Its event has the request's id."""

    request: int
    #: The number of connections that the message is for.
    count: int
    #: Ids that do not exist.
    missing: List[int]


@dataclass(frozen=True)
class Connection:
    """A connection, as the connector knows it. Unknown values are 0 or empty. Times are ns since the Unix epoch."""

    id: int
    direction: Direction
    #: One of `State`.
    state: State
    remote: Endpoint
    #: 0.0.0.0:0 until it is known.
    local: Endpoint
    since: int
    protocol_version: int
    services: int
    #: As the peer sent it, at most 256 bytes.
    user_agent: bytes
    height: int
    #: Whether the peer asks for transactions.
    relay: bool
    #: The last round trip of a ping, in ns.
    ping: int
    bytes_received: int
    bytes_sent: int
    messages_received: int
    messages_sent: int
    # The following fields exist since version 0.2.
    #: The time when its handshake was done.
    opened: int = 0
    #: The time when something was last received.
    last_received: int = 0
    #: The time when a message was last sent.
    last_sent: int = 0
    #: The shortest round trip of a ping, in ns.
    shortest_ping: int = 0
    #: The minimum fee rate of transactions that it wants, in satoshi per 1000 virtual bytes.
    fee_filter: int = 0
    features: Features = Features(0)
    #: The bytes that wait to be sent to it.
    bytes_waiting: int = 0

    @classmethod
    def read(cls, outer: Fields) -> Connection:
        """Reads one element of a list. Ignores additional fields."""
        fields = Fields(outer.prefixed("connection"))
        values = (
            fields.u32("connection id"),
            _direction(fields),
            _state(fields),
            Endpoint.read(fields, "remote endpoint"),
            Endpoint.read(fields, "local endpoint"),
            fields.u64("since"),
            fields.i32("protocol version"),
            fields.u64("services"),
            fields.prefixed("user agent"),
            fields.i32("height"),
            fields.flag("relay"),
            fields.u64("ping"),
            fields.u64("bytes received"),
            fields.u64("bytes sent"),
            fields.u64("messages received"),
            fields.u64("messages sent"),
        )
        if not fields.remaining:
            return cls(*values)
        return cls(
            *values,
            opened=fields.u64("opened"),
            last_received=fields.u64("last received"),
            last_sent=fields.u64("last sent"),
            shortest_ping=fields.u64("shortest ping"),
            fee_filter=fields.u64("fee filter"),
            features=Features(fields.u8("features")),
            bytes_waiting=fields.u32("bytes waiting"),
        )


@dataclass(frozen=True)
class Page:
    """One page of a list of connections."""

    connections: List[Connection]
    #: The value of `after` for the next page; None on the last page.
    next: Optional[int]

    @classmethod
    def read(cls, fields: Fields) -> Page:
        """Reads a reply's fields."""
        following = fields.u32("next")
        return cls(fields.elements(85, Connection.read, "connections"), following or None)


@dataclass(frozen=True)
class Statistics:
    """The statistics of a connector. Times are ns since the Unix epoch. Counts are since its start, unless marked
    `now`."""

    time: int
    since: int
    process: int
    version: str
    network: str
    #: The four bytes that the network's messages begin with.
    magic: bytes
    #: The id that the log server assigned to it last; 0 for none.
    source: int
    instance: int
    #: Whether the log server accepts its records now.
    publishing: bool
    #: Now: connections that are being made.
    connecting: int
    #: Now: connections in their handshake.
    handshaking: int
    #: Now: open connections that we dialled.
    open_outbound: int
    #: Now: open connections that peers dialled.
    open_inbound: int
    connects_begun: int
    connects_failed: int
    accepted: int
    messages_received: int
    messages_sent: int
    bytes_received: int
    bytes_sent: int
    #: The last sequence number of its records.
    records_made: int
    #: The last sequence number that the log server has acknowledged.
    records_acknowledged: int
    #: Now: records that are not acknowledged.
    records_waiting: int
    #: Now: bytes that the log server's socket has not accepted.
    bytes_waiting: int
    records_dropped: int
    #: Now: clients.
    clients: int
    #: Now: registered messages.
    registered_messages: int
    # The following fields exist since version 0.2. The first five belong to `connector.fetch`.
    #: Contents requested.
    fetches_requested: int = 0
    #: Contents received.
    fetches_received: int = 0
    #: Contents that no peer delivered in time.
    fetches_failed: int = 0
    #: Contents skipped because too many waited.
    fetches_left_out: int = 0
    #: Now: contents that wait.
    fetches_pending: int = 0
    #: Now: connects that wait until they may begin.
    connects_waiting: int = 0
    #: Now: kept connections, whether open, being made, or waiting for the next dial.
    connections_kept: int = 0
    #: Why the log server refuses it; empty if it does not (since version 0.2).
    refusal: str = ""

    @classmethod
    def read(cls, fields: Fields) -> Statistics:
        """Reads a reply's fields. Ignores additional ones."""
        head = (
            fields.u64("time"),
            fields.u64("since"),
            fields.u32("process id"),
            fields.text("version"),
            fields.text("network"),
            fields.u32("magic").to_bytes(4, "little"),
            fields.u32("source"),
            fields.u64("instance"),
            fields.flag("publishing"),
        )
        names = [field.name for field in dataclass_fields(cls)][len(head) : -1]
        counts = [fields.u64(name) for name in names[:18]]
        later = [fields.u64(name) for name in names[18:]] if fields.remaining else []
        refusal = [fields.text("refusal")] if fields.remaining else []
        return cls(*head, *counts, *later, *refusal)


@dataclass(frozen=True)
class Event:
    """A result of a request that arrives after its reply."""

    #: The request's id.
    request: int


@dataclass(frozen=True)
class Connected(Event):
    """The connection is established; the handshake is not done."""

    connection: int
    local: Endpoint
    #: ns since the connect began.
    duration: int


@dataclass(frozen=True)
class HandshakeDone(Event):
    """The handshake is done: messages can be exchanged."""

    connection: int
    protocol_version: int
    services: int
    user_agent: bytes
    height: int
    relay: bool
    #: ns since the connect began.
    duration: int


@dataclass(frozen=True)
class ConnectFailed(Event):
    """The connect failed, or the connector did not try it."""

    connection: int
    outcome: Outcome

    @property
    def errno(self) -> int:
        """The system's error number; 0 if it was not an error of the system."""
        return self.outcome.errno

    @property
    def reason(self) -> str:
        """The reason in words."""
        return self.outcome.reason


@dataclass(frozen=True)
class Closed(Event):
    """An established connection has ended."""

    connection: int
    outcome: Outcome

    @property
    def errno(self) -> int:
        """The system's error number; 0 if it was not an error of the system."""
        return self.outcome.errno

    @property
    def reason(self) -> str:
        """The reason in words."""
        return self.outcome.reason


@dataclass(frozen=True)
class Sent(Event):
    """A message was queued for its peers, behind earlier data."""

    #: The number of connections that it was queued for.
    count: int
    #: The number of connections that were closed instead, because they do not read.
    lost: int


@dataclass(frozen=True)
class Again(Event):
    """A kept connection has ended, and is dialled again under a new id."""

    connection: int
    #: The id of the next connection.
    next: int
    #: ns until the next dial.
    delay: int


def read_event(type_: int, fields: Fields, version: int = 3) -> Optional[Event]:
    """Reads an event's fields, from the request's id on. Returns None for an unknown type.

    - `version`: the frame's version, 2 or 3.
    """
    request = fields.u32("request id")
    event: Event
    if type_ == 0x40:
        event = Connected(request, fields.u32("connection"), Endpoint.read(fields, "local"), fields.u64("duration"))
    elif type_ == 0x41:
        event = HandshakeDone(
            request,
            fields.u32("connection"),
            fields.i32("protocol version"),
            fields.u64("services"),
            fields.prefixed("user agent"),
            fields.i32("height"),
            fields.flag("relay"),
            fields.u64("duration"),
        )
    elif type_ == 0x42:
        event = ConnectFailed(request, fields.u32("connection"), _outcome(fields, version))
    elif type_ == 0x43:
        event = Closed(request, fields.u32("connection"), _outcome(fields, version))
    elif type_ == 0x44:
        event = Sent(request, fields.u32("count"), fields.u32("lost"))
    elif type_ == 0x45:
        event = Again(request, fields.u32("connection"), fields.u32("next"), fields.u64("delay"))
    else:
        return None
    fields.finish("event")
    return event


def _outcome(fields: Fields, version: int) -> Outcome:
    if version < 3:
        errno = fields.u32("errno")
        outcome = Outcome.from_reason(fields.text("reason"), errno)
    else:
        outcome = Outcome.read(fields)
    return outcome or Outcome(OutcomeCode.UNSPECIFIED)


def _direction(fields: Fields) -> Direction:
    value = fields.u8("direction")
    if value > 1:
        raise FormatError("direction", f"is {value}, which is undefined", fields.offset - 1)
    return Direction(value)


def _state(fields: Fields) -> State:
    value = fields.u8("state")
    if value > 3:
        raise FormatError("state", f"is {value}, which is undefined", fields.offset - 1)
    return State(value)
