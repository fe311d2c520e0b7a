"""Bodies of records and payloads of messages and frames, with their meaning; written by hand from the documents."""
import struct

from netmine import Endpoint, Network, RecordType
from netmine.records import encode, preamble

REMOTE = Endpoint.parse("127.16.0.71:18444")
LOCAL = Endpoint.parse("[2001:db8::1]:40000")
ENDS = bytes.fromhex("01 0004 7f100047 480c" "02 0010 20010db8000000000000000000000001 9c40")


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


#: The content of a peer's `version`: version 70016, services 9, a user agent, height 930000, relay.
INTRODUCTION = struct.pack(">iQ", 70016, 9) + text("/Satoshi:29.0.0/") + struct.pack(">iB", 930_000, 1)
#: An outcome: already connected (20), no errno, detail of kind 2: connection 17.
OUTCOME = struct.pack(">HIBHI", 20, 0, 2, 4, 17)
EVENT = (
    struct.pack(">BBH", 2, 0, 0x100) + ENDS + struct.pack(">Q", 1_500_000) + OUTCOME + b"\x02" + INTRODUCTION
    + struct.pack(">H", 2) + b"\xff\x00"
)
#: The same in the form of programs before 0.2.
EARLY_EVENT = (
    struct.pack(">IB", 0x100, 0) + ENDS + struct.pack(">IQ", 0, 1_500_000) + text("already connected: connection 17") + text("/Satoshi:29.0.0/")
    + struct.pack(">H", 2) + b"\xff\x00"
)
METAS = {
    "SourceJoined": struct.pack(">BIQI", 1, 7, 99, 4321) + text("connector") + text("") + text("0.1.0"),
    "SourceLeft": struct.pack(">BIBQ", 2, 7, 1, 41) + text("goodbye"),
    "OpenConnection": b"\x07\x01" + ENDS + struct.pack(">Q", 77) + b"\x02" + INTRODUCTION,
    "Gap": struct.pack(">BIQQQQB", 4, 0, 3, 9, 5, 600, 1),
    "ClockState": struct.pack(">BqQB", 5, -12, 3400, 1),
    "RotationMark": struct.pack(">BIQIQQIQ", 6, 2, 1, 2, 3, 4, 5, 6),
    "ServerStatus": struct.pack(">BQI", 0x88, 5, 6) + text("0.1.0") + struct.pack(">QQQQIII", 1, 2, 3, 4, 5, 6, 1)
    + struct.pack(">IQI", 7, 8, 9) + text("connector") + text("a") + text("b") + struct.pack(">QQI", 10, 11, 12),
    "Refusal": b"\x85" + text("no subscription in 10 s"),
}
EARLY_OPEN_CONNECTION = b"\x03\x01" + ENDS + struct.pack(">Q", 77) + text("/x/")
VERACK = bytes.fromhex("f9beb4d9 76657261636b000000000000 00000000 5df6e0e2")


def log():
    """A log file with one record of each class."""
    records = [encode(RecordType.META, body, source=7, time=1, connection=3) for body in METAS.values()]
    records.append(encode(RecordType.BITCOIN, EVENT, source=7, time=2, sequence=1, connection=3))
    records.append(encode(RecordType.BITCOIN_MSG, VERACK, source=7, time=3, sequence=2, flags=1, connection=3))
    records.append(encode(RecordType.CTRL, b"na\xc3\xafve \xff", source=7, time=4, sequence=3))
    records.append(encode(0x0100, b"later", source=7, time=5, sequence=4))
    records.append(encode(RecordType.META, b"\x7flater", source=7, time=6))
    return preamble(9) + b"".join(records[:3]) + preamble(10) + b"".join(records[3:])


CLASSES = [*METAS, "ConnectionEvent", "BitcoinMessage", "Text", "Record", "Record"]

#: The payment in mainnet's block 170, the first one ever.
PAYMENT = bytes.fromhex(
    "0100000001c997a5e56e104102fa209c6a852dd90660a20b2d9c352423edce25857fcd3704000000004847304402204e45e16932b8af51"
    "4961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4acdd12909d831cc56cbbac462208222 1a8"
    "768d1d0901ffffffff0200ca9a3b00000000434104ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aa"
    "b37397f554a7df5f142c21c1b7303b8a0626f1baded5c72a704f7e6cd84cac00286bee0000000043410411db93e1dcdb8a016b49840f8c"
    "53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac000000"
    "00".replace(" ", "")
)
PAYMENT_ID = "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"

#: The header of mainnet's first block.
GENESIS = bytes.fromhex(
    "01000000" + "00" * 32 + "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a" "29ab5f49" "ffff001d" "1dac2b7c"
)
GENESIS_HASH = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
