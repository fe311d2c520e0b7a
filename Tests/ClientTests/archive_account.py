"""Accounts for every sequence number in log files, from docs/log-format.md alone, without code of Netmine.

    archive_account.py FOLDER

The files of an archive are named NUMBER-SEGMENT.log, and are read in the order of their names.
For each archive it prints a line for each source, and a line for the archive.
"""

import os
import struct
import sys

LIMIT = 2**64 - 1
CAUSES = {1: "slow_reader", 2: "source_overflow", 3: "held_by_nobody", 4: "before_archive"}
META, BITCOIN, MESSAGE = 0x0001, 0x0010, 0x0020


class Malformed(Exception):
    pass


class Fields:
    """Reads consecutive fields."""

    def __init__(self, data):
        self.data, self.place = data, 0

    def take(self, count):
        if self.place + count > len(self.data):
            raise Malformed
        self.place += count
        return self.data[self.place - count : self.place]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def text(self):
        return self.take(self.number(2))

    def endpoint(self):
        network, address = self.number(1), self.text()
        if len(address) != {1: 4, 2: 16, 4: 32, 5: 32, 6: 16}.get(network):
            raise Malformed
        self.number(2)

    def end(self):
        if self.place != len(self.data):
            raise Malformed


def meta(body):
    """The content of a META record: a tuple that starts with a word."""
    fields = Fields(body)
    code = fields.number(1)
    if code == 0x01:
        said = ("joined", fields.number(4), fields.number(8))
        fields.number(4), fields.text(), fields.text(), fields.text()
    elif code == 0x02:
        said = ("left", fields.number(4), fields.number(1), fields.number(8))
        fields.text()
    elif code == 0x03:
        said = ("open",)
        fields.number(1), fields.endpoint(), fields.endpoint(), fields.number(8), fields.text()
    elif code == 0x04:
        source, first, last = fields.number(4), fields.number(8), fields.number(8)
        fields.number(8), fields.number(8)
        cause = fields.number(1)
        if first > last or cause not in CAUSES:
            raise Malformed
        said = ("gap", source, first, last, CAUSES[cause])
    elif code == 0x05:
        said = ("clock",)
        fields.take(17)
    elif code == 0x06:
        said = ("mark", [(fields.number(8), fields.number(4), fields.number(8)) for _ in range(fields.number(4))])
    elif code == 0x07:
        said = ("open",)
        fields.number(1), fields.endpoint(), fields.endpoint(), fields.number(8)
        peer(fields)
    else:
        raise Malformed
    fields.end()
    return said


def peer(fields):
    """Checks a peer's introduction: unknown, its user agent, or the whole introduction."""
    known = fields.number(1)
    if known > 2:
        raise Malformed
    if known == 2:
        fields.take(12)
    if known:
        fields.text()
    if known == 2 and fields.take(5)[4] > 1:
        raise Malformed


def event(body):
    fields = Fields(body)
    if body[:1] == b"\2":
        _, direction, code = fields.number(1), fields.number(1), fields.number(2)
        fields.endpoint(), fields.endpoint(), fields.number(8)
        if fields.number(2):
            fields.take(5), fields.text()
        peer(fields)
    else:
        code, direction = fields.number(4), fields.number(1)
        fields.endpoint(), fields.endpoint(), fields.number(4), fields.number(8), fields.text(), fields.text()
    fields.text()
    fields.end()
    if code not in (1, 2, 4, 8, 16, 32, 64, 128, 256) or direction > 1:
        raise Malformed


class Record:
    def __init__(self, data):
        _, self.source, self.time, self.sequence, self.type, self.flags, _, self.connection = struct.unpack(
            ">IIQQHBBI", data[:32]
        )
        self.body = data[32:]

    def agrees(self):
        try:
            if self.type == MESSAGE:
                if self.flags & 8:
                    return True
                return len(self.body) >= 24 and 24 + int.from_bytes(self.body[16:20], "little") == len(self.body)
            if self.type == BITCOIN:
                event(self.body)
                return True
            if self.type == META:
                meta(self.body)
                return True
            if 0x0100 <= self.type <= 0x2000:
                return len(self.body) >= 4 and int.from_bytes(self.body[:4], "big") == len(self.body) - 4
            self.body.decode("utf-8")
            return self.type <= 0x80 and 0 not in self.body
        except (Malformed, UnicodeDecodeError):
            return False


class File:
    """The records of a file, which may be damaged."""

    def __init__(self, data):
        self.data = data

    def look(self, place):
        """Returns "preamble", a record's length, "more" if the file ends within it, or None for anything else."""
        rest = len(self.data) - place
        if rest < 4:
            return "more"
        if self.data[place : place + 4] == b"NMLG":
            if rest < 16:
                return "more"
            return "preamble" if self.data[place + 4 : place + 6] == b"\0\1" else None
        length = int.from_bytes(self.data[place : place + 4], "big")
        if not 28 <= length <= 16_777_216:
            return None
        if rest >= 32:
            kind = int.from_bytes(self.data[place + 24 : place + 26], "big")
            if bin(kind).count("1") != 1 or self.data[place + 27] != 0:
                return None
        return length + 4 if rest >= length + 4 else "more"

    def record(self, place, length):
        return Record(self.data[place : place + length])

    def looks_right(self, place, time):
        """Whether the bytes after a record look valid."""
        rest = len(self.data) - place
        if rest == 0:
            return True
        piece = self.look(place)
        if piece == "preamble":
            return True
        if rest < 32 or piece is None:
            return False
        next_time, _, kind = struct.unpack(">QQH", self.data[place + 8 : place + 26])
        return kind <= 0x2000 and abs(next_time - time) < 1 << 59

    def begins(self, place):
        """Whether a reader that looks for the next record accepts one here."""
        piece = self.look(place)
        if piece == "preamble":
            return True
        if piece is None or piece == "more":
            return False
        after = place + piece
        return self.record(place, piece).agrees() and (after == len(self.data) or self.look(after) is not None)

    def records(self):
        place, end = 0, len(self.data)
        while place < end:
            piece = self.look(place)
            if piece == "preamble":
                place += 16
                continue
            if isinstance(piece, int):
                record = self.record(place, piece)
                if self.looks_right(place + piece, record.time) or record.agrees():
                    yield record
                    place += piece
                    continue
            # Damage, or a torn record: find the next record, if there is one.
            place += 1
            while place < end and not self.begins(place):
                place += 1


