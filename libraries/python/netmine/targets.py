"""Targets of requests: nodes to connect to, and connections."""
from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Iterable, List, Optional, Sequence, Union

from .endpoint import Endpoint, parse_address
from .fields import ids, prefixed, text, u8, u16, u32, u64
from .records import Direction


class State(enum.IntEnum):
    """The state of a connection."""

    CONNECTING = 0
    HANDSHAKING = 1
    OPEN = 2
    CLOSING = 3


@dataclass(frozen=True)
class ConnectTarget:
    """A node to connect to, with options. If an option is None, the connector's configuration applies."""

    remote: Endpoint
    #: The local address to connect from; port 0 means any port.
    local: Optional[Endpoint] = None
    #: The SOCKS5 proxy to connect through.
    proxy: Optional[Endpoint] = None
    #: The services that we offer in our `version`.
    services: Optional[int] = None
    #: The user agent in our `version`, at most 256 bytes.
    user_agent: Optional[bytes] = None
    #: Whether we ask the node to announce transactions (BIP37).
    relay: Optional[bool] = None
    #: Whether to connect even if we have a connection to the node.
    another: bool = False
    #: Whether to dial again whenever the connection ends, until a command disconnects it.
    keep: bool = False

    def encode(self) -> bytes:
        """The bytes of a request."""
        if self.user_agent is not None and len(self.user_agent) > 256:
            raise ValueError(f"the user agent has {len(self.user_agent)} bytes; 256 are allowed")
        options = [
            None if self.local is None else self.local.encode(),
            None if self.proxy is None else self.proxy.encode(),
            None if self.services is None else u64(self.services, "services"),
            None if self.user_agent is None else prefixed(self.user_agent),
            None if self.relay is None else u8(int(self.relay)),
            b"" if self.another else None,
            b"" if self.keep else None,
        ]
        return self.remote.encode() + u8(_bits(options)) + _joined(options)


@dataclass(frozen=True)
class Filter:
    """Selects the connections that meet every condition that is not None."""

    #: The peer's address belongs to one of these networks.
    networks: Optional[Sequence[int]] = None
    #: The peer's address is in one of these ranges: `192.0.2.0/24`, or a single address, `192.0.2.1`.
    ranges: Optional[Sequence[str]] = None
    #: The user agent contains one of these texts; case is ignored.
    user_agents: Optional[Sequence[str]] = None
    #: The peer offers all of these services.
    services: Optional[int] = None
    #: The peer offers none of these services.
    lacking_services: Optional[int] = None
    #: The end that opened it.
    direction: Optional[Direction] = None
    #: It is in one of these states.
    states: Optional[Iterable[State]] = None
    #: At most this many, drawn at random from the connections that meet the other conditions; not allowed in a list.
    sample: Optional[int] = None

    def encode(self) -> bytes:
        """The bytes of a request."""
        conditions: List[Optional[bytes]] = [None] * 8
        if self.networks is not None:
            conditions[0] = u8(len(self.networks), "count of networks") + bytes(self.networks)
        if self.ranges is not None:
            conditions[1] = u16(len(self.ranges), "count of ranges") + b"".join(map(_range, self.ranges))
        if self.user_agents is not None:
            agents = b"".join(text(agent) for agent in self.user_agents)
            conditions[2] = u8(len(self.user_agents), "count of user agents") + agents
        if self.services is not None:
            conditions[3] = u64(self.services, "services")
        if self.lacking_services is not None:
            conditions[4] = u64(self.lacking_services, "services")
        if self.direction is not None:
            conditions[5] = u8(self.direction)
        if self.states is not None:
            conditions[6] = u8(sum(1 << int(state) for state in set(self.states)))
        if self.sample is not None:
            conditions[7] = u32(self.sample, "sample")
        return u16(_bits(conditions)) + _joined(conditions)


class All:
    """Every connection: `ALL`."""

    def __repr__(self) -> str:
        return "ALL"


#: Every connection; for a send, every one whose handshake is done.
ALL = All()

#: The connections of a request: all, one id, several ids, or a filter.
Target = Union[All, int, Iterable[int], Filter]


def encode_target(target: Target) -> bytes:
    """The bytes of a request."""
    if isinstance(target, All):
        return u8(0)
    if isinstance(target, Filter):
        return u8(2) + target.encode()
    return u8(1) + ids([target] if isinstance(target, int) else target, "connection")


def _bits(parts: Sequence[Optional[bytes]]) -> int:
    return sum(1 << bit for bit, part in enumerate(parts) if part is not None)


def _joined(parts: Sequence[Optional[bytes]]) -> bytes:
    return b"".join(part for part in parts if part is not None)


def _range(text: str) -> bytes:
    host, slash, count = text.partition("/")
    network, address = parse_address(host)
    bits = 255
    if slash:
        if not (count.isascii() and count.isdigit()) or int(count) > 8 * len(address):
            raise ValueError(f'"{text}" is not a range of addresses')
        bits = int(count)
    return u8(network) + prefixed(address) + u8(bits)
