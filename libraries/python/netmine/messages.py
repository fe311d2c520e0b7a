"""Bitcoin's common messages: decoding of untrusted bytes, and encoding.

Integers are little-endian on the wire. `decode` refuses what Bitcoin Core refuses. Bytes after the last field,
which Core ignores, are kept in `trailing`. Hashes are bytes as on the wire; `hash_text` writes them as block explorers
do.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, List, Optional, Tuple

from .endpoint import Endpoint, is_address
from .errors import FormatError
from .fields import MAX_SIZE, Fields, compact_size, counted
from .transactions import Transaction, double_sha256, hash_text

__all__ = [
    "Addr", "AddrV2", "Block", "BlockHeader", "Empty", "FeeFilter", "Headers", "Inventory", "InventoryItem",
    "KnownNode", "Locator", "Message", "Ping", "Pong", "Reject", "SendCompact", "Tx", "Unknown", "Version",
    "decode", "double_sha256", "frame", "hash_text", "unframe",
]


class Message:
    """A message's payload. `encode` writes it; `frame` adds the header."""

    #: The command in the message's header.
    command: str
    #: Bytes after the last field, without meaning.
    trailing: bytes = b""

    def encode(self) -> bytes:
        """The payload's bytes, without trailing ones."""
        raise NotImplementedError


@dataclass
class Unknown(Message):
    """A message that this package does not decode."""

    command: str
    payload: bytes

    def encode(self) -> bytes:
        return self.payload


@dataclass
class Empty(Message):
    """A message without a payload: verack, getaddr, sendaddrv2, wtxidrelay, sendheaders, mempool, filterclear."""

    command: str

    def encode(self) -> bytes:
        return b""


@dataclass
class Party:
    """Services and an endpoint in a version message."""

    services: int
    endpoint: Endpoint


@dataclass
class Version(Message):
    """`version`. If a field is None, it and all later fields were missing."""

    command = "version"
    version: int
    services: int
    #: The sender's clock, seconds since the Unix epoch.
    time: int
    receiver: Party
    sender: Optional[Party] = None
    nonce: Optional[int] = None
    user_agent: Optional[bytes] = None
    start_height: Optional[int] = None
    #: Whether it wants transactions (BIP37).
    relay: Optional[bool] = None

    @classmethod
    def read(cls, fields: Fields) -> Version:
        """Reads the fields that are present."""
        message = cls(
            fields.little(4, "version", signed=True),
            fields.little(8, "services"),
            fields.little(8, "time", signed=True),
            _party(fields, "receiver"),
        )
        if fields.remaining:
            message.sender = _party(fields, "sender")
            message.nonce = fields.little(8, "nonce")
        if fields.remaining:
            message.user_agent = fields.counted("user agent", 256)
        if fields.remaining:
            message.start_height = fields.little(4, "start height", signed=True)
        if fields.remaining:
            message.relay = fields.u8("relay") != 0
        return message

    def encode(self) -> bytes:
        data = self.version.to_bytes(4, "little", signed=True) + self.services.to_bytes(8, "little")
        data += self.time.to_bytes(8, "little", signed=True) + _party_bytes(self.receiver)
        if self.sender is None or self.nonce is None:
            return data
        data += _party_bytes(self.sender) + self.nonce.to_bytes(8, "little")
        if self.user_agent is None:
            return data
        data += counted(self.user_agent)
        if self.start_height is None:
            return data
        data += self.start_height.to_bytes(4, "little", signed=True)
        return data if self.relay is None else data + (b"\1" if self.relay else b"\0")


@dataclass
class Ping(Message):
    """`ping`. Before BIP31 it has no nonce."""

    command = "ping"
    nonce: Optional[int] = None

    @classmethod
    def read(cls, fields: Fields) -> Ping:
        """Reads the nonce if there is one."""
        return cls(fields.little(8, "nonce") if fields.remaining else None)

    def encode(self) -> bytes:
        return b"" if self.nonce is None else self.nonce.to_bytes(8, "little")


