"""Reads and writes Bitcoin's messages with python-bitcoinlib, for CrossCheckTests.swift.

Standard input has one whole main-network message a line, in hexadecimal. Standard output answers each
with `read <the message serialised again> <its fields>`. The only argument is a number N: N messages that
the script makes follow, as `made <message> <its fields>`.
"""

import random
import struct
import sys
from io import BytesIO

from bitcoin.bloom import CBloomFilter
from bitcoin.core import (
    CBlock, CBlockHeader, CMutableTransaction, CMutableTxIn, CMutableTxOut, COutPoint, CScriptWitness, CTransaction,
    CTxInWitness, CTxWitness, b2lx, b2x, x,
)
from bitcoin.core.script import CScript
from bitcoin.core.serialize import VarIntSerializer
from bitcoin.messages import MsgSerializable, messagemap
from bitcoin.messages import (
    msg_addr, msg_alert, msg_block, msg_getaddr, msg_getblocks, msg_getdata, msg_getheaders, msg_headers, msg_inv, msg_mempool,
    msg_notfound, msg_ping, msg_pong, msg_reject, msg_tx, msg_verack, msg_version,
)
from bitcoin.net import CAddress, CInv


class headers(msg_headers):
    """python-bitcoinlib omits the transaction count after each header."""

    @classmethod
    def msg_deser(cls, f, protover=None):
        message = cls()
        for _ in range(VarIntSerializer.stream_deserialize(f)):
            message.headers.append(CBlockHeader.stream_deserialize(f))
            VarIntSerializer.stream_deserialize(f)
        return message

    def msg_ser(self, f):
        VarIntSerializer.stream_serialize(len(self.headers), f)
        for header in self.headers:
            header.stream_serialize(f)
            VarIntSerializer.stream_serialize(0, f)


class filterload(MsgSerializable):
    """python-bitcoinlib has the filter, but not the message."""

    command = b"filterload"

    @classmethod
    def msg_deser(cls, f, protover=None):
        message = cls()
        message.filter = CBloomFilter.stream_deserialize(f)
        return message

    def msg_ser(self, f):
        self.filter.stream_serialize(f)


messagemap[b"headers"] = headers
messagemap[b"filterload"] = filterload


def endpoint(address):
    form = "[%s]:%d" if ":" in address.ip else "%s:%d"
    return form % (address.ip, address.port)


def transaction(tx):
    inputs = [
        "%s:%d/%s/%d/%s" % (
            b2lx(i.prevout.hash), i.prevout.n, b2x(i.scriptSig), i.nSequence,
            "+".join(b2x(item) for item in w.scriptWitness.stack))
        for i, w in zip(tx.vin, list(tx.wit.vtxinwit) + [CTxInWitness()] * len(tx.vin))
    ]
    outputs = ["%d/%s" % (o.nValue, b2x(o.scriptPubKey)) for o in tx.vout]
    return "%s %s %d %s %s %d" % (
        b2lx(tx.GetTxid()), b2lx(tx.GetHash()), tx.nVersion, ",".join(inputs), ",".join(outputs), tx.nLockTime)


def header(h):
    return "%s %d %s %s %d %d %d" % (
        b2lx(h.GetHash()), h.nVersion, b2lx(h.hashPrevBlock), b2lx(h.hashMerkleRoot), h.nTime, h.nBits, h.nNonce)


def fields(m):
    name = m.command.decode()
    if name == "version":
        return "%d %d %d %d %s %d %s %d %s %d %d" % (
            m.nVersion, m.nServices, m.nTime, m.addrTo.nServices, endpoint(m.addrTo), m.addrFrom.nServices,
            endpoint(m.addrFrom), m.nNonce, b2x(m.strSubVer), m.nStartingHeight, m.fRelay)
    if name == "addr":
        return " ".join("%d/%d/%s" % (a.nTime, a.nServices, endpoint(a)) for a in m.addrs)
    if name in ("inv", "getdata", "notfound"):
        return " ".join("%d/%s" % (i.type, b2lx(i.hash)) for i in m.inv)
    if name in ("getblocks", "getheaders"):
        return " ".join(
            [str(m.locator.nVersion)] + [b2lx(h) for h in m.locator.vHave] + [b2lx(m.hashstop)])
    if name == "headers":
        return " ".join(header(h) for h in m.headers)
    if name == "tx":
        return transaction(m.tx)
    if name == "block":
        return " ".join([header(m.block)] + [transaction(tx) for tx in m.block.vtx])
    if name in ("ping", "pong"):
        return str(m.nonce)
    if name == "reject":
        return "%s %d %s" % (b2x(m.message), m.ccode[0], b2x(m.reason))
    if name == "alert":
        return "%s %s" % (b2x(m.alert.vchMsg), b2x(m.alert.vchSig))
    if name == "filterload":
        return "%s %d %d %d" % (b2x(m.filter.vData), m.filter.nHashFuncs, m.filter.nTweak, m.filter.nFlags)
    return ""


