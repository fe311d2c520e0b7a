"""The log server's live stream."""
from __future__ import annotations

import collections
import time
from types import TracebackType
from typing import Deque, Iterable, Iterator, Optional, Type

from .access import check_unasked
from .errors import ConnectionLost, FormatError, Refused
from .fields import u8, u16, u32
from .records import Framer, Record, RecordType, Refusal, ServerStatus, encode, preamble
from .sockets import Address, Deadline, connect, receive, transmit, usual


class Stream:
    """The records that the log server forwards from now on, filtered.

        with Stream(types=RecordType.BITCOIN_MSG, commands=["inv"]) as stream:
            for record in stream: ...

    The stream begins with one `SourceJoined` for each live source and one `OpenConnection` for each open connection.
    META records arrive whatever the filter is. A reader that is too slow gets a `Gap` that names the missed records;
    with `disconnect_when_slow` it is disconnected instead, which raises `Refused`. When the constructor returns, the
    filter is in force: the stream contains all later records.

    The iteration ends when the log server ends. It does not reconnect, because the records missed meanwhile would be
    an unreported hole.

    - `address`: a unix socket's path, or host:port; None for the default path (if `logger.root` is not set).
    - `types`: a mask of `RecordType`.
    - `received`, `sent`: whether to include messages that we received, or sent.
    - `commands`, `sources`, `connections`: the wanted ones; empty for all. Commands and directions apply to messages
      only.
    - `key`: the 32 bytes of the key, for a log server on TCP that requires one; `read_key` reads it from a file.
    - `timeout`: seconds that the log server may take to answer; None means forever.
    """

    def __init__(
        self,
        address: Optional[Address] = None,
        *,
        types: int = RecordType.ALL,
        received: bool = True,
        sent: bool = True,
        commands: Iterable[str] = (),
        sources: Iterable[int] = (),
        connections: Iterable[int] = (),
        disconnect_when_slow: bool = False,
        key: Optional[bytes] = None,
        timeout: Optional[float] = 30.0,
    ) -> None:
        self._timeout = timeout
        self._framer = Framer()
        self._waiting: Deque[Record] = collections.deque()
        self._ended = False
        request = _subscription(types, received, sent, commands, sources, connections, disconnect_when_slow)
        self._socket = connect(usual("subscribe") if address is None else address, key, timeout, "subscribe")
        try:
            transmit(self._socket, preamble(time.time_ns()), timeout)
            self._subscribe(request)
        except BaseException:
            self.close()
            raise

    def change(
        self,
        *,
        types: int = RecordType.ALL,
        received: bool = True,
        sent: bool = True,
        commands: Iterable[str] = (),
        sources: Iterable[int] = (),
        connections: Iterable[int] = (),
        disconnect_when_slow: bool = False,
    ) -> None:
        """Changes the subscription. Records that arrived before are still in the iteration."""
        self._subscribe(
            _subscription(types, received, sent, commands, sources, connections, disconnect_when_slow)
        )

    def status(self) -> ServerStatus:
        """The log server's status. Records that arrive before its answer are kept for the iteration."""
        transmit(self._socket, encode(RecordType.META, u8(0x87), time=time.time_ns()), self._timeout)
        deadline = Deadline(self._timeout)
        while True:
            record = self._receive(deadline)
            if record is None:
                raise ConnectionLost("the log server closed the connection")
            if isinstance(record, ServerStatus):
                return record
            self._waiting.append(record)

    def records(self, seconds: Optional[float] = None) -> Iterator[Record]:
        """The records as they arrive; if seconds are given, only those that arrive within that time."""
        deadline = Deadline(seconds)
        while True:
            if self._waiting:
                record: Optional[Record] = self._waiting.popleft()
            elif deadline.remaining == 0:
                return
            else:
                try:
                    record = self._receive(deadline)
                except TimeoutError:
                    return
            if record is None:
                return
            yield record

    def __iter__(self) -> Iterator[Record]:
        return self.records()

    def fileno(self) -> int:
        """The socket's descriptor, for waiting on several at once."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes the connection. The log server keeps nothing for a reader that does not archive."""
        self._socket.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def _subscribe(self, request: bytes) -> None:
        transmit(self._socket, request, self._timeout)
        # The server answers in order, so its status confirms the subscription.
        self.status()

    def _receive(self, deadline: Deadline) -> Optional[Record]:
        """The next record of the socket; None at the end."""
        while True:
            record = self._framer.next()
            if record is not None:
                if isinstance(record, Refusal):
                    raise Refused(record.reason)
                return record
            if self._ended:
                return None
            data = receive(self._socket, deadline)
            if data:
                if self._framer.offset == 0:
                    check_unasked(data)
                self._framer.feed(data)
            else:
                self._ended = True
                if self._framer.waiting:
                    problem = f"is torn: the stream ended after {self._framer.waiting} bytes of it"
                    raise FormatError("record", problem, self._framer.offset)


def _subscription(
    types: int,
    received: bool,
    sent: bool,
    commands: Iterable[str],
    sources: Iterable[int],
    connections: Iterable[int],
    disconnect_when_slow: bool,
) -> bytes:
    """The record with the subscription."""
    names = [_command(name) for name in commands]
    source_ids = [u32(source, "source") for source in sources]
    connection_ids = [u32(connection, "connection") for connection in connections]
    body = (
        u8(0x83)
        + u16(int(types), "types")
        + u8((1 if received else 0) | (2 if sent else 0))
        + u8(2 if disconnect_when_slow else 0)
        + u16(len(names), "count of commands") + b"".join(names)
        + u16(len(source_ids), "count of sources") + b"".join(source_ids)
        + u16(len(connection_ids), "count of connections") + b"".join(connection_ids)
        + u32(0)
    )
    return encode(RecordType.META, body, time=time.time_ns())


def _command(name: str) -> bytes:
    encoded = name.encode("ascii")
    if not 0 < len(encoded) <= 12:
        raise ValueError(f'"{name}" is not a command: it has {len(encoded)} bytes, not 1 to 12')
    return encoded.ljust(12, b"\0")
