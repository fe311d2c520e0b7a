import unittest

import netmine
from netmine import BitcoinMessage, FormatError, Malformed, RecordType
from netmine.records import Framer, encode, preamble

from . import samples


def read(data, size=None):
    framer, records = Framer(), []
    for start in range(0, len(data), size or len(data)):
        framer.feed(data[start : start + (size or len(data))])
        records += framer.records()
    return records, framer.waiting


class RecordTests(unittest.TestCase):
    def test_each_class_in_whatever_pieces(self):
        data = samples.log()
        for size in (None, 1, 7, 64):
            records, waiting = read(data, size)
            self.assertEqual([type(record).__name__ for record in records], samples.CLASSES)
            self.assertEqual(waiting, 0)
        offsets = [record.offset for record in records]
        self.assertEqual(offsets[0], 16)
        self.assertEqual(offsets[3], offsets[2] + 32 + len(records[2].body) + 16)

    def test_fields(self):
        joined, left, opened, gap, clock, rotation, status, refusal, event, message, text, later, code = read(
            samples.log()
        )[0]
        self.assertEqual((joined.id, joined.instance, joined.process, joined.kind), (7, 99, 4321, "connector"))
        self.assertEqual((left.id, left.said_goodbye, left.last_sequence, left.reason), (7, True, 41, "goodbye"))
        self.assertEqual((opened.direction.name, opened.remote, opened.local), ("INBOUND", samples.REMOTE, samples.LOCAL))
        self.assertEqual((opened.since, opened.user_agent, opened.connection), (77, b"/Satoshi:29.0.0/", 3))
        # A gap with source 0 belongs to the record's own source.
        self.assertEqual((gap.missing_source, gap.first, gap.last, gap.count, gap.byte_count), (7, 3, 9, 5, 600))
        self.assertEqual(gap.cause, netmine.GapCause.SLOW_READER)
        self.assertEqual((clock.clock_offset, clock.error_bound, clock.synchronised), (-12, 3400, True))
        self.assertEqual(rotation.positions, [netmine.Position(1, 2, 3), netmine.Position(4, 5, 6)])
        self.assertEqual((status.readers, status.archiving_readers), (5, 6))
        self.assertEqual(status.sources, [netmine.Source(7, 8, 9, "connector", "a", "b", 10, 11, 12)])
        self.assertEqual(refusal.reason, "no subscription in 10 s")
        self.assertEqual(event.code, netmine.EventCode.HANDSHAKE_DONE)
        self.assertFalse(event.code.ends_connection)
        self.assertTrue(netmine.EventCode.CONNECT_FAILED.ends_connection)
        self.assertEqual((event.duration, event.evidence), (1_500_000, b"\xff\x00"))
        self.assertEqual((event.reason, event.errno), ("already connected: connection 17", 0))
        self.assertEqual(event.outcome.code, netmine.OutcomeCode.ALREADY_CONNECTED)
        self.assertEqual((event.outcome.name, event.outcome.connection), ("already connected", 17))
        self.assertEqual(event.user_agent, b"/Satoshi:29.0.0/")
        self.assertEqual(event.introduction, netmine.Introduction(70016, 9, b"/Satoshi:29.0.0/", 930_000, True))
        self.assertEqual(opened.introduction, event.introduction)
        self.assertEqual((message.command, message.length, message.payload, message.sent), ("verack", 0, b"", True))
        self.assertEqual(message.decode(), netmine.messages.Empty("verack"))
        self.assertEqual((text.text, text.sequence, text.time), ("naïve \ufffd", 3, 4))
        self.assertEqual((later.type, later.body), (0x0100, b"later"))
        self.assertEqual((code.type, code.body), (RecordType.META, b"\x7flater"))

    def test_what_programs_before_codes_wrote(self):
        (event, opened), _ = read(
            encode(RecordType.BITCOIN, samples.EARLY_EVENT) + encode(RecordType.META, samples.EARLY_OPEN_CONNECTION)
        )
        (now,), _ = read(encode(RecordType.BITCOIN, samples.EVENT))
        self.assertEqual((event.outcome, event.user_agent), (now.outcome, now.user_agent))
        self.assertIsNone(event.introduction)
        self.assertEqual((opened.user_agent, opened.introduction), (b"/x/", None))
        of = netmine.Outcome.from_reason
        for code in netmine.OutcomeCode:
            if code != netmine.OutcomeCode.UNSPECIFIED:
                self.assertEqual(of(code.name.lower().replace("_", " "), 5), netmine.Outcome(code, 5))
        self.assertEqual(of("refused: a: b", 111).reason, "refused: a: b")
        self.assertEqual(of("Connection refused", 111).reason, "Connection refused")
        self.assertEqual(of("reset: before version", 104).reason, "reset: before version")
        self.assertIsNone(of("", 0))

    def test_an_outcome_of_a_later_version(self):
        outcome = netmine.Outcome.read(netmine.records.Fields(bytes.fromhex("1234 00000065 c8 0002 ffff")))
        self.assertEqual((outcome.code, outcome.detail_kind, outcome.detail), (0x1234, 200, b"\xff\xff"))
        self.assertEqual(outcome.reason, "outcome 4660: Network is unreachable")

    def test_no_truncated_body_is_taken_for_a_whole_one(self):
        bodies = [(RecordType.META, body) for body in samples.METAS.values()] + [(RecordType.BITCOIN, samples.EVENT)]
        bodies += [(RecordType.BITCOIN, samples.EARLY_EVENT), (RecordType.META, samples.EARLY_OPEN_CONNECTION)]
        for type_, body in bodies:
            for count in range(len(body)):
                (record,), _ = read(encode(type_, body[:count]))
                self.assertIsInstance(record, Malformed, f"{count} bytes of {body.hex()}")
                self.assertEqual(record.body, body[:count])
            (record,), _ = read(encode(type_, body + b"\0"))
            self.assertIsInstance(record, Malformed)
            self.assertIn("too many", str(record.problem))

    def test_numbers_without_meaning(self):
        for body in (
            b"\0\0\0\x03" + samples.EVENT[4:],
            samples.EVENT[:4] + b"\x02" + samples.EVENT[5:],
            samples.EVENT[:5] + b"\x02" + samples.EVENT[6:],
        ):
            self.assertIsInstance(read(encode(RecordType.BITCOIN, body))[0][0], Malformed)
        backwards = samples.METAS["Gap"][:5] + (10).to_bytes(8, "big") + samples.METAS["Gap"][13:]
        self.assertIsInstance(read(encode(RecordType.META, backwards))[0][0], Malformed)
        # A false count must not reserve memory.
        lie = b"\x06\xff\xff\xff\xff" + bytes(20)
        self.assertIsInstance(read(encode(RecordType.META, lie))[0][0], Malformed)

    def test_messages_that_are_none(self):
        for count in range(len(samples.VERACK)):
            (record,), _ = read(encode(RecordType.BITCOIN_MSG, samples.VERACK[:count]))
            self.assertIsInstance(record, BitcoinMessage)
            self.assertIsNone(record.length)
            self.assertEqual(record.payload, b"")
            self.assertIsInstance(record.command, str)
            record.decode() if record.command else None

    def test_what_is_no_record(self):
        good = encode(RecordType.DEBUG, b"x")
        for bad in (
            b"\0\0\0\x1b", b"\xff\xff\xff\xff", b"\x01\0\0\x01",
            b"NMLG\0\x02" + bytes(10),
            good[:24] + b"\0\x03" + good[26:], good[:24] + b"\0\0" + good[26:], good[:27] + b"\x01" + good[28:],
        ):
            framer = Framer()
            framer.feed(good + bad)
            self.assertEqual(len(framer.next().body), 1)
            with self.assertRaises(FormatError) as caught:
                framer.next()
            self.assertEqual(caught.exception.offset, 33)

    def test_what_is_not_whole_waits(self):
        data = preamble(1) + encode(RecordType.DEBUG, b"hello")
        for count in range(len(data)):
            records, waiting = read(data[:count]) if count else ([], 0)
            self.assertEqual(records, [])
            self.assertEqual(waiting, count if count < 16 else count - 16)


if __name__ == "__main__":
    unittest.main()
