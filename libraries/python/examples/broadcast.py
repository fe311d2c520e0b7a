"""Asks every open connection for addresses, and collects the answers.  python3 broadcast.py --seconds 10"""
import argparse
import collections

from netmine import ALL, BitcoinMessage, Connector, FormatError, Gap, RecordType, Stream
from netmine.messages import Addr, AddrV2, Empty

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("--control", help="the connector's socket, or host:port")
arguments.add_argument("--stream", help="the log server's socket, or host:port")
arguments.add_argument("--seconds", type=float, default=10, help="how long to collect")
options = arguments.parse_args()

known = collections.defaultdict(set)
filter = {"types": RecordType.BITCOIN_MSG, "sent": False, "commands": ["addr", "addrv2"]}
with Stream(options.stream, **filter) as stream, Connector(options.control, name="broadcast.py") as connector:
    sending = connector.send(Empty("getaddr"), to=ALL)
    for record in stream.records(options.seconds):
        if isinstance(record, Gap):
            print(f"missed {record.count} records")
        if not isinstance(record, BitcoinMessage):
            continue
        try:
            message = record.decode()
        except FormatError as error:
            print(f"connection {record.connection}: {error}")
            continue
        if isinstance(message, (Addr, AddrV2)):
            known[record.connection].update(str(node.endpoint) for node in message.nodes)

for connection, addresses in sorted(known.items()):
    print(f"connection {connection}: {len(addresses)} addresses")
everything = set().union(*known.values())
print(f"asked {sending.count} connections; {len(known)} named {len(everything)} addresses")
