"""Connects to a node and prints its messages.  python3 listen.py 127.16.0.1:18444"""
import argparse

from netmine import BitcoinMessage, Connector, FormatError, Gap, HandshakeDone, Stream, hash_text
from netmine.messages import AddrV2, Headers, Inventory, Unknown, Version


def words(message):
    """A short description of a message."""
    if isinstance(message, Version):
        return f"{(message.user_agent or b'').decode('utf-8', 'backslashreplace')} at height {message.start_height}"
    if isinstance(message, Inventory):
        return ", ".join(map(str, message.items[:3])) + (" …" if len(message.items) > 3 else "")
    if isinstance(message, AddrV2):
        return f"{len(message.nodes)} addresses, the first {message.nodes[0].endpoint}" if message.nodes else "none"
    if isinstance(message, Headers):
        return " ".join(hash_text(header.hash) for header in message.headers[-1:])
    return f"{len(message.payload)} bytes" if isinstance(message, Unknown) else ""


arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("node", help="host:port, or only a host for the network's default port")
arguments.add_argument("--control", help="the connector's socket, or host:port")
arguments.add_argument("--stream", help="the log server's socket, or host:port")
arguments.add_argument("--seconds", type=float, help="stop after this many seconds; by default when the log server stops")
options = arguments.parse_args()

# Subscribe first, so that nothing is missed. The connection id, known later, selects our records.
with Stream(options.stream) as stream, Connector(options.control, name="listen.py") as connector:
    connecting = connector.connect([options.node])
    (connection,) = connecting.connections
    outcome = connector.wait(connecting, timeout=60).get(connection)
    if not isinstance(outcome, HandshakeDone):
        raise SystemExit(f"{options.node}: {outcome.reason if outcome else 'no answer in a minute'}")
    source = connector.statistics().source
    for record in stream.records(options.seconds):
        if isinstance(record, Gap):
            print(f"missed {record.count} records")
        if not isinstance(record, BitcoinMessage) or record.sent or (record.source, record.connection) != (source, connection):
            continue
        try:
            said = words(record.decode())
        except FormatError as error:
            said = f"malformed: {error}"
        print(record.when.isoformat(), record.command, said, flush=True)
