"""Reads and writes Bitcoin's messages with buidl, for BuidlCrossCheckTests.swift.

Standard input has one whole main-network message a line, in hexadecimal. Standard output answers each
with `read <the message serialised again> <its fields>`. The only argument is a number N: N messages that
the script makes follow, as `made <message> <its fields>`. buidl can only decode some messages and only
encode others; a message that it cannot encode is left empty in the answer.
"""

import random
import sys
from io import BytesIO

from buidl.bloomfilter import BloomFilter
from buidl.compactfilter import (
    CFCheckPointMessage, CFHeadersMessage, CFilterMessage, CompactFilter, GetCFCheckPointMessage, GetCFHeadersMessage,
    GetCFiltersMessage, encode_gcs,
)
from buidl.helper import encode_varstr
from buidl.merkleblock import MerkleBlock
from buidl.network import (
    GenericMessage, GetDataMessage, GetHeadersMessage, HeadersMessage, NetworkEnvelope, PingMessage, VerAckMessage,
)

# buidl decodes a filter when it reads the message, but random bytes are not a Golomb-coded set.
CompactFilter.parse = classmethod(lambda cls, key, filter_bytes: None)

PARSERS = {
    cls.command: cls.parse
    for cls in [
        CFCheckPointMessage, CFHeadersMessage, CFilterMessage, HeadersMessage, MerkleBlock, PingMessage, VerAckMessage,
    ]
}


def header(h):
    version = (h.version + 2**31) % 2**32 - 2**31
    return "%s %d %s %s %d %s %s" % (
        h.id(), version, h.prev_block.hex(), h.merkle_root.hex(), h.timestamp, h.bits.hex(), h.nonce.hex())


def fields(name, m):
    if name == b"ping":
        return m.nonce.hex()
    if name == b"headers":
        return " ".join(header(h) for h in m.headers)
    if name == b"merkleblock":
        valid = m.is_valid()
        return "%s %d %s %s %s" % (
            header(m.header), m.total, ",".join(h.hex() for h in m.hashes), m.flags.hex(),
            ",".join(h.hex() for h in m.proved_txs()) if valid else "proves nothing")
    if name == b"cfilter":
        return "%d %s %s %s" % (m.filter_type, m.block_hash.hex(), m.filter_bytes.hex(), m.hash()[::-1].hex())
    if name == b"cfheaders":
        return "%d %s %s %s %s" % (
            m.filter_type, m.stop_hash.hex(), m.previous_filter_header[::-1].hex(),
            ",".join(h[::-1].hex() for h in m.filter_hashes), m.last_header[::-1].hex())
    if name == b"cfcheckpt":
        return "%d %s %s" % (
            m.filter_type, m.stop_hash.hex(), ",".join(h[::-1].hex() for h in m.filter_headers))
    if name in (b"getcfilters", b"getcfheaders"):
        return "%d %d %s" % (m.filter_type, m.start_height, m.stop_hash.hex())
    if name == b"getcfcheckpt":
        return "%d %s" % (m.filter_type, m.stop_hash.hex())
    if name == b"getdata":
        return " ".join("%d/%s" % (kind, identifier.hex()) for kind, identifier in m.data)
    if name == b"getheaders":
        return "%d %s %s" % (m.version, m.start_block.hex(), m.end_block.hex())
    return ""


def some(most):
    return range(random.randint(0, most))


def make_filterload():
    bloom = BloomFilter(random.randint(1, 400), random.randint(1, 50), random.getrandbits(32))
    for _ in some(20):
        bloom.add(random.randbytes(random.randint(0, 40)))
    flag = random.getrandbits(8)
    text = "%s %d %d %d" % (bloom.filter_bytes().hex(), bloom.function_count, bloom.tweak, flag)
    return bloom.filterload(flag), text


def make_cfilter():
    kind, block = random.getrandbits(8), random.randbytes(32)
    items = [random.randbytes(random.randint(0, 40)) for _ in some(20)]
    encoded = encode_gcs(block[::-1][:16], items)
    message = CFilterMessage(kind, block, encoded)
    payload = bytes([kind]) + block[::-1] + encode_varstr(encoded)
    return GenericMessage(b"cfilter", payload), fields(b"cfilter", message)


def make_getdata():
    message = GetDataMessage()
    for _ in some(300):
        message.add_data(random.getrandbits(32), random.randbytes(32))
    return message


def make(number):
    kind, height, block = random.getrandbits(8), random.getrandbits(32), random.randbytes(32)
    return [
        make_filterload,
        make_cfilter,
        make_getdata,
        lambda: GetCFiltersMessage(kind, height, block),
        lambda: GetCFHeadersMessage(kind, height, block),
        lambda: GetCFCheckPointMessage(kind, block),
        lambda: GetHeadersMessage(random.getrandbits(31), start_block=block, end_block=random.randbytes(32)),
        lambda: PingMessage(random.randbytes(8)),
        VerAckMessage,
    ][number % 9]()


def tell(word, command, payload, text):
    message = NetworkEnvelope(command, payload).serialize().hex() if payload is not None else ""
    print(word, message, text)


for line in sys.stdin:
    envelope = NetworkEnvelope.parse(BytesIO(bytes.fromhex(line.strip())))
    stream = envelope.stream()
    message = PARSERS[envelope.command](stream)
    assert not stream.read(), "bytes are left over"
    again = message.serialize() if hasattr(message, "serialize") else None
    tell("read", envelope.command, again, fields(envelope.command, message))
random.seed(1)
for number in range(int(sys.argv[1])):
    message = make(number)
    message, text = message if isinstance(message, tuple) else (message, fields(message.command, message))
    tell("made", message.command, message.serialize(), text)
