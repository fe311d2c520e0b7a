"""The records of the log stream, with a class for each type (docs/log-format.md)."""
from __future__ import annotations

import datetime
import enum
import struct
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterator, List, Optional, Tuple

from . import messages
from .endpoint import Endpoint
from .errors import FormatError
from .fields import Fields
from .outcome import Introduction, Outcome


class RecordType(enum.IntFlag):
    """Types of records, one bit each, so that several types form a mask."""

    META = 0x0001
    DEBUG = 0x0002
    CTRL = 0x0004
    ERROR = 0x0008
    BITCOIN = 0x0010
    BITCOIN_MSG = 0x0020
    CONNECTOR = 0x0040
    CLIENT = 0x0080
    #: From inside a node, and alerts. Each body begins with a u32 that counts the bytes that follow.
    MEMPOOL = 0x0100
    VALIDATION = 0x0200
    NODE_CONNECTION = 0x0400
    NODE_LOG = 0x0800
    RPC = 0x1000
    ALERT = 0x2000
    #: Every type, including unknown ones.
    ALL = 0xFFFF


class RecordFlags(enum.IntFlag):
    """Flags of a record."""

    #: We sent the message. Without this flag we received it.
    SENT = 0x01
    #: The message's checksum is wrong.
    WRONG_CHECKSUM = 0x02
    #: The message was transferred over an encrypted transport (BIP324).
    ENCRYPTED = 0x04
    #: The body is cut short.
    CUT_SHORT = 0x08
    #: The event happened at the record's time or a little earlier.
    UPPER_BOUND = 0x10
    #: The record was sent again after a reconnect. A reader may have it already.
    RESENT = 0x20


class EventCode(enum.IntEnum):
    """Events of a connection."""

    CONNECTED = 0x001
    ACCEPTED = 0x002
    CLOSED_BY_PEER = 0x004
    WRITE_FAILED = 0x008
    FAILED = 0x010
    CONNECT_FAILED = 0x020
    RESET_BY_PEER = 0x040
    CLOSED_BY_US = 0x080
    HANDSHAKE_DONE = 0x100

    @property
    def ends_connection(self) -> bool:
        """Whether the event ends the connection."""
        return self not in (EventCode.CONNECTED, EventCode.ACCEPTED, EventCode.HANDSHAKE_DONE)


class GapCause(enum.IntEnum):
    """Why records are missing."""

    SLOW_READER = 1
    SOURCE_OVERFLOW = 2
    HELD_BY_NOBODY = 3
    BEFORE_ARCHIVE = 4


class Direction(enum.IntEnum):
    """Which end opened a connection."""

    OUTBOUND = 0
    INBOUND = 1


