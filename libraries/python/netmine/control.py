"""A client of the connector: version 3 of the control protocol, and version 2 with older connectors."""
from __future__ import annotations

import collections
from types import TracebackType
from typing import Callable, Deque, Dict, Iterable, Iterator, Optional, Type, Union

from .access import check_unasked
from .answers import (
    ConnectFailed, Connecting, Connection, Closed, Disconnecting, Event, HandshakeDone, Hello, Page,
    RegisteredMessage, Sending, Statistics, Status, read_event,
)
from .endpoint import Endpoint
from .errors import ConnectionLost, FormatError, RequestFailed
from .fields import Fields, text, u8, u32
from .messages import Message, frame
from .sockets import Address, Deadline, connect, receive, transmit
from .targets import ALL, All, ConnectTarget, Target, encode_target

_VERSIONS = (2, 3)
_MAXIMUM_PAYLOAD = 8 << 20

#: The result of a connect.
ConnectResult = Union[HandshakeDone, ConnectFailed, Closed]

#: A node: `host:port`, only a host for the network's default port, an endpoint, or a target with its options.
Node = Union[str, Endpoint, ConnectTarget]


class Connector:
    """A connection to a connector.

        with Connector() as connector:
            connecting = connector.connect(["192.0.2.1:8333"])
            outcomes = connector.wait(connecting)

    Each request waits for its reply, and raises `RequestFailed` if it was not done. Later results are events. They are
    kept until the caller reads them, or passed to `on_event` if that is set.

    - `address`: a unix socket's path, or host:port.
    - `name`: the client's name in the log stream.
    - `key`: the 32 bytes of the key, for a connector on TCP that requires one; `read_key` reads it from a file.
    - `timeout`: seconds that a reply may take; None means forever.
    """

    def __init__(
        self,
        address: Optional[Address] = None,
        *,
        name: str = "python",
        key: Optional[bytes] = None,
        timeout: Optional[float] = 30.0,
        on_event: Optional[Callable[[Event], None]] = None,
    ) -> None:
        self.timeout = timeout
        #: If set, called with each event when it is read. Events are then not kept.
        self.on_event = on_event
        self._events: Deque[Event] = collections.deque()
        self._buffer = bytearray()
        self._last_request = 0
        self._version = _VERSIONS[0]
        #: The version of the last frame read.
        self._frame_version = _VERSIONS[0]
        self._socket = connect(address, key, timeout)
        try:
            fields = self.request(0x10, u8(_VERSIONS[0]) + u8(_VERSIONS[1]) + text(name, "name"))
            #: The connector's reply to hello.
            self.hello = Hello.read(fields)
            if self.hello.version not in _VERSIONS:
                raise FormatError("version", f"is {self.hello.version}, which was not offered", 4)
            self._version = self.hello.version
        except BaseException:
            self.close()
            raise

    # Messages.

    def message(self, command: str, payload: bytes = b"") -> bytes:
        """A whole message of the connector's network: header and payload."""
        return frame(self.hello.magic, command, payload)

    def register(self, message: Union[bytes, Message]) -> int:
        """Registers a message for later sends, until this client leaves. Returns its id."""
        fields = self.request(0x11, self._whole(message))
        identifier = fields.u32("message id")
        fields.finish("reply")
        return identifier

    def registered(self) -> list[RegisteredMessage]:
        """The messages that this client has registered."""
        fields = self.request(0x12)
        messages = fields.elements(20, RegisteredMessage.read, "messages")
        fields.finish("reply")
        return messages

    def forget(self, message: int) -> None:
        """Removes a registered message."""
        self.request(0x13, u32(message, "message id")).finish("reply")

    def send(self, message: Union[int, bytes, Message], to: Target = ALL, *, unchecked: bool = False) -> Sending:
        """Sends a message: a registered one by its id, or a whole one. Its event is `Sent`.

        Bytes that are not exactly one whole message of the network are refused, unless `unchecked` is set.
        """
        content = u8(0) + u32(message, "message id") if isinstance(message, int) else self._inline(message)
        fields = self.request(0x16, u8(int(unchecked)) + content + encode_target(to))
        sending = Sending(self._last_request, fields.u32("count"), fields.ids("missing ids"))
        fields.finish("reply")
        return sending

    # Connections.

    def connect(self, nodes: Iterable[Node]) -> Connecting:
        """Begins to connect to nodes, at most 10,000.

        Each node gets either `ConnectFailed`; or `Connected`, then perhaps `HandshakeDone`, and finally `Closed`,
        however long the connection has stood.
        """
        targets = [self._target(node) for node in nodes]
        fields = self.request(0x14, u32(len(targets)) + b"".join(target.encode() for target in targets))
        connecting = Connecting(self._last_request, targets, fields.ids("connection ids"))
        fields.finish("reply")
        return connecting

    def wait(self, connecting: Connecting, timeout: Optional[float] = None) -> Dict[int, ConnectResult]:
        """Waits until each connection of a connect has completed its handshake or has ended. Returns the results by
        connection id, without the connections that have none when the time is over. Other events are kept."""
        pending = set(connecting.connections)
        outcomes: Dict[int, ConnectResult] = {}
        others = []
        deadline = Deadline(timeout)
        while pending:
            event = self.next_event(deadline.remaining)
            if event is None:
                break
            if (
                event.request == connecting.request
                and isinstance(event, (HandshakeDone, ConnectFailed, Closed))
                and event.connection in pending
            ):
                pending.remove(event.connection)
                outcomes[event.connection] = event
            else:
                others.append(event)
        self._events.extendleft(reversed(others))
        return outcomes

    def disconnect(self, target: Target) -> Disconnecting:
        """Closes connections."""
        fields = self.request(0x15, encode_target(target))
        disconnecting = Disconnecting(fields.u32("count"), fields.ids("missing ids"))
        fields.finish("reply")
        return disconnecting

    def connections(self, target: Target = ALL, page: int = 0) -> Iterator[Connection]:
        """The connections, in the order of their ids, requested in pages of at most `limit` (0: the connector
        decides)."""
        if not isinstance(target, (All, int)) and isinstance(target, Iterable):
            target = list(target)
        after: Optional[int] = 0
        while after is not None:
            answer = self.page(after, page, target)
            yield from answer.connections
            after = answer.next

    def page(self, after: int = 0, limit: int = 0, target: Target = ALL) -> Page:
        """One page of the list: connections with ids above `after`, at most `limit`."""
        which = b"" if isinstance(target, All) else encode_target(target)
        fields = self.request(0x17, u32(after, "after") + u32(limit, "limit") + which)
        page = Page.read(fields)
        fields.finish("reply")
        return page

    # The connector.

    def statistics(self) -> Statistics:
        """The connector's statistics."""
        return Statistics.read(self.request(0x18))

    def reload(self) -> str:
        """Has the connector reload its configuration. Returns the actions taken, in words."""
        fields = self.request(0x19)
        sentence = fields.text("what was done")
        fields.finish("reply")
        return sentence

    def shut_down(self) -> None:
        """Shuts the connector down in order."""
        self.request(0x1A).finish("reply")

    # Events.

    def next_event(self, timeout: Optional[float] = None) -> Optional[Event]:
        """The next event; None if none arrives within that many seconds."""
        deadline = Deadline(timeout)
        while not self._events:
            try:
                type_, payload = self._frame(deadline)
            except TimeoutError:
                return None
            if type_ & 0x80:
                raise FormatError("reply", f"of type {type_:#04x} belongs to no request", 0)
            self._note(type_, payload)
        return self._events.popleft()

    def events(self, timeout: Optional[float] = None) -> Iterator[Event]:
        """The events as they arrive. Ends when none arrives within that many seconds."""
        while True:
            event = self.next_event(timeout)
            if event is None:
                return
            yield event

    # Frames.

    def request(self, type_: int, fields: bytes = b"") -> Fields:
        """Sends any request, and returns its reply's fields after the request's id.

        Use it for requests that this package does not know. Raises `RequestFailed` if the request was not done.
        """
        self._last_request = self._last_request % 0xFFFF_FFFF + 1
        identifier = self._last_request
        payload = u32(identifier) + fields
        if len(payload) > _MAXIMUM_PAYLOAD:
            raise ValueError(f"the request has {len(payload)} bytes; {_MAXIMUM_PAYLOAD} are allowed")
        transmit(self._socket, u8(self._version) + u32(len(payload)) + u8(type_) + payload, self.timeout)
        deadline = Deadline(self.timeout)
        while True:
            answer, payload = self._frame(deadline)
            if not answer & 0x80:
                self._note(answer, payload)
                continue
            reply = Fields(payload)
            answered = reply.u32("request id")
            if answer == 0xFF:
                status, sentence = reply.u16("status"), reply.text("sentence")
                reply.finish("failure")
                raise RequestFailed(Status(status) if status in _STATUSES else status, sentence)
            if answered != identifier or answer != type_ | 0x80:
                problem = f"of type {answer:#04x} to request {answered} does not belong to request {identifier}"
                raise FormatError("reply", problem, 0)
            return reply

    def fileno(self) -> int:
        """The socket's descriptor, for waiting on several at once."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes the connection. Connections to peers stay; registered messages are removed."""
        self._socket.close()

    def __enter__(self) -> Connector:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def _frame(self, deadline: Deadline) -> tuple[int, bytes]:
        """The next frame's type and payload."""
        buffer = self._buffer
        while True:
            if buffer and buffer[0] not in _VERSIONS:
                check_unasked(bytes(buffer[:8]))
                raise FormatError("frame", f"is of version {buffer[0]}, neither of {_VERSIONS}", 0)
            if len(buffer) >= 6:
                length = int.from_bytes(buffer[1:5], "big")
                if length > _MAXIMUM_PAYLOAD:
                    raise FormatError("frame", f"has a payload of {length} bytes, more than {_MAXIMUM_PAYLOAD}", 1)
                if len(buffer) >= 6 + length:
                    self._frame_version = buffer[0]
                    type_, payload = buffer[5], bytes(buffer[6 : 6 + length])
                    del buffer[: 6 + length]
                    return type_, payload
            data = receive(self._socket, deadline)
            if not data:
                raise ConnectionLost("the connector closed the connection")
            buffer += data

    def _note(self, type_: int, payload: bytes) -> None:
        """Keeps an event, or passes it to `on_event`. Ignores unknown events."""
        event = read_event(type_, Fields(payload), self._frame_version)
        if event is None:
            return
        if self.on_event is None:
            self._events.append(event)
        else:
            self.on_event(event)

    def _whole(self, message: Union[bytes, Message]) -> bytes:
        if isinstance(message, Message):
            return self.message(message.command, message.encode())
        return message

    def _inline(self, message: Union[bytes, Message]) -> bytes:
        whole = self._whole(message)
        return u8(1) + u32(len(whole)) + whole

    def _target(self, node: Node) -> ConnectTarget:
        if isinstance(node, ConnectTarget):
            return node
        if isinstance(node, str):
            node = Endpoint.parse(node, self.hello.default_port)
        return ConnectTarget(node)


_STATUSES = {int(status) for status in Status}