@dataclass
class Pong(Message):
    """`pong`: the nonce of the ping that it answers."""

    command = "pong"
    nonce: int

    @classmethod
    def read(cls, fields: Fields) -> Pong:
        """Reads the nonce."""
        return cls(fields.little(8, "nonce"))

    def encode(self) -> bytes:
        return self.nonce.to_bytes(8, "little")


@dataclass(frozen=True)
class InventoryItem:
    """An item of an inventory."""

    #: 1 transaction, 2 block, 3 filtered block, 4 compact block, 5 transaction by wtxid; bit 30: with witness.
    type: int
    hash: bytes

    def __str__(self) -> str:
        name = _ITEM_TYPES.get(self.type, f"type {self.type}")
        return f"{name} {hash_text(self.hash)}"


_WITNESS = 1 << 30
_ITEM_TYPES = {
    1: "tx", 2: "block", 3: "filtered block", 4: "compact block", 5: "wtx", _WITNESS | 1: "witness tx",
    _WITNESS | 2: "witness block",
}


@dataclass
class Inventory(Message):
    """`inv`, `getdata` and `notfound`: at most 50,000 items."""

    command: str
    items: List[InventoryItem]

    @classmethod
    def read(cls, fields: Fields, command: str) -> Inventory:
        """Reads the items."""
        count = fields.count("inventory count", 50_000, 36)
        return cls(command, [InventoryItem(fields.little(4, "type"), fields.take(32, "hash")) for _ in range(count)])

    def encode(self) -> bytes:
        items = b"".join(item.type.to_bytes(4, "little") + item.hash for item in self.items)
        return compact_size(len(self.items)) + items


@dataclass(frozen=True)
class KnownNode:
    """A node that another node announces."""

    #: The time when it was last seen, in seconds since the Unix epoch.
    time: int
    services: int
    endpoint: Endpoint


@dataclass
class Addr(Message):
    """`addr`: at most 1000 nodes with addresses in the older form."""

    command = "addr"
    nodes: List[KnownNode]

    @classmethod
    def read(cls, fields: Fields) -> Addr:
        """Reads the nodes."""
        nodes = []
        for _ in range(fields.count("address count", 1000, 30)):
            time, services = fields.little(4, "time"), fields.little(8, "services")
            address = fields.take(16, "address")
            nodes.append(KnownNode(time, services, Endpoint.legacy(address, fields.u16("port"))))
        return cls(nodes)

    def encode(self) -> bytes:
        return compact_size(len(self.nodes)) + b"".join(
            node.time.to_bytes(4, "little")
            + node.services.to_bytes(8, "little")
            + node.endpoint.legacy_address
            + node.endpoint.port.to_bytes(2, "big")
            for node in self.nodes
        )


@dataclass
class AddrV2(Message):
    """`addrv2` (BIP155): at most 1000 nodes with addresses of any network."""

    command = "addrv2"
    nodes: List[KnownNode]

    @classmethod
    def read(cls, fields: Fields) -> AddrV2:
        """Reads the nodes."""
        nodes = []
        for _ in range(fields.count("address count", 1000, 9)):
            time, services = fields.little(4, "time"), fields.compact_size("services", (1 << 64) - 1)
            start = fields.offset
            network, address = fields.u8("network"), fields.counted("address", 512)
            if not is_address(network, address):
                raise FormatError("address", f"of network {network} has {len(address)} bytes", start)
            nodes.append(KnownNode(time, services, Endpoint(network, address, fields.u16("port"))))
        return cls(nodes)

    def encode(self) -> bytes:
        return compact_size(len(self.nodes)) + b"".join(
            node.time.to_bytes(4, "little")
            + compact_size(node.services)
            + bytes([node.endpoint.network])
            + counted(node.endpoint.address)
            + node.endpoint.port.to_bytes(2, "big")
            for node in self.nodes
        )


