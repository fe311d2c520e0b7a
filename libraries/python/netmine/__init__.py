"""Netmine's control protocol, log stream and log files.

- `Connector` controls a connector: connect to nodes, send messages, list connections.
- `Stream` subscribes to the log server's stream; `LogReader` reads log files. Both iterate over records. The class of
  a record is its type: `BitcoinMessage`, `ConnectionEvent`, `Gap`, …
- `netmine.messages` decodes Bitcoin's common messages.

Requires only Python 3.9.
"""
from . import messages
from .access import read_key
from .answers import (
    Again, Closed, Connected, ConnectFailed, Connecting, Connection, Disconnecting, Event, Features, HandshakeDone,
    Hello, Page, RegisteredMessage, Sending, Sent, Statistics, Status,
)
from .control import Connector, ConnectResult, Node
from .endpoint import Endpoint, Network
from .errors import AccessDenied, ConnectionLost, FormatError, NetmineError, Refused, RequestFailed
from .files import LogReader
from .messages import hash_text
from .outcome import Introduction, Outcome, OutcomeCode
from .records import (
    BitcoinMessage, ClockState, ConnectionEvent, Direction, EventCode, Gap, GapCause, Malformed, OpenConnection,
    Position, Record, RecordFlags, RecordType, RotationMark, ServerStatus, Source, SourceJoined, SourceLeft, Text,
)
from .sockets import Address, connect
from .stream import Stream
from .targets import ALL, ConnectTarget, Filter, State, Target

__all__ = [
    "ALL", "AccessDenied", "Address", "Again", "BitcoinMessage", "ClockState", "Closed", "ConnectFailed",
    "ConnectResult", "ConnectTarget", "Connected", "Connecting", "Connection", "ConnectionEvent", "ConnectionLost",
    "Connector", "Direction", "Disconnecting", "Endpoint", "Event", "EventCode", "Features", "Filter", "FormatError",
    "Gap", "GapCause", "HandshakeDone", "Hello", "Introduction", "LogReader", "Malformed", "NetmineError", "Network",
    "Node", "OpenConnection", "Outcome", "OutcomeCode", "Page", "Position", "Record", "RecordFlags", "RecordType",
    "Refused", "RegisteredMessage", "RequestFailed", "RotationMark", "Sending", "Sent", "ServerStatus", "Source",
    "SourceJoined", "SourceLeft", "State", "Statistics", "Status", "Stream", "Target", "Text", "connect", "hash_text",
    "messages", "read_key",
]
