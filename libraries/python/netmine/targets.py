"""What requests say: nodes to connect to, and which connections they are about."""
from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Iterable, List, Optional, Sequence, Union

from .endpoint import Endpoint, parse_address
from .fields import ids, prefixed, text, u8, u16, u32, u64
from .records import Direction


class State(enum.IntEnum):
    """How far a connection has come."""

    CONNECTING = 0
    HANDSHAKING = 1
    OPEN = 2
    CLOSING = 3


@dataclass(frozen=True)
class ConnectTarget:
    """A node to connect to, and how; what is None is as the connector is configured."""

    remote: Endpoint
    #: The address to connect from, with port 0 for any.
    local: Optional[Endpoint] = None
    #: The SOCKS5 proxy to connect through.
    proxy: Optional[Endpoint] = None
    #: The services that the node is told we offer.
    services: Optional[int] = None
    #: The user agent that it is told, at most 256 bytes.
    user_agent: Optional[bytes] = None
    #: Whether it is asked to announce transactions (BIP37).
    relay: Optional[bool] = None
    #: Whether it is connected to though there is a connection of ours to it.
    another: bool = False
    #: Whether it is dialled again whenever the connection ends, until a command disconnects it.
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
    """Connections by what they are: those that meet every condition that is not None."""

    #: The peer's address is of one of these networks.
    networks: Optional[Sequence[int]] = None
    #: The peer's address is in one of these ranges: `192.0.2.0/24`, or the very address, `192.0.2.1`.
    ranges: Optional[Sequence[str]] = None
    #: The user agent has one of these in it, whatever their case.
    user_agents: Optional[Sequence[str]] = None
    #: The peer offers all of these services.
    services: Optional[int] = None
    #: The peer offers none of these services.
    lacking_services: Optional[int] = None
    #: Which end opened it.
    direction: Optional[Direction] = None
    #: It is in one of these states.
    states: Optional[Iterable[State]] = None
    #: At most so many, drawn at random from those that meet the rest; not for a list.
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


#: Every connection; to send, every one whose handshake is done.
ALL = All()

#: Which connections a request is about: all, one by its id, some by their ids, or by what they are.
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
            raise ValueError(f'"{text}" is no range of addresses')
        bits = int(count)
    return u8(network) + prefixed(address) + u8(bits)
