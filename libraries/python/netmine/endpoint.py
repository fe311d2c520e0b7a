"""Addresses on all of Bitcoin's networks."""
from __future__ import annotations

import base64
import enum
import hashlib
import socket
from dataclasses import dataclass
from typing import Optional, Tuple

from .errors import FormatError
from .fields import Fields, prefixed, u8, u16

_SIZES = {1: 4, 2: 16, 3: 10, 4: 32, 5: 32, 6: 16}
_MAPPED = bytes(10) + b"\xff\xff"
_TOR_V2 = bytes.fromhex("fd87d87eeb43")


class Network(enum.IntEnum):
    """Networks that have addresses (BIP155)."""

    IPV4 = 1
    IPV6 = 2
    TOR_V2 = 3
    TOR_V3 = 4
    I2P = 5
    CJDNS = 6


@dataclass(frozen=True)
class Endpoint:
    """An address of a BIP155 network, and a port. `Endpoint.parse` reads the text that `str()` writes."""

    #: One of `Network`, or another number.
    network: int
    #: The address's bytes: 4 for IPv4, 16 for IPv6 and CJDNS, 32 for Tor v3 and I2P.
    address: bytes
    port: int

    def __post_init__(self) -> None:
        if not is_address(self.network, self.address):
            raise ValueError(f"an address of network {self.network} does not have {len(self.address)} bytes")
        if not 0 <= self.port <= 65535:
            raise ValueError(f"{self.port} is not a port")

    @property
    def host(self) -> str:
        """The address as text: `192.0.2.1`, `2001:db8::1`, `….onion`, `….b32.i2p`, or `id7-0102`."""
        network, address = self.network, self.address
        if network == Network.IPV4:
            return socket.inet_ntop(socket.AF_INET, address)
        if network == Network.IPV6 or (network == Network.CJDNS and address[0] == 0xFC):
            return socket.inet_ntop(socket.AF_INET6, address)
        if network == Network.TOR_V3:
            return _base32(address + _tor_checksum(address) + b"\x03") + ".onion"
        if network == Network.TOR_V2:
            return _base32(address) + ".onion"
        if network == Network.I2P:
            return _base32(address) + ".b32.i2p"
        return f"id{network}-{address.hex()}"

    def __str__(self) -> str:
        host = self.host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    @classmethod
    def parse(cls, text: str, default_port: Optional[int] = None) -> Endpoint:
        """Reads `192.0.2.1:8333`, `[2001:db8::1]:8333`, `….onion:8333` and so on. Uses the default port if there
        is none.

        Raises `ValueError` if the text is not an address. Names are not resolved.
        """
        host, port = _split(text, default_port)
        network, address = parse_address(host)
        return cls(network, address, port)

    @classmethod
    def read(cls, fields: Fields, field: str) -> Endpoint:
        """Reads Netmine's form: u8 network, u16 count and bytes of the address, u16 port."""
        start = fields.offset
        network = fields.u8(field)
        address = fields.prefixed(field)
        if not is_address(network, address):
            problem = f"has {len(address)} bytes, which is invalid for network {network}"
            raise FormatError(field, problem, start)
        return cls(network, address, fields.u16(field))

    def encode(self) -> bytes:
        """Netmine's form."""
        return u8(self.network) + prefixed(self.address) + u16(self.port)

    @classmethod
    def legacy(cls, address: bytes, port: int) -> Endpoint:
        """Reads Bitcoin's older form of 16 bytes, in which IPv4 and Tor v2 are mapped into IPv6."""
        if address.startswith(_MAPPED):
            return cls(Network.IPV4, address[12:], port)
        if address.startswith(_TOR_V2):
            return cls(Network.TOR_V2, address[6:], port)
        return cls(Network.IPV6, address, port)

    @property
    def legacy_address(self) -> bytes:
        """Bitcoin's older form of 16 bytes; zeros if the address has none."""
        if self.network == Network.IPV4:
            return _MAPPED + self.address
        if self.network == Network.TOR_V2:
            return _TOR_V2 + self.address
        return self.address if self.network == Network.IPV6 else bytes(16)


def is_address(network: int, address: bytes) -> bool:
    """Whether addresses of the network may have `count` bytes; up to 512 in unknown networks."""
    size = _SIZES.get(network)
    return len(address) <= 512 if size is None else len(address) == size


def parse_address(host: str) -> Tuple[int, bytes]:
    """The network and bytes of an address without a port. Raises `ValueError` if the text is not an address."""
    lower = host.lower()
    for family, network in ((socket.AF_INET, Network.IPV4), (socket.AF_INET6, Network.IPV6)):
        try:
            address = socket.inet_pton(family, host)
        except OSError:
            continue
        if network == Network.IPV6 and address.startswith(_MAPPED):
            return Network.IPV4, address[12:]
        return (Network.CJDNS if network == Network.IPV6 and address[0] == 0xFC else network), address
    try:
        if lower.endswith(".b32.i2p"):
            address = base64.b32decode(lower[:-8].upper() + "====")
            if len(address) == 32:
                return Network.I2P, address
        elif lower.endswith(".onion"):
            name = base64.b32decode(lower[:-6].upper())
            if len(name) == 10:
                return Network.TOR_V2, name
            if len(name) == 35 and name[32:] == _tor_checksum(name[:32]) + b"\x03":
                return Network.TOR_V3, name[:32]
        elif lower.startswith("id") and "-" in lower:
            number, _, digits = lower[2:].partition("-")
            network_id, address = int(number), bytes.fromhex(digits)
            if 0 <= network_id <= 255 and is_address(network_id, address):
                return network_id, address
    except ValueError:
        pass
    raise ValueError(f'"{host}" is not an address')


def _split(text: str, default_port: Optional[int]) -> Tuple[str, int]:
    """Host and port."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f'"{text}" is not an address with a port')
        port = rest[1:]
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, ""
    if not port and default_port is not None:
        return host, default_port
    if not (port.isascii() and port.isdigit()):
        raise ValueError(f'"{text}" has no port')
    return host, int(port)


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _tor_checksum(key: bytes) -> bytes:
    return hashlib.sha3_256(b".onion checksum" + key + b"\x03").digest()[:2]
