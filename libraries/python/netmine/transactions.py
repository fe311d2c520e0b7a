"""Bitcoin's transactions and hashes."""
from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import List

from .errors import FormatError
from .fields import MAX_SIZE, Fields


def double_sha256(data: bytes) -> bytes:
    """SHA-256 of the SHA-256, as Bitcoin hashes most things."""
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def hash_text(hash: bytes) -> str:
    """A hash as block explorers show it: hexadecimal, the bytes reversed."""
    return hash[::-1].hex()


@dataclass
class TransactionInput:
    """An input: an output that the transaction spends."""

    #: The txid of the spent output; `index` is the output's number in that transaction.
    previous: bytes
    index: int
    script: bytes
    sequence: int
    witness: List[bytes] = field(default_factory=list)


@dataclass
class TransactionOutput:
    """An output: an amount and the script that may spend it."""

    #: In satoshi.
    value: int
    script: bytes


@dataclass
class Transaction:
    """A decoded transaction. `raw` has its bytes, from which the hashes are computed."""

    version: int
    inputs: List[TransactionInput]
    outputs: List[TransactionOutput]
    lock_time: int
    #: All bytes, including the witness.
    raw: bytes = field(repr=False)
    #: The bytes without the witness.
    stripped: bytes = field(repr=False)

    @property
    def txid(self) -> bytes:
        """The hash without the witness."""
        return double_sha256(self.stripped)

    @property
    def wtxid(self) -> bytes:
        """The hash with the witness (BIP141)."""
        return double_sha256(self.raw)

    @property
    def has_witness(self) -> bool:
        """Whether there is a witness."""
        return len(self.raw) != len(self.stripped)

    @classmethod
    def read(cls, fields: Fields) -> Transaction:
        """Reads a transaction, with or without a witness (BIP144)."""
        start = fields.offset
        version = fields.little(4, "transaction version")
        inputs_start = fields.offset
        inputs = _inputs(fields)
        flags = 0
        if not inputs:
            flags = fields.u8("transaction flags")
            if flags > 1:
                raise FormatError("transaction flags", f"are {flags}", fields.offset - 1)
            if flags:
                inputs_start = fields.offset
                inputs = _inputs(fields)
        # Without any inputs and with flags 0, the byte read as flags was the count of outputs.
        outputs = _outputs(fields) if inputs or flags else []
        witness_start = fields.offset
        if flags:
            for spent in inputs:
                spent.witness = _witness(fields)
            if not any(spent.witness for spent in inputs):
                raise FormatError("transaction witness", "is empty", witness_start)
        lock_start = fields.offset
        lock_time = fields.little(4, "lock time")
        raw = fields.data[start : fields.offset]
        stripped = raw
        if flags:
            stripped = raw[:4] + fields.data[inputs_start:witness_start] + fields.data[lock_start : fields.offset]
        return cls(version, inputs, outputs, lock_time, raw, stripped)


def _inputs(fields: Fields) -> List[TransactionInput]:
    return [
        TransactionInput(
            fields.take(32, "previous transaction"),
            fields.little(4, "previous output"),
            fields.counted("input script"),
            fields.little(4, "input sequence"),
        )
        for _ in range(fields.count("input count", MAX_SIZE, 41))
    ]


def _outputs(fields: Fields) -> List[TransactionOutput]:
    return [
        TransactionOutput(fields.little(8, "value", signed=True), fields.counted("output script"))
        for _ in range(fields.count("output count", MAX_SIZE, 9))
    ]


def _witness(fields: Fields) -> List[bytes]:
    return [fields.counted("witness item") for _ in range(fields.count("witness count", MAX_SIZE, 1))]