def some(most):
    return range(random.randint(0, most))


def some_bytes(most):
    return random.randbytes(random.randint(0, most))


def make_address():
    address = CAddress()
    address.nTime = random.getrandbits(32)
    address.nServices = random.getrandbits(64)
    address.ip = random.choice(["10.%d.2.3" % random.randint(0, 255), "2001:db8::%x" % random.randint(1, 9999)])
    address.port = random.getrandbits(16)
    return address


def make_inventory():
    item = CInv()
    item.type = random.choice([1, 2, 3, 4, 5, 1 << 30 | 1, 1 << 30 | 2, 99])
    item.hash = random.randbytes(32)
    return item


def make_header(cls, **more):
    return cls(
        nVersion=random.randint(-2**31, 2**31 - 1), hashPrevBlock=random.randbytes(32),
        nTime=random.getrandbits(32), nBits=random.getrandbits(32), nNonce=random.getrandbits(32), **more)


def make_transaction():
    vin = [
        CMutableTxIn(COutPoint(random.randbytes(32), random.getrandbits(32)), CScript(some_bytes(300)),
                     random.getrandbits(32))
        for _ in range(random.randint(1, 3))
    ]
    vout = [CMutableTxOut(random.randint(0, 2**50), CScript(some_bytes(300))) for _ in some(3)]
    tx = CMutableTransaction(vin, vout, random.getrandbits(32), random.randint(-2**31, 2**31 - 1))
    if random.random() < 0.5:
        stacks = [[some_bytes(300) for _ in some(3)] for _ in vin]
        tx.wit = CTxWitness([CTxInWitness(CScriptWitness(stack)) for stack in stacks])
    return CTransaction.from_tx(tx)


def make(cls):
    m = cls()
    if cls is msg_version:
        m.nVersion = random.randint(70001, 80000)
        m.nServices = random.getrandbits(64)
        m.nTime = random.randint(-2**63, 2**63 - 1)
        m.addrTo, m.addrFrom = make_address(), make_address()
        m.strSubVer = some_bytes(256)
        m.nStartingHeight = random.randint(-2**31, 2**31 - 1)
        m.fRelay = random.random() < 0.5
    elif cls is msg_addr:
        m.addrs = [make_address() for _ in some(1000)]
    elif cls in (msg_inv, msg_getdata, msg_notfound):
        m.inv = [make_inventory() for _ in some(300)]
    elif cls in (msg_getblocks, msg_getheaders):
        m.locator.vHave = [random.randbytes(32) for _ in some(101)]
        m.hashstop = random.randbytes(32)
    elif cls is headers:
        m.headers = [make_header(CBlockHeader, hashMerkleRoot=random.randbytes(32)) for _ in some(300)]
    elif cls is msg_tx:
        m.tx = make_transaction()
    elif cls is msg_block:
        # The library computes the Merkle root itself.
        m.block = make_header(CBlock, vtx=[make_transaction() for _ in some(9)])
    elif cls in (msg_ping, msg_pong):
        m.nonce = random.getrandbits(64)
    elif cls is msg_reject:
        m.message, m.ccode, m.reason = some_bytes(12), struct.pack("B", random.getrandbits(8)), some_bytes(111)
    elif cls is msg_alert:
        m.alert.vchMsg, m.alert.vchSig = some_bytes(300), some_bytes(72)
    elif cls is filterload:
        m.filter = CBloomFilter(random.randint(1, 200), 0.001, random.getrandbits(32), random.getrandbits(8))
        for _ in some(20):
            m.filter.insert(some_bytes(40))
    return m


def tell(word, m):
    print(word, b2x(m.to_bytes()), fields(m))


CLASSES = [
    msg_version, msg_verack, msg_addr, msg_inv, msg_getdata, msg_notfound, msg_getblocks, msg_getheaders, headers,
    msg_tx, msg_block, msg_getaddr, msg_ping, msg_pong, msg_reject, msg_mempool,
    msg_alert, filterload,
]

for line in sys.stdin:
    tell("read", MsgSerializable.stream_deserialize(BytesIO(x(line.strip()))))
random.seed(1)
for number in range(int(sys.argv[1])):
    tell("made", make(CLASSES[number % len(CLASSES)]))