@dataclass(frozen=True)
class BlockHeader:
    """The 80 bytes that a block begins with."""

    version: int
    previous: bytes
    merkle_root: bytes
    #: Seconds since the Unix epoch.
    time: int
    bits: int
    nonce: int

    @classmethod
    def read(cls, fields: Fields) -> BlockHeader:
        """Reads the 80 bytes."""
        return cls(
            fields.little(4, "block version", signed=True),
            fields.take(32, "previous block"),
            fields.take(32, "merkle root"),
            fields.little(4, "block time"),
            fields.little(4, "bits"),
            fields.little(4, "nonce"),
        )

    def encode(self) -> bytes:
        """The 80 bytes."""
        return (
            self.version.to_bytes(4, "little", signed=True)
            + self.previous
            + self.merkle_root
            + b"".join(value.to_bytes(4, "little") for value in (self.time, self.bits, self.nonce))
        )

    @property
    def hash(self) -> bytes:
        """The block's hash."""
        return double_sha256(self.encode())


@dataclass
class Headers(Message):
    """`headers`: at most 2000 block headers, each with a meaningless count of transactions."""

    command = "headers"
    headers: List[BlockHeader]

    @classmethod
    def read(cls, fields: Fields) -> Headers:
        """Reads the headers."""
        headers = []
        for _ in range(fields.count("header count", 2000, 81)):
            headers.append(BlockHeader.read(fields))
            fields.compact_size("transaction count")
        return cls(headers)

    def encode(self) -> bytes:
        return compact_size(len(self.headers)) + b"".join(header.encode() + b"\0" for header in self.headers)


@dataclass
class Locator(Message):
    """`getheaders` and `getblocks`: the sender's place in the chain, and the place to stop."""

    command: str
    version: int
    #: At most 101 hashes of blocks, the newest first.
    locator: List[bytes]
    #: The last wanted hash; zeros for as many as possible.
    stop: bytes = bytes(32)

    @classmethod
    def read(cls, fields: Fields, command: str) -> Locator:
        """Reads the fields."""
        version = fields.little(4, "version", signed=True)
        locator = [fields.take(32, "hash") for _ in range(fields.count("locator count", 101, 32))]
        return cls(command, version, locator, fields.take(32, "stop hash"))

    def encode(self) -> bytes:
        version = self.version.to_bytes(4, "little", signed=True)
        return version + compact_size(len(self.locator)) + b"".join(self.locator) + self.stop


@dataclass
class Tx(Message):
    """`tx`: a transaction."""

    command = "tx"
    transaction: Transaction

    @classmethod
    def read(cls, fields: Fields) -> Tx:
        """Reads the transaction."""
        return cls(Transaction.read(fields))

    def encode(self) -> bytes:
        return self.transaction.raw


@dataclass
class Block(Message):
    """`block`: a header and transactions."""

    command = "block"
    header: BlockHeader
    transactions: List[Transaction]

    @classmethod
    def read(cls, fields: Fields) -> Block:
        """Reads header and transactions."""
        header = BlockHeader.read(fields)
        count = fields.count("transaction count", MAX_SIZE, 10)
        return cls(header, [Transaction.read(fields) for _ in range(count)])

    def encode(self) -> bytes:
        transactions = b"".join(transaction.raw for transaction in self.transactions)
        return self.header.encode() + compact_size(len(self.transactions)) + transactions


@dataclass
class FeeFilter(Message):
    """`feefilter` (BIP133): the minimum fee rate of wanted transactions, in satoshi per 1000 virtual bytes."""

    command = "feefilter"
    fee_rate: int

    @classmethod
    def read(cls, fields: Fields) -> FeeFilter:
        """Reads the rate."""
        return cls(fields.little(8, "fee rate", signed=True))

    def encode(self) -> bytes:
        return self.fee_rate.to_bytes(8, "little", signed=True)


