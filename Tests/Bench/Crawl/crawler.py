"""A plain crawler to compare with in `tools/bench crawl`: asyncio and the standard library only.

It sends only version, verack and getaddr. Workers take addresses from a queue, connect, do the handshake, ask
for addresses, put the new ones into the queue, and disconnect. It prints a JSON object for each node when its
handshake is done ({"event": "reached", "address": ...}), and a summary at the end.

It is made for simulated networks. Their nodes also advertise addresses that may belong to others, so it dials
only 127.0.0.0/8.
"""

import argparse
import asyncio
import hashlib
import json
import os
import resource
import signal
import socket
import struct
import sys
import time

HEADER = struct.Struct("<4s12sI4s")
MAPPED = bytes(10) + b"\xff\xff"
IPV4 = 1
MAXIMUM_LENGTH = 4_000_000
# A message with more addresses counts as the answer to getaddr.
GOSSIP = 10


class NotThisMachine(Exception):
    """An address to dial is not on loopback."""


async def connect(key):
    """Connects to an endpoint, 4 bytes of IPv4 address and 2 of port. No other function dials."""
    if key[0] != 127:
        raise NotThisMachine(text(key))
    return await asyncio.open_connection(socket.inet_ntoa(key[:4]), int.from_bytes(key[4:6], "big"))


def say(event):
    """Prints a JSON object as one line."""
    print(json.dumps(event, separators=(",", ":")), flush=True)


def text(key):
    """An endpoint as text."""
    return f"{socket.inet_ntoa(key[:4])}:{int.from_bytes(key[4:6], 'big')}"


def endpoint(line):
    """The endpoint of a text."""
    host, port = line.rsplit(":", 1)
    return socket.inet_aton(host) + int(port).to_bytes(2, "big")


def compact_size(data, offset):
    """A CompactSize, and the offset after it."""
    first = data[offset]
    if first < 0xFD:
        return first, offset + 1
    size = {0xFD: 2, 0xFE: 4, 0xFF: 8}[first]
    return int.from_bytes(data[offset + 1 : offset + 1 + size], "little"), offset + 1 + size


def read_addr(data):
    """The IPv4 endpoints of an addr message's payload, and the number of all its addresses."""
    count, start = compact_size(data, 0)
    if count > 1000 or start + 30 * count != len(data):
        raise ValueError("addr")
    found = []
    for offset in range(start, start + 30 * count, 30):
        if data[offset + 12 : offset + 24] == MAPPED:
            found.append(data[offset + 24 : offset + 30])
    return found, count


def read_addrv2(data):
    """The IPv4 endpoints of an addrv2 message's payload (BIP155), and the number of all its addresses."""
    count, offset = compact_size(data, 0)
    if count > 1000:
        raise ValueError("addrv2")
    found = []
    for _ in range(count):
        _, offset = compact_size(data, offset + 4)
        network = data[offset]
        length, offset = compact_size(data, offset + 1)
        if network == IPV4 and length == 4:
            found.append(data[offset : offset + 6])
        offset += length + 2
    if offset != len(data):
        raise ValueError("addrv2")
    return found, count


class Crawler:
    """The known addresses, and the queue of those to dial."""

    def __init__(self, options):
        self.options = options
        self.magic = bytes.fromhex(options.magic)
        self.known = set()
        self.queue = asyncio.Queue()
        self.reached = 0
        self.answered = 0
        self.dials = 0
        self.told = 0
        self.elsewhere = 0
        self.is_over = False
        version = struct.pack("<iQq", 70016, 0, int(time.time())) + bytes(26) + bytes(26) + os.urandom(8)
        agent = b"/plain-crawler:1/"
        version += bytes([len(agent)]) + agent + struct.pack("<i?", 0, False)
        self.version = self.frame(b"version", version)
        self.accept = self.frame(b"sendaddrv2") + self.frame(b"verack")
        self.getaddr = self.frame(b"getaddr")

    def frame(self, command, payload=b""):
        checksum = hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
        return HEADER.pack(self.magic, command, len(payload), checksum) + payload

    def learn(self, keys):
        for key in keys:
            if key in self.known:
                continue
            self.known.add(key)
            if key[0] == 127:
                self.queue.put_nowait(key)
            else:
                self.elsewhere += 1

    async def work(self):
        # Check the flag too: cancelling a task has no effect if its wait ends at the same moment.
        while not self.is_over:
            key = await self.queue.get()
            try:
                await self.visit(key)
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError, IndexError, KeyError):
                pass
            finally:
                self.queue.task_done()

    async def visit(self, key):
        self.dials += 1
        reader, writer = await asyncio.wait_for(connect(key), self.options.connect_timeout)
        try:
            await asyncio.wait_for(self.talk(reader, writer, key), self.options.answer_timeout)
        finally:
            writer.close()

    async def talk(self, reader, writer, key):
        writer.write(self.version)
        while True:
            magic, command, length, checksum = HEADER.unpack(await reader.readexactly(24))
            if magic != self.magic or length > MAXIMUM_LENGTH:
                raise ValueError("header")
            payload = await reader.readexactly(length) if length else b""
            if hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4] != checksum:
                raise ValueError("checksum")
            command = command.rstrip(b"\0")
            if command == b"version":
                writer.write(self.accept)
            elif command == b"verack":
                self.reached += 1
                say({"event": "reached", "address": text(key)})
                writer.write(self.getaddr)
            elif command == b"addr" or command == b"addrv2":
                keys, count = read_addr(payload) if command == b"addr" else read_addrv2(payload)
                self.told += count
                self.learn(keys)
                if count > GOSSIP:
                    self.answered += 1
                    return

    async def run(self, start):
        began = time.monotonic()
        self.learn(start)
        workers = [asyncio.create_task(self.work()) for _ in range(self.options.workers)]
        done = asyncio.create_task(self.queue.join())
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, done.cancel)
        await asyncio.wait([done, *workers], return_when=asyncio.FIRST_COMPLETED)
        failed = [worker for worker in workers if worker.done()]
        summary = {
            "event": "summary",
            "seconds": time.monotonic() - began,
            "reachable": self.reached,
            "answered": self.answered,
            "dials": self.dials,
            "told": self.told,
            "candidates": len(self.known),
            "inadmissible": self.elsewhere,
        }
        say(summary)
        for task in failed:
            task.result()
        self.is_over = True
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


def main():
    parser = argparse.ArgumentParser(description="Find the nodes of a simulated network on this machine.")
    parser.add_argument("hosts", nargs="*", help="nodes to start with, as address:port")
    parser.add_argument("--file", help="file of nodes to start with, one per line")
    parser.add_argument("--magic", required=True, help="the network's magic, 8 hexadecimal digits")
    parser.add_argument("--workers", type=int, default=2000)
    parser.add_argument("--connect-timeout", type=float, default=5)
    parser.add_argument("--answer-timeout", type=float, default=20)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    hosts = options.hosts
    if options.file:
        with open(options.file) as lines:
            hosts += [line.strip() for line in lines if line.strip()]
    asyncio.run(Crawler(options).run([endpoint(host) for host in hosts]))


if __name__ == "__main__":
    main()
