import contextlib
import os
import socket
import struct
import tempfile
import threading
import unittest

import netmine
from netmine import ALL, Connector, ConnectTarget, Endpoint, Filter, FormatError, RequestFailed, Status

from . import samples
from .samples import text

HELLO = b"\x02" + text("fake 1.0") + text("regtest") + bytes.fromhex("dab5bffa 480c 0123456789abcdef")
OLD = (
    struct.pack(">IBB", 5, 1, 2) + samples.ENDS + struct.pack(">QiQ", 1, 70016, 1033) + text("/x/")
    + struct.pack(">iB5Q", 101, 1, 2, 3, 4, 5, 6)
)
NEW = OLD + struct.pack(">5QBI", 7, 8, 9, 10, 11, 0x25, 12)
STATISTICS = (
    struct.pack(">QQI", 1, 2, 3) + text("0.1.0") + text("regtest") + bytes.fromhex("dab5bffa")
    + struct.pack(">IQB18Q", 4, 5, 1, *range(18))
)
EVENTS = {
    0x40: struct.pack(">I", 1) + samples.LOCAL.encode() + struct.pack(">Q", 250_000),
    0x41: struct.pack(">IiQ", 1, 70016, 1033) + text("/x/") + struct.pack(">iBQ", 101, 1, 1_500_000),
    0x42: struct.pack(">II", 1, 111) + text("Connection refused"),
    0x43: struct.pack(">II", 1, 0) + text("closed by peer"),
    0x44: struct.pack(">II", 3, 1),
    0x45: struct.pack(">IIQ", 1, 2, 7),
}


def frame(type_, payload, version=2):
    return struct.pack(">BIB", version, len(payload), type_) + payload


class FakeConnector:
    """Answers each request with the frames that a test makes from the request's id."""

    def __init__(self, test, answer):
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "control")
        self.requests = []
        self.versions = []
        self.answer = answer
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        thread = threading.Thread(target=self.run, daemon=True)
        thread.start()
        test.addCleanup(thread.join, 10)
        test.addCleanup(self.listener.close)

    def run(self):
        client, _ = self.listener.accept()
        with client, contextlib.suppress(ConnectionError):
            stream = client.makefile("rb")
            while len(header := stream.read(6)) == 6:
                version, length, type_ = struct.unpack(">BIB", header)
                self.versions.append(version)
                payload = stream.read(length)
                self.requests.append((type_, payload[4:]))
                if type_ == 0x10 and self.answer(type_) is None:
                    answer = frame(0x90, payload[:4] + HELLO)
                else:
                    answer = self.answer(type_)(payload[:4])
                for byte in answer:
                    client.send(bytes([byte]))
                if not answer:
                    return


