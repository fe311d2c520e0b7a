"""Writes which peer announced which item when: one line of CSV per item of each inv, from the stream or from files.

    python3 inv_times.py --seconds 60 > times.csv
    python3 inv_times.py archive/verbatim.log-*.zst > times.csv
"""
import argparse
import csv
import itertools
import sys

from netmine import (
    BitcoinMessage, ConnectionEvent, FormatError, Gap, LogReader, OpenConnection, RecordType, Stream, hash_text,
)
from netmine.messages import Inventory

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("files", nargs="*", help="log files, oldest first; - for standard input")
arguments.add_argument("--stream", help="the log server's socket, or host:port")
arguments.add_argument("--seconds", type=float, help="stop after this many seconds; by default when the log server stops")
options = arguments.parse_args()

if options.files:
    records = itertools.chain.from_iterable(map(LogReader, options.files))
else:
    wanted = RecordType.BITCOIN | RecordType.BITCOIN_MSG
    records = Stream(options.stream, types=wanted, sent=False, commands=["inv"]).records(options.seconds)

peers = {}
output = csv.writer(sys.stdout, lineterminator="\n")
output.writerow(["time_ns", "upper_bound", "source", "connection", "peer", "type", "hash"])
for record in records:
    if isinstance(record, (OpenConnection, ConnectionEvent)):
        peers[record.source, record.connection] = record.remote
    elif isinstance(record, Gap):
        print(f"{record.count} records are missing", file=sys.stderr)
    elif isinstance(record, BitcoinMessage) and record.command == "inv" and not record.sent:
        try:
            message = record.decode()
        except FormatError as error:
            print(f"sequence {record.sequence} of {record.source}: {error}", file=sys.stderr)
            continue
        assert isinstance(message, Inventory)
        peer = peers.get((record.source, record.connection), "")
        start = [record.time, int(bool(record.flags & 0x10)), record.source, record.connection, peer]
        output.writerows(start + [item.type, hash_text(item.hash)] for item in message.items)