@dataclass
class SendCompact(Message):
    """`sendcmpct` (BIP152): the sender supports compact blocks, and may want blocks announced by them."""

    command = "sendcmpct"
    announce: bool
    version: int

    @classmethod
    def read(cls, fields: Fields) -> SendCompact:
        """Reads both fields."""
        return cls(fields.flag("announce"), fields.little(8, "compact block version"))

    def encode(self) -> bytes:
        return (b"\1" if self.announce else b"\0") + self.version.to_bytes(8, "little")


@dataclass
class Reject(Message):
    """`reject` (BIP61): a message was not accepted, and the reason."""

    command = "reject"
    rejected: bytes
    code: int
    reason: bytes
    #: The hash of the rejected transaction or block.
    hash: Optional[bytes] = None

    @classmethod
    def read(cls, fields: Fields) -> Reject:
        """Reads the fields."""
        rejected = fields.counted("rejected command", 12)
        code = fields.u8("code")
        reason = fields.counted("reason", 111)
        return cls(rejected, code, reason, fields.take(32, "hash") if fields.remaining >= 32 else None)

    def encode(self) -> bytes:
        return counted(self.rejected) + bytes([self.code]) + counted(self.reason) + (self.hash or b"")


def decode(command: str, payload: bytes) -> Message:
    """The fields of a message's payload; `Unknown` for an unknown command.

    Raises `FormatError` if the payload is malformed.
    """
    read = _READERS.get(command)
    if read is None:
        return Unknown(command, payload)
    fields = Fields(payload)
    message = read(fields)
    if fields.remaining:
        message.trailing = fields.rest()
    return message


def _empty(command: str) -> Callable[[Fields], Message]:
    return lambda fields: Empty(command)


def _inventory(command: str) -> Callable[[Fields], Message]:
    return lambda fields: Inventory.read(fields, command)


def _locator(command: str) -> Callable[[Fields], Message]:
    return lambda fields: Locator.read(fields, command)


_EMPTY = ("verack", "getaddr", "sendaddrv2", "wtxidrelay", "sendheaders", "mempool", "filterclear")
_READERS: Dict[str, Callable[[Fields], Message]] = {
    "version": Version.read, "ping": Ping.read, "pong": Pong.read, "addr": Addr.read, "addrv2": AddrV2.read,
    "headers": Headers.read, "tx": Tx.read, "block": Block.read, "feefilter": FeeFilter.read,
    "sendcmpct": SendCompact.read, "reject": Reject.read,
    **{command: _empty(command) for command in _EMPTY},
    **{command: _inventory(command) for command in ("inv", "getdata", "notfound")},
    **{command: _locator(command) for command in ("getheaders", "getblocks")},
}


def frame(magic: bytes, command: str, payload: bytes = b"") -> bytes:
    """A whole message: the 24-byte header, with the network's magic, and the payload."""
    name = command.encode("ascii")
    if len(magic) != 4 or len(name) > 12:
        raise ValueError("a magic has 4 bytes, a command at most 12")
    return magic + name.ljust(12, b"\0") + len(payload).to_bytes(4, "little") + double_sha256(payload)[:4] + payload


def unframe(message: bytes) -> Tuple[bytes, str, bytes]:
    """Magic, command and payload of one whole message. Raises `FormatError` if the bytes are not one."""
    fields = Fields(message)
    magic, name = fields.take(4, "magic"), fields.take(12, "command")
    length, checksum = fields.little(4, "length"), fields.take(4, "checksum")
    payload = fields.take(length, "payload")
    fields.finish("message")
    if checksum != double_sha256(payload)[:4]:
        raise FormatError("checksum", "is not the payload's", 20)
    return magic, name.rstrip(b"\0").decode("ascii", "backslashreplace"), payload


def _party(fields: Fields, field: str) -> Party:
    services, address = fields.little(8, field), fields.take(16, field)
    return Party(services, Endpoint.legacy(address, fields.u16(field)))


def _party_bytes(party: Party) -> bytes:
    endpoint = party.endpoint
    return party.services.to_bytes(8, "little") + endpoint.legacy_address + endpoint.port.to_bytes(2, "big")
