"""Reading and writing of consecutive fields. Every read first checks the remaining bytes."""
from __future__ import annotations

import struct
from typing import Callable, Iterable, List, TypeVar

from .errors import FormatError

_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")
_I32 = struct.Struct(">i")
_I64 = struct.Struct(">q")

#: The largest count or length in a Bitcoin message (Bitcoin Core's MAX_SIZE).
MAX_SIZE = 0x0200_0000

_Element = TypeVar("_Element")


class Fields:
    """Reads fields from untrusted bytes. A missing field raises `FormatError` with the field's name."""

    __slots__ = ("data", "offset", "end")

    def __init__(self, data: bytes, offset: int = 0) -> None:
        self.data = data
        self.offset = offset
        self.end = len(data)

    @property
    def remaining(self) -> int:
        """The number of remaining bytes."""
        return self.end - self.offset

    def require(self, count: int, field: str) -> None:
        """Raises `FormatError` unless `count` bytes remain."""
        if count > self.end - self.offset:
            problem = f"needs {count} bytes, but only {self.end - self.offset} remain"
            raise FormatError(field, problem, self.offset)

    def take(self, count: int, field: str) -> bytes:
        """The next `count` bytes."""
        self.require(count, field)
        start = self.offset
        self.offset = start + count
        return self.data[start : self.offset]

    def rest(self) -> bytes:
        """All remaining bytes."""
        return self.take(self.remaining, "rest")

    def finish(self, field: str) -> None:
        """Raises `FormatError` unless every byte was read."""
        if self.offset != self.end:
            raise FormatError(field, f"has {self.end - self.offset} bytes too many", self.offset)

    # Netmine's own fields: big-endian.

    def u8(self, field: str) -> int:
        """One byte."""
        return self.take(1, field)[0]

    def u16(self, field: str) -> int:
        """A big-endian number of 16 bits."""
        return int(_U16.unpack(self.take(2, field))[0])

    def u32(self, field: str) -> int:
        """A big-endian number of 32 bits."""
        return int(_U32.unpack(self.take(4, field))[0])

    def u64(self, field: str) -> int:
        """A big-endian number of 64 bits."""
        return int(_U64.unpack(self.take(8, field))[0])

    def i32(self, field: str) -> int:
        """A big-endian signed number of 32 bits."""
        return int(_I32.unpack(self.take(4, field))[0])

    def i64(self, field: str) -> int:
        """A big-endian signed number of 64 bits."""
        return int(_I64.unpack(self.take(8, field))[0])

    def flag(self, field: str) -> bool:
        """A byte that is 0 or 1."""
        value = self.u8(field)
        if value > 1:
            raise FormatError(field, f"is {value}, neither 0 nor 1", self.offset - 1)
        return value == 1

    def prefixed(self, field: str) -> bytes:
        """Bytes after a 16-bit count."""
        return self.take(self.u16(field), field)

    def text(self, field: str) -> str:
        """UTF-8 after a 16-bit count of bytes. Invalid UTF-8 is replaced."""
        return self.prefixed(field).decode("utf-8", "replace")

    def elements(self, size: int, read: Callable[[Fields], _Element], field: str) -> List[_Element]:
        """The 32-bit count of elements that have at least `size` bytes each."""
        count = self.u32(field)
        self.require(count * size, field)
        return [read(self) for _ in range(count)]

    def ids(self, field: str) -> List[int]:
        """Numbers of 32 bits after a 32-bit count."""
        count = self.u32(field)
        return list(struct.unpack(f">{count}I", self.take(4 * count, field)))

    # Bitcoin's fields: little-endian.

    def little(self, size: int, field: str, signed: bool = False) -> int:
        """A little-endian number of `size` bytes."""
        return int.from_bytes(self.take(size, field), "little", signed=signed)

    def compact_size(self, field: str, maximum: int = MAX_SIZE) -> int:
        """Bitcoin's CompactSize number of 1, 3, 5 or 9 bytes. The encoding must be the shortest possible."""
        start = self.offset
        value = self.u8(field)
        if value >= 253:
            size = 1 << (value - 252)
            value = self.little(size, field)
            if value < (253, 1 << 16, 1 << 32)[size.bit_length() - 2]:
                raise FormatError(field, "is written longer than necessary", start)
        if value > maximum:
            raise FormatError(field, f"is {value}, more than {maximum}", start)
        return value

    def count(self, field: str, maximum: int, size: int) -> int:
        """The count of elements that have at least `size` bytes each. Raises `FormatError` if too few
        bytes remain."""
        count = self.compact_size(field, maximum)
        self.require(count * size, field)
        return count

    def counted(self, field: str, maximum: int = MAX_SIZE) -> bytes:
        """Bytes after a CompactSize count."""
        return self.take(self.compact_size(field, maximum), field)


def number(size: int, value: int, field: str) -> bytes:
    """A big-endian number of `size` bytes. Raises `ValueError` if the value does not fit."""
    if not 0 <= value < 1 << (8 * size):
        raise ValueError(f"{field} is {value}, which does not fit into {size} bytes")
    return value.to_bytes(size, "big")


def u8(value: int, field: str = "number") -> bytes:
    """One byte."""
    return number(1, value, field)


def u16(value: int, field: str = "number") -> bytes:
    """A big-endian number of 16 bits."""
    return number(2, value, field)


def u32(value: int, field: str = "number") -> bytes:
    """A big-endian number of 32 bits."""
    return number(4, value, field)


def u64(value: int, field: str = "number") -> bytes:
    """A big-endian number of 64 bits."""
    return number(8, value, field)


def prefixed(data: bytes, field: str = "count") -> bytes:
    """Bytes after a 16-bit count."""
    return u16(len(data), field) + data


def text(value: str, field: str = "length") -> bytes:
    """UTF-8 after a 16-bit count of bytes."""
    return prefixed(value.encode(), field)


def ids(values: Iterable[int], field: str = "id") -> bytes:
    """Numbers of 32 bits after a 32-bit count."""
    encoded = [u32(value, field) for value in values]
    return u32(len(encoded), field) + b"".join(encoded)


def compact_size(value: int) -> bytes:
    """Bitcoin's CompactSize number, in the shortest encoding."""
    if value < 253:
        return u8(value, "count")
    for mark, size in ((b"\xfd", 2), (b"\xfe", 4), (b"\xff", 8)):
        if value < 1 << (8 * size):
            return mark + value.to_bytes(size, "little")
    raise ValueError(f"count is {value}, which does not fit into 8 bytes")


def counted(data: bytes) -> bytes:
    """Bytes after a CompactSize count."""
    return compact_size(len(data)) + data