class Source:
    def __init__(self, id, instance):
        self.id, self.instance = id, instance
        self.start = self.reached = self.left = 0
        self.present, self.gaps = set(), []
        self.duplicates = self.late = 0

    def record(self, sequence):
        """Returns whether the record is there for the first time."""
        if sequence <= self.start or sequence in self.present:
            self.duplicates += 1
            return False
        if self.present and sequence < self.highest:
            self.late += 1
        self.highest = max(sequence, self.highest) if self.present else sequence
        self.present.add(sequence)
        self.reached = max(self.reached, sequence)
        return True

    def missing(self):
        """(first, last, cause, whether it is lost), in order; adjacent ranges differ."""
        edges = {self.start + 1, self.reached + 1, self.left + 1}
        for sequence in self.present:
            edges |= {sequence, sequence + 1}
        for first, last, _ in self.gaps:
            edges |= {first, last + 1}
        edges = sorted(edge for edge in edges if self.start < edge <= self.reached + 1)
        first_present = min(self.present, default=LIMIT + 1)
        found = []
        for first, after in zip(edges, edges[1:]):
            if first in self.present:
                continue
            cause = next((cause for low, high, cause in self.gaps if low <= first <= high), None)
            cause = cause or ("left" if first <= self.left else "unexplained")
            is_lost = not (cause == "before_archive" and self.start == 0 and first < first_present)
            if found and found[-1][1] == first - 1 and found[-1][2:] == (cause, is_lost):
                found[-1] = (found[-1][0], after - 1, cause, is_lost)
            else:
                found.append((first, after - 1, cause, is_lost))
        return found


class Archive:
    def __init__(self):
        self.ids, self.instances, self.sources, self.count = {}, {}, [], 0

    def of_id(self, id):
        if id not in self.ids:
            self.ids[id] = Source(id, None)
            self.sources.append(self.ids[id])
        return self.ids[id]

    def name(self, id, instance):
        if instance in self.instances:
            source = self.instances[instance]
        elif id in self.ids and self.ids[id].instance is None:
            source = self.ids[id]
            source.instance = instance
        else:
            source = Source(id, instance)
            self.sources.append(source)
        source.id = id
        self.ids[id] = self.instances[instance] = source
        return source

    def note(self, record):
        self.count += 1
        if record.sequence and not self.of_id(record.source).record(record.sequence):
            return
        if record.type != META:
            return
        try:
            said = meta(record.body)
        except Malformed:
            return
        if said[0] == "joined":
            self.name(said[1], said[2])
        elif said[0] == "gap":
            _, id, first, last, cause = said
            if last > 0:
                source = self.of_id(id or record.source)
                source.gaps.append((max(first, 1), last, cause))
                source.reached = max(source.reached, last)
        elif said[0] == "mark":
            begins = not any(
                instance in self.instances or (id in self.ids and self.ids[id].instance is None)
                for instance, id, _ in said[1]
            )
            for instance, id, sequence in said[1]:
                source = self.name(id, instance)
                if begins:
                    source.start = max(source.start, sequence)
                source.reached = max(source.reached, sequence)
        elif said[0] == "left" and said[1] in self.ids:
            _, id, goodbye, last = said
            source = self.ids[id]
            source.reached = max(source.reached, last)
            if not goodbye:
                source.left = max(source.left, last)

    def lines(self):
        lost = 0
        sources = []
        for source in self.sources:
            missing = source.missing()
            lost += sum(last - first + 1 for first, last, _, is_lost in missing if is_lost)
            sources.append(
                f"source {source.id} {source.id if source.instance is None else source.instance} "
                f"records {len(source.present)} duplicates {source.duplicates} late {source.late} missing"
                + "".join(f" {first}-{last}:{cause}{'' if is_lost else ':not lost'}" for first, last, cause, is_lost in missing)
            )
        return sorted(sources) + [f"records {self.count} lost {min(lost, LIMIT)}"]


def main():
    archives = {}
    for name in sorted(os.listdir(sys.argv[1])):
        if name.endswith(".log"):
            archives.setdefault(name.split("-")[0], []).append(name)
    for number, names in archives.items():
        archive = Archive()
        for name in names:
            with open(os.path.join(sys.argv[1], name), "rb") as file:
                for record in File(file.read()).records():
                    archive.note(record)
        for line in archive.lines():
            print(number, line)


if __name__ == "__main__":
    main()
