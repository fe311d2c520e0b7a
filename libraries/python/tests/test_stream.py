import os
import socket
import struct
import tempfile
import threading
import unittest

import netmine
from netmine import FormatError, RecordType, Refused, Stream
from netmine.records import Framer, encode, preamble

from . import samples

JOINED = encode(RecordType.META, samples.METAS["SourceJoined"], time=1)
STATUS = encode(RecordType.META, samples.METAS["ServerStatus"], time=2)
RECORD = encode(RecordType.BITCOIN_MSG, samples.VERACK, source=7, time=3, sequence=1)


class FakeLogServer:
    """Sends data to each reader, and keeps the reader's data."""

    def __init__(self, test, *says):
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "subscribe")
        self.says = says
        self.heard = []
        self.done = threading.Event()
        test.addCleanup(self.done.set)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        listener.listen()
        test.addCleanup(listener.close)
        threading.Thread(target=self.run, args=(listener,), daemon=True).start()

    def run(self, listener):
        client, _ = listener.accept()
        with client:
            framer = Framer()
            for text in self.says:
                asked = len(self.heard)
                while not any(record.body == b"\x87" for record in self.heard[asked:]):
                    framer.feed(client.recv(1000))
                    self.heard += framer.records()
                client.sendall(text)
            client.shutdown(socket.SHUT_WR)
            self.done.wait(10)


class StreamTests(unittest.TestCase):
    def test_subscribes_and_reads(self):
        server = FakeLogServer(self, preamble(1) + JOINED + STATUS + RECORD, STATUS + RECORD)
        with Stream(
            server.path, types=RecordType.BITCOIN_MSG, sent=False, commands=["inv", "getdata"], sources=[7],
            connections=[1, 2], disconnect_when_slow=True,
        ) as stream:
            records = stream.records()
            self.assertEqual(type(next(records)).__name__, "SourceJoined")
            self.assertEqual(next(records).command, "verack")
            stream.change(types=RecordType.BITCOIN)
            self.assertEqual([record.sequence for record in stream], [1])
        subscription = server.heard[0].body
        self.assertEqual(
            subscription,
            b"\x83" + bytes.fromhex("0020 01 02 0002") + b"inv".ljust(12, b"\0") + b"getdata".ljust(12, b"\0")
            + bytes.fromhex("0001 00000007 0002 00000001 00000002 00000000"),
        )
        self.assertEqual(server.heard[2].body, b"\x83" + bytes.fromhex("0010 03 00 0000 0000 0000 00000000"))

    def test_the_time_is_over(self):
        server = FakeLogServer(self, STATUS + RECORD, b"")
        with Stream(server.path) as stream:
            self.assertEqual(len(list(stream.records(seconds=0.1))), 1)

    def test_refusals(self):
        refusal = encode(RecordType.META, samples.METAS["Refusal"])
        with self.assertRaises(Refused) as caught:
            Stream(FakeLogServer(self, refusal).path)
        self.assertEqual(str(caught.exception), "no subscription in 10 s")

    def test_torn_streams(self):
        for count in range(1, len(RECORD)):
            with Stream(FakeLogServer(self, STATUS + RECORD[:count]).path) as stream:
                with self.assertRaises(FormatError):
                    list(stream)

    def test_a_server_that_is_gone(self):
        with self.assertRaises(netmine.ConnectionLost):
            Stream(FakeLogServer(self, b"").path)

    def test_wrong_filters(self):
        for wrong in ({"commands": ["sendsomething"]}, {"commands": [""]}, {"sources": [-1]}, {"types": 1 << 16}):
            with self.assertRaises(ValueError):
                Stream("/nowhere/subscribe", **wrong)
