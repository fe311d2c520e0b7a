"""Tests the package with running programs: a logserver, a connector and nodes of the simulated network.

    python3 live.py --control PATH --control HOST:PORT --stream PATH --stream HOST:PORT --key FILE --archive FILE NODE…

Finally shuts the connector down, and prints "all is well" on success.
"""
import argparse
import time
import unittest

import netmine
from netmine import ALL, BitcoinMessage, Connector, ConnectTarget, Endpoint, Filter, LogReader, RecordType, Stream

arguments = argparse.ArgumentParser()
arguments.add_argument("--control", action="append")
arguments.add_argument("--stream", action="append")
arguments.add_argument("--archive")
arguments.add_argument("--key", help="file of the key, for the addresses on TCP")
arguments.add_argument("nodes", nargs="+")
options = arguments.parse_args()
check = unittest.TestCase()
key = netmine.read_key(options.key)


def until(stream, condition):
    """The records up to the first one that meets a condition."""
    records = []
    for record in stream.records(30):
        records.append(record)
        if condition(record):
            return records
    raise SystemExit(f"the expected record did not arrive; the last of {len(records)} were {records[-3:]}")


def exchange(control, address, nodes):
    """Tests every request of a client. Returns the records of the stream meanwhile."""
    with Stream(address, key=key) as stream, Connector(control, name="live.py", key=key) as connector:
        hello = connector.hello
        check.assertEqual((hello.version, hello.network), (3, "simnet"))
        check.assertTrue(hello.server.startswith("connector "))

        again = ConnectTarget(Endpoint.parse(nodes[0]), user_agent=b"/live:1/", another=True)
        connecting = connector.connect([*nodes, again])
        outcomes = connector.wait(connecting, 30)
        check.assertEqual(set(outcomes), set(connecting.connections))
        for outcome in outcomes.values():
            check.assertIsInstance(outcome, netmine.HandshakeDone)
        while (event := connector.next_event(0.1)) is not None:
            check.assertIsInstance(event, netmine.Connected)
        refused = connector.connect([nodes[0].rpartition(":")[0] + ":1"])
        failure = connector.wait(refused, 30)[refused.connections[0]]
        check.assertEqual((type(failure), failure.errno), (netmine.ConnectFailed, 111))

        listed = list(connector.connections(page=1))
        check.assertEqual([connection.id for connection in listed], sorted(connecting.connections))
        check.assertEqual([str(connection.remote) for connection in listed], [*nodes, nodes[0]])
        for connection in listed:
            check.assertEqual(connection.state, netmine.State.OPEN)
            check.assertEqual(connection.user_agent, outcomes[connection.id].user_agent)
        one = Filter(ranges=[nodes[0].rpartition(":")[0]], user_agents=["/"], networks=[1], services=1)
        check.assertEqual([str(connection.remote) for connection in connector.connections(one)], [nodes[0]] * 2)
        check.assertEqual(list(connector.connections([refused.connections[0]])), [])

        message = connector.register(netmine.messages.Ping(0x1122334455667788))
        check.assertEqual(connector.registered(), [netmine.RegisteredMessage(message, "ping", 32)])
        first = connecting.connections[0]
        sending = connector.send(message, to=[first, 999_999])
        check.assertEqual((sending.count, sending.missing), (1, [999_999]))
        check.assertEqual(connector.next_event(30), netmine.Sent(sending.request, 1, 0))

        def says(record, message, sent):
            """Whether the record is this message on the first connection."""
            if not isinstance(record, BitcoinMessage) or (record.connection, record.sent) != (first, sent):
                return False
            return record.command == message.command and record.decode() == message

        nonce = 0x1122334455667788
        records = until(stream, lambda record: says(record, netmine.messages.Pong(nonce), False))
        (ping,) = (record for record in records if says(record, netmine.messages.Ping(nonce), True))
        check.assertEqual(ping.body, connector.message("ping", (0x1122334455667788).to_bytes(8, "little")))
        commands = [record for record in records if record.type == RecordType.CTRL]
        check.assertTrue(any("live.py" in record.text and "connect" in record.text for record in commands))

        connector.forget(message)
        for status, call in (
            (netmine.Status.NO_SUCH_MESSAGE, lambda: connector.forget(message)),
            (netmine.Status.NO_SUCH_CONNECTION, lambda: connector.disconnect(999_999)),
            (netmine.Status.BAD_MESSAGE, lambda: connector.register(b"nothing")),
            (netmine.Status.UNKNOWN_REQUEST, lambda: connector.request(0x3F)),
            (netmine.Status.BAD_REQUEST, lambda: connector.request(0x12, b"\0")),
            (netmine.Status.REFUSED, lambda: connector.page(target=Filter(sample=1))),
        ):
            with check.assertRaises(netmine.RequestFailed) as caught:
                call()
            check.assertEqual(caught.exception.status, status)
        check.assertEqual(connector.send(b"junk", to=first, unchecked=True).count, 1)
        check.assertEqual(connector.next_event(30).count, 1)

        statistics = connector.statistics()
        check.assertEqual((statistics.network, statistics.publishing), ("simnet", True))
        check.assertEqual(statistics.instance, hello.instance)
        sources = {source.id: source for source in stream.status().sources}
        check.assertEqual(sources[statistics.source].instance, hello.instance)
        check.assertIn("configuration", connector.reload())

        check.assertEqual(connector.disconnect(ALL).missing, [])
        gone = set()
        while gone != set(connecting.connections):
            event = connector.next_event(30)
            check.assertIsInstance(event, netmine.Closed)
            gone.add(event.connection)
        last = until(
            stream, lambda record: isinstance(record, netmine.ConnectionEvent) and record.code.ends_connection
            and gone.discard(record.connection) is None and not gone
        )
        return statistics.source, records + last