@dataclass
class Record:
    """A record. Records of unknown types or META codes have this class itself."""

    #: Its offset in the file or stream, in bytes.
    offset: int
    #: The id of its source; 0 is the log server, or an archive.
    source: int
    #: Nanoseconds since the Unix epoch.
    time: int
    #: Its sequence number in its source, from 1; 0 if it is not numbered.
    sequence: int
    #: One of `RecordType`, or a later one.
    type: int
    #: A mask of `RecordFlags`.
    flags: int
    #: The connection it is about; 0 for none.
    connection: int
    #: All bytes after the header.
    body: bytes = field(repr=False)

    @property
    def sent(self) -> bool:
        """Whether we sent the message."""
        return bool(self.flags & 0x01)

    @property
    def when(self) -> datetime.datetime:
        """The time in UTC, to the microsecond."""
        return _EPOCH + datetime.timedelta(microseconds=self.time // 1000)


_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


@dataclass
class Malformed(Record):
    """A record whose body does not match its type."""

    problem: FormatError


@dataclass
class Text(Record):
    """DEBUG, CTRL, ERROR, CONNECTOR and CLIENT: a text."""

    @property
    def text(self) -> str:
        """The text. Invalid UTF-8 is replaced."""
        return self.body.decode("utf-8", "replace")


@dataclass
class BitcoinMessage(Record):
    """BITCOIN_MSG: a message exactly as on the wire, its header and its payload.

    It may be less than a whole message: with CUT_SHORT, or if somebody sent bytes that are not a message.
    """

    @property
    def magic(self) -> bytes:
        """The four bytes that it begins with."""
        return self.body[:4]

    @property
    def command(self) -> str:
        """Its command. Bytes outside ASCII are escaped."""
        return self.body[4:16].rstrip(b"\0").decode("ascii", "backslashreplace")

    @property
    def length(self) -> Optional[int]:
        """The length of its payload in bytes, from its header; None if the header is incomplete."""
        return int.from_bytes(self.body[16:20], "little") if len(self.body) >= 24 else None

    @property
    def payload(self) -> bytes:
        """The bytes after the header."""
        return self.body[24:]

    def decode(self) -> messages.Message:
        """Its payload's fields; `messages.Unknown` for an unknown command.

        Raises `FormatError` if the payload is malformed.
        """
        return messages.decode(self.command, self.payload)


@dataclass
class ConnectionEvent(Record):
    """BITCOIN: something happened to a connection."""

    #: One of `EventCode`.
    code: EventCode
    direction: Direction
    remote: Endpoint
    #: 0.0.0.0:0 if there was none.
    local: Endpoint
    #: The duration of the connect, or of the whole handshake, in ns; 0 if unknown.
    duration: int
    #: Why the connection ended; None if it did not end, or if the reason is unknown.
    outcome: Optional[Outcome]
    #: The user agent as the peer sent it; empty until it is known.
    user_agent: bytes
    #: The content of the peer's `version`; None until it is known, and from programs before 0.2.
    introduction: Optional[Introduction]
    #: Up to 4 KiB of the peer's violation.
    evidence: bytes

    @property
    def errno(self) -> int:
        """The system's error number; 0 for none."""
        return self.outcome.errno if self.outcome else 0

    @property
    def reason(self) -> str:
        """Why the connection ended, in words; empty if it did not."""
        return self.outcome.reason if self.outcome else ""


@dataclass
class SourceJoined(Record):
    """META: a source joined and has an id."""

    id: int
    instance: int
    process: int
    kind: str
    name: str
    version: str


@dataclass
class SourceLeft(Record):
    """META: a source left."""

    id: int
    #: Whether it left in order.
    said_goodbye: bool
    #: The last sequence number that the log server has of it.
    last_sequence: int
    reason: str


@dataclass
class OpenConnection(Record):
    """META: a connection that is open at the start of a reader's stream or of an archive's segment."""

    direction: Direction
    remote: Endpoint
    local: Endpoint
    #: The time when it opened, in ns since the Unix epoch.
    since: int
    user_agent: bytes
    #: The content of the peer's `version`; None until it is known, and from programs before 0.2.
    introduction: Optional[Introduction]


@dataclass
class Gap(Record):
    """META: records of a source are missing."""

    #: The source of the missing records.
    missing_source: int
    first: int
    last: int
    #: The number of missing records that match the reader's subscription.
    count: int
    #: Their bytes; 0 if unknown.
    byte_count: int
    #: One of `GapCause`, or a later one.
    cause: int


@dataclass
class ClockState(Record):
    """META: the clock of the source's machine, as its kernel reports it."""

    #: The offset from true time, in ns.
    clock_offset: int
    #: The largest possible error, as the kernel estimates it, in ns.
    error_bound: int
    synchronised: bool


@dataclass(frozen=True)
class Position:
    """The position of an archive in a source."""

    instance: int
    source: int
    sequence: int


@dataclass
class RotationMark(Record):
    """META: a segment of an archive begins, with the positions at the end of the former one."""

    positions: List[Position]


@dataclass(frozen=True)
class Source:
    """A live source, as the log server knows it."""

    id: int
    instance: int
    process: int
    kind: str
    name: str
    version: str
    last_sequence: int
    acknowledged: int
    connections: int


@dataclass
class ServerStatus(Record):
    """The status of the log server."""

    #: The time when it started, in ns since the Unix epoch.
    since: int
    process: int
    version: str
    records: int
    byte_count: int
    missed_records: int
    missed_bytes: int
    readers: int
    archiving_readers: int
    sources: List[Source]


@dataclass
class Refusal(Record):
    """The log server refuses and closes the connection."""

    reason: str


#: The fields of a record's header, without its length.
Header = Tuple[int, int, int, int, int, int, int, bytes]

_HEADER = struct.Struct(">IIQQHBBI")
_PREAMBLE = b"NMLG"
_MAXIMUM_LENGTH = 16 << 20
_TEXT_TYPES = 0x0002 | 0x0004 | 0x0008 | 0x0040 | 0x0080


class Framer:
    """Finds records in the bytes of a stream or file, which may arrive in any pieces."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._start = 0
        #: The offset of the next record, in bytes from the start of the stream or file.
        self.offset = 0

    def feed(self, data: bytes) -> None:
        """Adds the next bytes."""
        if self._start:
            del self._bytes[: self._start]
            self._start = 0
        self._bytes += data

    @property
    def waiting(self) -> int:
        """The number of bytes that are not part of a returned record yet."""
        return len(self._bytes) - self._start

    def records(self) -> Iterator[Record]:
        """The complete records. Raises `FormatError` at bytes that are not a record; no record is found after that."""
        while True:
            record = self.next()
            if record is None:
                return
            yield record

    def next(self) -> Optional[Record]:
        """The next record; None if it is not complete yet."""
        while True:
            data, start = self._bytes, self._start
            available = len(data) - start
            if available < 4:
                return None
            length = int.from_bytes(data[start : start + 4], "big")
            if data[start : start + 4] == _PREAMBLE:
                if available < 16:
                    return None
                version = int.from_bytes(data[start + 4 : start + 6], "big")
                if version != 1:
                    raise FormatError("preamble", f"is of version {version}, not 1", self.offset)
                self._advance(16)
                continue
            if not 28 <= length <= _MAXIMUM_LENGTH:
                raise FormatError("record", f"has a length of {length}, not 28 to {_MAXIMUM_LENGTH}", self.offset)
            if available < 32:
                return None
            _, source, time, sequence, type_, flags, reserved, connection = _HEADER.unpack_from(data, start)
            if reserved or type_ == 0 or type_ & (type_ - 1):
                problem = f"has type {type_:#06x} and reserved byte {reserved}: not a record"
                raise FormatError("record", problem, self.offset)
            if available < length + 4:
                return None
            body = bytes(data[start + 32 : start + 4 + length])
            header = (self.offset, source, time, sequence, type_, flags, connection, body)
            self._advance(length + 4)
            return _typed(header)

    def _advance(self, count: int) -> None:
        self._start += count
        self.offset += count


def _typed(header: Header) -> Record:
    """The record, with the class for its type."""
    type_, body = header[4], header[7]
    if type_ == RecordType.BITCOIN_MSG:
        return BitcoinMessage(*header)
    if type_ & _TEXT_TYPES:
        return Text(*header)
    try:
        if type_ == RecordType.BITCOIN:
            return _event(header, Fields(body))
        if type_ == RecordType.META:
            fields = Fields(body)
            read = _METAS.get(fields.u8("META code"))
            return Record(*header) if read is None else read(header, fields)
    except FormatError as error:
        return Malformed(*header, error)
    return Record(*header)


def _event(header: Header, fields: Fields) -> Record:
    version = fields.u8("event version")
    if version == 0:
        return _early_event(header, Fields(header[7]))
    if version != 2:
        raise FormatError("event version", f"is {version}, which is unknown", 0)
    direction, code = _direction(fields), _event_code(fields.u16("event code"))
    remote, local = Endpoint.read(fields, "remote endpoint"), Endpoint.read(fields, "local endpoint")
    duration, outcome = fields.u64("duration"), Outcome.read(fields)
    agent, introduction = _peer(fields)
    evidence = fields.prefixed("evidence")
    fields.finish("connection event")
    return ConnectionEvent(
        *header, code, direction, remote, local, duration, outcome, agent, introduction, evidence
    )


def _early_event(header: Header, fields: Fields) -> Record:
    """Reads the form of programs before 0.2."""
    code, direction = _event_code(fields.u32("event code")), _direction(fields)
    remote, local = Endpoint.read(fields, "remote endpoint"), Endpoint.read(fields, "local endpoint")
    errno, duration = fields.u32("errno"), fields.u64("duration")
    outcome = Outcome.from_reason(fields.text("reason"), errno)
    agent, evidence = fields.prefixed("user agent"), fields.prefixed("evidence")
    fields.finish("connection event")
    return ConnectionEvent(*header, code, direction, remote, local, duration, outcome, agent, None, evidence)


def _event_code(code: int) -> EventCode:
    if code not in _CODES:
        raise FormatError("event code", f"is {code}, which is not an event", 0)
    return _CODES[code]


def _peer(fields: Fields) -> Tuple[bytes, Optional[Introduction]]:
    """Reads the known part of a peer: its user agent, and the content of its `version`."""
    kind = fields.u8("kind of peer")
    if kind == 0:
        return b"", None
    if kind == 1:
        return fields.prefixed("user agent"), None
    if kind == 2:
        introduction = Introduction.read(fields)
        return introduction.user_agent, introduction
    raise FormatError("kind of peer", f"is {kind}", fields.offset - 1)


_CODES = {int(code): code for code in EventCode}


def _direction(fields: Fields) -> Direction:
    value = fields.u8("direction")
    if value > 1:
        raise FormatError("direction", f"is {value}, neither 0 nor 1", fields.offset - 1)
    return Direction(value)


def _source_joined(header: Header, fields: Fields) -> Record:
    record = SourceJoined(
        *header,
        fields.u32("source"),
        fields.u64("instance"),
        fields.u32("process id"),
        fields.text("kind"),
        fields.text("name"),
        fields.text("version"),
    )
    fields.finish("source joined")
    return record


def _source_left(header: Header, fields: Fields) -> Record:
    record = SourceLeft(
        *header,
        fields.u32("source"),
        fields.u8("goodbye") != 0,
        fields.u64("last sequence"),
        fields.text("reason"),
    )
    fields.finish("source left")
    return record


def _open_connection(header: Header, fields: Fields) -> Record:
    return _open(header, fields, _peer)


def _early_open_connection(header: Header, fields: Fields) -> Record:
    """Reads the form of programs before 0.2."""
    return _open(header, fields, lambda fields: (fields.prefixed("user agent"), None))


def _open(
    header: Header, fields: Fields, peer: Callable[[Fields], Tuple[bytes, Optional[Introduction]]]
) -> Record:
    record = OpenConnection(
        *header,
        _direction(fields),
        Endpoint.read(fields, "remote endpoint"),
        Endpoint.read(fields, "local endpoint"),
        fields.u64("since"),
        *peer(fields),
    )
    fields.finish("open connection")
    return record


def _gap(header: Header, fields: Fields) -> Record:
    record = Gap(
        *header,
        fields.u32("source") or header[1],
        fields.u64("first sequence"),
        fields.u64("last sequence"),
        fields.u64("count"),
        fields.u64("bytes"),
        fields.u8("cause"),
    )
    if record.last < record.first:
        raise FormatError("last sequence", f"is {record.last}, before the first", 13)
    fields.finish("gap")
    return record


def _clock(header: Header, fields: Fields) -> Record:
    record = ClockState(*header, fields.i64("offset"), fields.u64("error bound"), fields.u8("synchronised") != 0)
    fields.finish("clock")
    return record


def _rotation(header: Header, fields: Fields) -> Record:
    record = RotationMark(*header, fields.elements(20, _position, "positions"))
    fields.finish("rotation mark")
    return record


def _position(fields: Fields) -> Position:
    return Position(fields.u64("instance"), fields.u32("source"), fields.u64("sequence"))


def _status(header: Header, fields: Fields) -> Record:
    record = ServerStatus(
        *header,
        fields.u64("since"),
        fields.u32("process id"),
        fields.text("version"),
        fields.u64("records"),
        fields.u64("bytes"),
        fields.u64("missed records"),
        fields.u64("missed bytes"),
        fields.u32("readers"),
        fields.u32("archiving readers"),
        fields.elements(42, _source, "sources"),
    )
    fields.finish("status")
    return record


def _source(fields: Fields) -> Source:
    return Source(
        fields.u32("source"),
        fields.u64("instance"),
        fields.u32("process id"),
        fields.text("kind"),
        fields.text("name"),
        fields.text("version"),
        fields.u64("last sequence"),
        fields.u64("acknowledged"),
        fields.u32("connections"),
    )


def _refusal(header: Header, fields: Fields) -> Record:
    record = Refusal(*header, fields.text("reason"))
    fields.finish("refusal")
    return record


_METAS: Dict[int, Callable[[Header, Fields], Record]] = {
    0x01: _source_joined,
    0x02: _source_left,
    0x03: _early_open_connection,
    0x04: _gap,
    0x05: _clock,
    0x06: _rotation,
    0x07: _open_connection,
    0x85: _refusal,
    0x88: _status,
}


def encode(type_: int, body: bytes, *, source: int = 0, time: int = 0, sequence: int = 0, flags: int = 0,
           connection: int = 0) -> bytes:
    """The bytes of a whole record."""
    if len(body) > _MAXIMUM_LENGTH - 28:
        raise ValueError(f"a record's body has at most {_MAXIMUM_LENGTH - 28} bytes, not {len(body)}")
    return _HEADER.pack(len(body) + 28, source, time, sequence, type_, flags, 0, connection) + body


def preamble(time: int) -> bytes:
    """The preamble of a stream or file with this creation time, in ns since the Unix epoch."""
    return struct.pack(">4sHHQ", _PREAMBLE, 1, 0, time)
