import unittest

from netmine import Endpoint, FormatError, messages
from netmine.messages import decode, frame, hash_text, unframe

from . import samples

NODE = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333"
PARTY = messages.Party(9, Endpoint.parse("192.0.2.1:8333"))
HASH = bytes(range(32))
#: A transaction with a witness, whose hashes differ; one input, one output.
WITNESS = (
    bytes.fromhex("02000000 0001 01") + HASH + bytes.fromhex("00000000 00 ffffffff 01 e803000000000000 0151")
    + bytes.fromhex("02 01aa 00 00000000")
)
STRIPPED = WITNESS[:4] + WITNESS[6:-8] + WITNESS[-4:]
PAYLOADS = {
    "version": messages.Version(70016, 1033, 1700000000, PARTY, PARTY, 7, b"/Satoshi:29.0.0/", 101, True).encode(),
    "ping": (5).to_bytes(8, "little"),
    "pong": (5).to_bytes(8, "little"),
    "inv": b"\x02" + (1).to_bytes(4, "little") + HASH + (2).to_bytes(4, "little") + HASH,
    "getdata": b"\x01" + (0x40000001).to_bytes(4, "little") + HASH,
    "notfound": b"\x00",
    "addr": messages.Addr([messages.KnownNode(1, 2, PARTY.endpoint)]).encode(),
    "addrv2": messages.AddrV2([messages.KnownNode(1, 1033, Endpoint.parse(NODE))]).encode(),
    "headers": b"\x01" + samples.GENESIS + b"\x00",
    "getheaders": messages.Locator("getheaders", 70016, [HASH]).encode(),
    "getblocks": messages.Locator("getblocks", 70016, [HASH, HASH], HASH).encode(),
    "tx": samples.PAYMENT,
    "block": samples.GENESIS + b"\x02" + samples.PAYMENT + WITNESS,
    "feefilter": (1000).to_bytes(8, "little"),
    "sendcmpct": b"\x01" + (2).to_bytes(8, "little"),
    "reject": b"\x02tx\x10\x03bad" + HASH,
    "verack": b"",
}
#: Lengths at which a shorter payload is still valid, as in Bitcoin Core.
OPTIONAL = {"version": {46, 80, 97, 101}, "ping": {0}, "reject": set(range(8, 40))}


class MessageTests(unittest.TestCase):
    def test_each_message_and_back(self):
        for command, payload in PAYLOADS.items():
            message = decode(command, payload)
            self.assertEqual(message.command, command)
            self.assertNotIsInstance(message, messages.Unknown)
            self.assertEqual(message.encode(), payload)
            self.assertEqual(message.trailing, b"")

    def test_no_truncated_payload_is_taken_for_a_whole_one(self):
        for command, payload in PAYLOADS.items():
            for count in range(len(payload)):
                if count in OPTIONAL.get(command, ()):
                    decode(command, payload[:count])
                    continue
                with self.assertRaises(FormatError, msg=f"{command} of {count} bytes"):
                    decode(command, payload[:count])

    def test_what_trails_is_kept(self):
        for command, payload in PAYLOADS.items():
            if command == "ping":
                continue
            self.assertEqual(decode(command, payload + b"xyz").trailing, b"xyz")

    def test_fields(self):
        version = decode("version", PAYLOADS["version"])
        self.assertEqual((version.version, version.services, version.user_agent), (70016, 1033, b"/Satoshi:29.0.0/"))
        self.assertEqual((str(version.receiver.endpoint), version.start_height, version.relay), ("192.0.2.1:8333", 101, True))
        self.assertEqual([str(node.endpoint) for node in decode("addrv2", PAYLOADS["addrv2"]).nodes], [NODE])
        first, second = decode("inv", PAYLOADS["inv"]).items
        self.assertEqual(str(second), "block " + HASH[::-1].hex())
        self.assertEqual(hash_text(decode("headers", PAYLOADS["headers"]).headers[0].hash), samples.GENESIS_HASH)

    def test_transactions(self):
        payment = decode("tx", samples.PAYMENT).transaction
        self.assertEqual(hash_text(payment.txid), samples.PAYMENT_ID)
        self.assertEqual([output.value for output in payment.outputs], [10_0000_0000, 40_0000_0000])
        self.assertFalse(payment.has_witness)
        witness = decode("block", PAYLOADS["block"]).transactions[1]
        self.assertEqual(witness.inputs[0].witness, [b"\xaa", b""])
        self.assertEqual(witness.raw, WITNESS)
        self.assertEqual(witness.stripped, STRIPPED)
        self.assertEqual(witness.txid, messages.double_sha256(STRIPPED))
        self.assertNotEqual(witness.txid, witness.wtxid)
        # No inputs: the byte read as flags is the count of outputs.
        self.assertEqual(decode("tx", bytes(4) + b"\0\0" + bytes(4)).transaction.outputs, [])

    def test_what_is_refused(self):
        for command, payload in (
            ("inv", b"\xfd\x51\xc3" + bytes(36 * 50_001)),
            ("inv", b"\xff" + b"\xff" * 8),
            ("inv", b"\xfd\x01\x00" + bytes(36)),
            ("addr", b"\xfd\xe9\x03" + bytes(30 * 1001)),
            ("addrv2", b"\x01" + bytes(5) + b"\x01\x05" + bytes(7)),
            ("headers", b"\xfd\xd1\x07" + bytes(81 * 2001)),
            ("version", PAYLOADS["version"][:80] + b"\xfd\x01\x01" + bytes(257)),
            ("sendcmpct", b"\x02" + bytes(8)),
            ("tx", bytes(4) + b"\0\2" + bytes(60)),
            ("tx", WITNESS[:-8] + b"\0" + bytes(4)),
        ):
            with self.assertRaises(FormatError, msg=command):
                decode(command, payload)

    def test_frames(self):
        magic = bytes.fromhex("f9beb4d9")
        self.assertEqual(frame(magic, "verack"), samples.VERACK)
        whole = frame(magic, "ping", bytes(8))
        self.assertEqual(unframe(whole), (magic, "ping", bytes(8)))
        for wrong in [whole[:count] for count in range(len(whole))] + [whole + b"\0", whole[:-1] + b"\1"]:
            with self.assertRaises(FormatError):
                unframe(wrong)
        for wrong in ((magic[:3], "ping"), (magic, "sendsomething")):
            with self.assertRaises(ValueError):
                frame(*wrong)

    def test_unknown_commands_are_bytes(self):
        self.assertEqual(decode("cmpctblock", b"abc"), messages.Unknown("cmpctblock", b"abc"))