def narrowed(address, control, nodes):
    """Tests that a filter selects the right records, and that a new filter replaces it."""
    with Stream(address, types=RecordType.BITCOIN_MSG, commands=["version"], sent=False) as stream:
        with Connector(control) as connector:
            connecting = connector.connect(nodes)
            connector.wait(connecting, 30)
            seen = []
            for record in stream.records(30):
                if isinstance(record, BitcoinMessage):
                    seen.append((record.command, record.sent))
                    if len(seen) == len(nodes):
                        break
            check.assertEqual(seen, [("version", False)] * len(nodes))
            stream.change(types=RecordType.BITCOIN, connections=connecting.connections[:1])
            connector.disconnect(ALL)
            closed = until(stream, lambda record: isinstance(record, netmine.ConnectionEvent))[-1]
            check.assertEqual((closed.code, closed.connection), (netmine.EventCode.CLOSED_BY_US, connecting.connections[0]))


streamed = []
for control, address in zip(options.control, options.stream):
    streamed.append(exchange(control, address, options.nodes))
narrowed(options.stream[0], options.control[0], options.nodes)

# TCP requires the key; a unix socket does not.
for address, make in ((options.control[1], Connector), (options.stream[1], Stream)):
    for wrong in (None, bytes(32)):
        with check.assertRaises(netmine.AccessDenied):
            make(address, key=wrong)

# Every known message must decode and encode to the same bytes.
known = 0
for _, records in streamed:
    for record in records:
        check.assertNotIsInstance(record, netmine.Malformed)
        if isinstance(record, BitcoinMessage) and record.length is not None:
            message = record.decode()
            check.assertEqual(message.encode(), record.payload)
            known += not isinstance(message, netmine.messages.Unknown)
check.assertGreater(known, 20)

with Connector(options.control[0]) as connector:
    connector.shut_down()

# The archive must have the same records as the stream, byte for byte.
deadline = time.monotonic() + 30
while True:
    with LogReader(options.archive) as log:
        archived = {record.sequence: record for record in log if record.source == streamed[0][0] and record.sequence}
    if any(getattr(record, "text", "") == "orderly shutdown" for record in archived.values()):
        break
    check.assertLess(time.monotonic(), deadline, "the last record did not reach the archive")
    time.sleep(0.05)
for source, records in streamed:
    for record in records:
        if record.sequence and record.source == source:
            other = archived[record.sequence]
            check.assertEqual((record.time, record.body), (other.time, other.body))
check.assertEqual(sorted(archived), list(range(1, len(archived) + 1)))
print("all is well")
