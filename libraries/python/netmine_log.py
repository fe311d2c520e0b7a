"""Reads Netmine's native log files; docs/log-format.md describes them.  python3 netmine_log.py FILE..."""
import collections, json, struct, sys

META, BITCOIN, BITCOIN_MSG = 0x0001, 0x0010, 0x0020
SENT, WRONG_CHECKSUM, ENCRYPTED, CUT_SHORT, UPPER_BOUND, RESENT = (1 << bit for bit in range(6))
HEADER = struct.Struct(">IQQHBxI")
Record = collections.namedtuple("Record", "offset source time sequence type flags connection body")


def records(file):
    """Yields each record. Ends at a torn record; raises ValueError at bytes that are not a record."""
    offset = 0
    while len(start := file.read(4)) == 4:
        if start == b"NMLG":
            version, _, _ = struct.unpack(">HHQ", file.read(12).ljust(12, b"\0"))
            if version != 1:
                raise ValueError(f"version {version} at byte {offset}")
            offset += 16
            continue
        (length,) = struct.unpack(">I", start)
        if not 28 <= length <= 16 << 20:
            raise ValueError(f"length {length} at byte {offset}")
        rest = file.read(length)
        if len(rest) < length:
            return
        yield Record(offset, *HEADER.unpack(rest[:28]), rest[28:])
        offset += 4 + length


def message(record):
    """The command, the payload and the claimed length of a BITCOIN_MSG record."""
    magic, command, length, checksum = struct.unpack("<4s12sI4s", record.body[:24])
    return command.rstrip(b"\0").decode("ascii", "backslashreplace"), record.body[24:], length


def endpoint(body, at):
    """The BIP155 network, address and port at an offset, and the offset after them."""
    network, count = struct.unpack_from(">BH", body, at)
    (port,) = struct.unpack_from(">H", body, at + 3 + count)
    return (network, body[at + 3:at + 3 + count].hex(), port), at + 5 + count


def open_connection(record):
    """Direction (0 outbound, 1 inbound), remote, local, since (ns), user agent of META 0x07 or 0x03, or else None."""
    if record.type != META or record.body[0] not in (0x03, 0x07):
        return None
    remote, at = endpoint(record.body, 2)
    local, at = endpoint(record.body, at)
    (since,), at = struct.unpack_from(">Q", record.body, at), at + 8
    if record.body[0] == 0x07:
        # 0: nothing is known of the peer; 1: its user agent follows; 2: the user agent follows version and services.
        known, at = record.body[at], at + 1
        if known == 0:
            return record.body[1], remote, local, since, ""
        at += 12 if known == 2 else 0
    (count,) = struct.unpack_from(">H", record.body, at)
    return record.body[1], remote, local, since, record.body[at + 2:at + 2 + count].decode("utf-8", "replace")


if __name__ == "__main__":
    for path in sys.argv[1:]:
        for record in records(open(path, "rb")):
            line = {**record._asdict(), "body": len(record.body), "open": open_connection(record)}
            if record.type == BITCOIN_MSG:
                line["command"], payload, line["length"] = message(record)
            print(json.dumps(line))