class ControlTests(unittest.TestCase):
    def connector(self, answers):
        self.fake = FakeConnector(self, answers.get)
        connector = Connector(self.fake.path, timeout=10)
        self.addCleanup(connector.close)
        return connector

    def replies(self, type_, payload, *events):
        """Answers a request with a reply, then with events about it."""
        frames = lambda id: frame(type_ | 0x80, id + payload) + b"".join(frame(t, id + p) for t, p in events)
        return {type_: frames}

    def test_hello(self):
        connector = self.connector({0x10: lambda id: frame(0x90, id + HELLO + b"later")})
        self.assertEqual(connector.hello.network, "regtest")
        self.assertEqual(connector.hello.magic.hex(), "fabfb5da")
        self.assertEqual(connector.hello.instance, 0x0123456789ABCDEF)
        self.assertEqual(self.fake.requests, [(0x10, b"\x02\x03\x00\x06python")])

    def test_speaks_version_3_with_connectors_that_do(self):
        ended = struct.pack(">I", 2) + samples.OUTCOME
        frames = lambda id: (
            frame(0x94, id + struct.pack(">II", 1, 2), 3) + frame(0x42, id + ended, 3) + frame(0x43, id + ended, 3)
        )
        connector = self.connector({0x10: lambda id: frame(0x90, id + b"\x03" + HELLO[1:]), 0x14: frames})
        failed = connector.wait(connector.connect(["127.16.0.71"]), 10)[2]
        self.assertEqual((failed.outcome.code, failed.outcome.connection), (20, 17))
        self.assertEqual((failed.reason, failed.errno), ("already connected: connection 17", 0))
        self.assertEqual(connector.next_event(10).outcome, failed.outcome)
        self.assertEqual(self.fake.versions, [2, 3])

    def test_refuses_a_version_that_it_did_not_offer(self):
        with self.assertRaises(FormatError):
            self.connector({0x10: lambda id: frame(0x90, id + b"\x04" + HELLO[1:])})

    def test_messages(self):
        connector = self.connector(
            {
                **self.replies(0x11, struct.pack(">I", 9)),
                **self.replies(0x12, struct.pack(">II12sI", 1, 9, b"ping", 32)),
                **self.replies(0x13, b""),
                **self.replies(0x16, struct.pack(">III", 2, 1, 77), (0x44, EVENTS[0x44])),
            }
        )
        whole = connector.message("ping", bytes(8))
        self.assertEqual(whole[:8], b"\xfa\xbf\xb5\xdaping")
        self.assertEqual(connector.register(netmine.messages.Ping(0)), 9)
        self.assertEqual(connector.registered(), [netmine.RegisteredMessage(9, "ping", 32)])
        connector.forget(9)
        sending = connector.send(9, to=[1, 77])
        self.assertEqual((sending.count, sending.missing), (2, [77]))
        self.assertEqual(connector.next_event(), netmine.Sent(sending.request, 3, 1))
        connector.send(b"junk", to=5, unchecked=True)
        self.assertEqual(
            self.fake.requests[1:],
            [
                (0x11, whole), (0x12, b""), (0x13, b"\0\0\0\x09"),
                (0x16, bytes.fromhex("00 00 00000009 01 00000002 00000001 0000004d")),
                (0x16, bytes.fromhex("01 01 00000004 6a756e6b 01 00000001 00000005")),
            ],
        )

    def test_connecting(self):
        events = [(0x40, EVENTS[0x40]), (0x7F, b"later"), (0x41, EVENTS[0x41])]
        events += [(0x42, struct.pack(">II", 2, 111) + text("no")), (0x43, EVENTS[0x43])]
        connector = self.connector(self.replies(0x14, struct.pack(">III", 2, 1, 2), *events))
        target = ConnectTarget(
            Endpoint.parse("1.2.3.4:5"), local=Endpoint.parse("127.0.0.1:0"), services=9, user_agent=b"/x/", relay=False
        )
        connecting = connector.connect(["127.16.0.71", target])
        self.assertEqual(connecting.connections, [1, 2])
        outcomes = connector.wait(connecting, 10)
        self.assertEqual(outcomes[1].user_agent, b"/x/")
        self.assertEqual(outcomes[2].reason, "no")
        # Events that are not results of a connect are kept, in order.
        kept = [type(event).__name__ for event in (connector.next_event(10), connector.next_event(10))]
        self.assertEqual(kept, ["Connected", "Closed"])
        self.assertIsNone(connector.next_event(0))
        self.assertEqual(
            self.fake.requests[1],
            (0x14, bytes.fromhex(
                "00000002 01 0004 7f100047 480c 00"
                "01 0004 01020304 0005 1d  01 0004 7f000001 0000  0000000000000009  0003 2f782f 00"
            )),
        )
        with self.assertRaises(ValueError):
            connector.connect([ConnectTarget(target.remote, user_agent=bytes(257))])

    def test_lists(self):
        def page(id):
            after = self.fake.requests[-1][1][:4]
            first = struct.pack(">IIH", 5, 1, len(OLD)) + OLD
            return frame(0x97, id + (first if after == bytes(4) else struct.pack(">IIH", 0, 1, len(NEW) + 3) + NEW + b"new"))

        connector = self.connector({0x17: page})
        old, new = connector.connections()
        self.assertEqual((old.id, old.direction.name, old.state.name, old.messages_sent), (5, "INBOUND", "OPEN", 6))
        self.assertEqual((old.opened, new.opened, new.bytes_waiting), (0, 7, 12))
        self.assertEqual(new.features, netmine.Features.WTXID_RELAY | 0x24)
        chosen = Filter(
            networks=[1, 4], ranges=["10.0.0.0/8", "::1"], user_agents=["Knots"], services=1, lacking_services=2,
            direction=netmine.Direction.INBOUND, states=[netmine.State.OPEN, netmine.State.CLOSING], sample=3,
        )
        connector.page(4, 10, chosen)
        self.assertEqual(self.fake.requests[1:3], [(0x17, bytes(8)), (0x17, b"\0\0\0\x05" + bytes(4))])
        self.assertEqual(
            self.fake.requests[3],
            (0x17, bytes.fromhex(
                "00000004 0000000a 02 00ff 02 0104 0002 01 0004 0a000000 08"
                "02 0010 00000000000000000000000000000001 ff 01 0005 4b6e6f7473"
                "0000000000000001 0000000000000002 01 0c 00000003"
            )),
        )

    def test_the_rest(self):
        connector = self.connector(
            {
                **self.replies(0x15, struct.pack(">III", 0, 1, 9)),
                **self.replies(0x18, STATISTICS + struct.pack(">7Q", *range(18, 25)) + text("no") + b"later"),
                **self.replies(0x19, text("done")),
                **self.replies(0x1A, b""),
            }
        )
        self.assertEqual(connector.disconnect(9), netmine.Disconnecting(0, [9]))
        connector.disconnect(ALL)
        statistics = connector.statistics()
        self.assertEqual((statistics.publishing, statistics.connecting, statistics.registered_messages), (True, 0, 17))
        self.assertEqual((statistics.fetches_requested, statistics.fetches_pending), (18, 22))
        self.assertEqual((statistics.connects_waiting, statistics.connections_kept), (23, 24))
        self.assertEqual(statistics.refusal, "no")
        self.assertEqual(connector.reload(), "done")
        connector.shut_down()
        self.assertEqual([request[0] for request in self.fake.requests[1:]], [0x15, 0x15, 0x18, 0x19, 0x1A])
        statistics = self.connector(self.replies(0x18, STATISTICS)).statistics()
        self.assertEqual((statistics.registered_messages, statistics.fetches_requested), (17, 0))

    def test_failures(self):
        for number in (5, 999):
            failure = frame(0xFF, b"\0\0\0\x02" + struct.pack(">H", number) + text("no message 3"))
            connector = self.connector({0x13: lambda id: failure})
            with self.assertRaises(RequestFailed) as caught:
                connector.forget(3)
            self.assertEqual(caught.exception.status, number)
            self.assertEqual(isinstance(caught.exception.status, Status), number == 5)
            self.assertIn("no message 3", str(caught.exception))

    def test_events_to_a_function(self):
        connector = self.connector(self.replies(0x14, struct.pack(">II", 1, 1), *EVENTS.items()))
        heard = []
        connector.on_event = heard.append
        connector.connect(["1.2.3.4"])
        self.assertIsNone(connector.next_event(0.2))
        names = [type(event).__name__ for event in heard]
        self.assertEqual(names, ["Connected", "HandshakeDone", "ConnectFailed", "Closed", "Sent", "Again"])

    def test_no_truncated_reply_is_taken_for_a_whole_one(self):
        calls = {
            0x10: (HELLO, None),
            0x12: (struct.pack(">II12sI", 1, 9, b"ping", 32), lambda c: c.registered()),
            0x14: (struct.pack(">II", 1, 1), lambda c: c.connect(["1.2.3.4"])),
            0x16: (struct.pack(">III", 2, 1, 77), lambda c: c.send(9)),
            0x17: (struct.pack(">IIH", 0, 1, len(OLD)) + OLD, lambda c: c.page()),
            0x18: (STATISTICS, lambda c: c.statistics()),
            0x19: (text("done"), lambda c: c.reload()),
        }
        for type_, (payload, call) in calls.items():
            for count in range(len(payload)):
                with self.assertRaises(FormatError, msg=f"{count} bytes of {type_:#x}"):
                    call(self.connector(self.replies(type_, payload[:count]))) if call else self.connector(
                        self.replies(type_, payload[:count])
                    )
        # The length of a connection is checked too.
        for count in range(len(NEW)):
            if count == len(OLD):
                continue
            payload = struct.pack(">IIH", 0, 1, count) + NEW[:count]
            with self.assertRaises(FormatError, msg=f"{count} bytes of a connection"):
                self.connector(self.replies(0x17, payload)).page()

    def test_no_truncated_event_is_taken_for_a_whole_one(self):
        for type_, payload in EVENTS.items():
            for wrong in [payload[:count] for count in range(len(payload))] + [payload + b"\0"]:
                connector = self.connector(self.replies(0x13, b"", (type_, wrong)))
                with self.assertRaises(FormatError):
                    connector.forget(1)
                    connector.next_event(10)

    def test_what_is_no_answer(self):
        for answer in (
            frame(0x93, b"\0\0\0\x09"),  # To another request.
            frame(0x94, b"\0\0\0\x02"),  # Of another type.
            frame(0x93, b"\0\0\0\x02\0"),  # With one byte too many.
            frame(0x93, b"\0\0\0\x02", version=4),
            b"\x02\xff\xff\xff\xff\x93",
        ):
            connector = self.connector({0x13: lambda id: answer})
            with self.assertRaises(FormatError):
                connector.forget(1)

    def test_silence_and_ends(self):
        connector = self.connector({0x13: lambda id: b"", 0x12: lambda id: b"\x02"})
        with self.assertRaises(netmine.ConnectionLost):
            connector.forget(1)
        connector = self.connector({0x12: lambda id: b"\x02"})
        connector.timeout = 0.1
        with self.assertRaises(TimeoutError):
            connector.registered()

    def test_addresses(self):
        from netmine.sockets import parse

        self.assertEqual(parse("/tmp/x:1"), "/tmp/x:1")
        self.assertEqual(parse("localhost:8340"), ("localhost", 8340))
        self.assertEqual(parse("[::1]:8340"), ("::1", 8340))
        for wrong in ("control", "localhost:", "localhost:x", "localhost:65536"):
            with self.assertRaises(ValueError):
                parse(wrong)
