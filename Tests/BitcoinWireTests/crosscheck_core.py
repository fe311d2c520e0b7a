"""Reads and writes Bitcoin's messages with the framework of Bitcoin Core's functional tests, for
CoreCrossCheckTests.swift.

`NETMINE_BITCOIN_SOURCE` names a folder with Bitcoin Core's source. Standard input has one whole main-network
message a line, in hexadecimal. Standard output answers each with `read <the message serialised again> <its
fields>`. The only argument is a number N: N messages that the script makes follow, as `made <message> <its
fields>`. Each compact block follows the block from which it was made.
"""

import hashlib
import os
import random
import sys
from io import BytesIO

sys.path.insert(0, os.path.join(os.environ["NETMINE_BITCOIN_SOURCE"], "test", "functional"))

from test_framework import messages as core  # noqa: E402

MAGIC = bytes.fromhex("f9beb4d9")
CLASSES = {
    cls.msgtype: cls
    for cls in [
        core.msg_addrv2, core.msg_block, core.msg_blocktxn, core.msg_cfcheckpt, core.msg_cfheaders, core.msg_cfilter,
        core.msg_cmpctblock, core.msg_feature, core.msg_feefilter, core.msg_filteradd, core.msg_filterload,
        core.msg_getblocktxn, core.msg_getcfcheckpt, core.msg_getcfheaders, core.msg_getcfilters,
        core.msg_merkleblock, core.msg_sendcmpct, core.msg_sendtxrcncl,
    ]
}


def some(most):
    return range(random.randint(0, most))


def some_bytes(most):
    return random.randbytes(random.randint(0, most))


def hexes(values):
    return ",".join("%064x" % value for value in values)


def endpoint(address):
    return ("[%s]:%d" if ":" in address.ip else "%s:%d") % (address.ip, address.port)


def fields(m):
    name = m.msgtype.decode()
    if name == "addrv2":
        return " ".join("%d/%d/%s" % (a.time, a.nServices, endpoint(a)) for a in m.addrs)
    if name == "block":
        return " ".join([m.block.hash_hex] + [tx.wtxid_hex for tx in m.block.vtx])
    if name == "cmpctblock":
        compact = core.HeaderAndShortIDs(m.header_and_shortids)
        return "%s %d %s %s" % (
            compact.header.hash_hex, compact.nonce, ",".join("%012x" % i for i in compact.shortids),
            ",".join("%d:%s" % (p.index, p.tx.wtxid_hex) for p in compact.prefilled_txn))
    if name == "getblocktxn":
        request = m.block_txn_request
        return "%064x %s" % (request.blockhash, ",".join(str(i) for i in request.to_absolute()))
    if name == "blocktxn":
        answer = m.block_transactions
        return "%064x %s" % (answer.blockhash, ",".join(tx.wtxid_hex for tx in answer.transactions))
    if name == "sendcmpct":
        return "%d %d" % (m.announce, m.version)
    if name == "feefilter":
        return str(m.feerate)
    if name == "sendtxrcncl":
        return "%d %d" % (m.version, m.salt)
    if name == "feature":
        return "%s %s" % (m.feature_id, m.feature_data.hex())
    if name == "filteradd":
        return m.data.hex()
    if name == "filterload":
        return "%s %d %d %d" % (m.data.hex(), m.nHashFuncs, m.nTweak, m.nFlags)
    if name == "merkleblock":
        tree = m.merkleblock.txn
        bits = "".join(str(int(bit)) for bit in tree.vBits)
        return "%s %d %s %s" % (m.merkleblock.header.hash_hex, tree.nTransactions, hexes(tree.vHash), bits)
    if name in ("getcfilters", "getcfheaders"):
        return "%d %d %064x" % (m.filter_type, m.start_height, m.stop_hash)
    if name == "getcfcheckpt":
        return "%d %064x" % (m.filter_type, m.stop_hash)
    if name == "cfilter":
        return "%d %064x %s" % (m.filter_type, m.block_hash, m.filter_data.hex())
    if name == "cfheaders":
        return "%d %064x %064x %s" % (m.filter_type, m.stop_hash, m.prev_header, hexes(m.hashes))
    if name == "cfcheckpt":
        return "%d %064x %s" % (m.filter_type, m.stop_hash, hexes(m.headers))
    raise ValueError(name)


def number(bits=256):
    return random.getrandbits(bits)


def make_address():
    address = core.CAddress()
    address.time, address.nServices, address.port = number(32), number(64) >> random.randint(0, 63), number(16)
    address.net = random.choice(list(core.CAddress.ADDRV2_NET_NAME))
    raw = random.randbytes(core.CAddress.ADDRV2_ADDRESS_LENGTH[address.net])
    if address.net == core.CAddress.NET_IPV6:
        raw = bytes.fromhex("20010db8") + raw[4:]
    elif address.net == core.CAddress.NET_CJDNS:
        raw = b"\xfc" + raw[1:]
    # The framework derives the text form when it decodes the bytes.
    wire = bytes(4) + b"\0" + bytes([address.net, len(raw)]) + raw + bytes(2)
    read = core.CAddress()
    read.deserialize_v2(BytesIO(wire))
    address.ip = read.ip
    return address


def make_transaction():
    tx = core.CTransaction()
    tx.version, tx.nLockTime = number(32), number(32)
    tx.vin = [
        core.CTxIn(core.COutPoint(number(), number(32)), some_bytes(300), number(32))
        for _ in range(random.randint(1, 3))
    ]
    tx.vout = [core.CTxOut(number(50), some_bytes(300)) for _ in some(3)]
    if random.random() < 0.5:
        for _ in tx.vin:
            witness = core.CTxInWitness()
            witness.scriptWitness.stack = [some_bytes(300) for _ in some(3)]
            tx.wit.vtxinwit.append(witness)
    return tx


def make_block():
    block = core.CBlock()
    block.nVersion, block.hashPrevBlock, block.hashMerkleRoot = number(31), number(), number()
    block.nTime, block.nBits, block.nNonce = number(32), number(32), number(32)
    block.vtx = [make_transaction() for _ in range(random.randint(1, 12))]
    return block


def make(turn):
    kind, height = number(8), number(32)
    hashes = [number() for _ in some(300)]
    choices = [
        lambda: core.msg_feature("".join(random.choices("abcXYZ019_-", k=random.randint(4, 80))), some_bytes(512)),
        lambda: core.msg_sendcmpct(random.random() < 0.5, number(64)),
        lambda: core.msg_feefilter(number(63)),
        lambda: core.msg_filteradd(some_bytes(520)),
        lambda: core.msg_filterload(some_bytes(400), random.randint(0, 50), number(32), number(8)),
        lambda: core.msg_getcfilters(kind, height, number()),
        lambda: core.msg_getcfheaders(kind, height, number()),
        lambda: core.msg_getcfcheckpt(kind, number()),
        lambda: core.msg_cfilter(kind, number(), some_bytes(900)),
        lambda: core.msg_cfheaders(kind, number(), number(), hashes),
        lambda: core.msg_cfcheckpt(kind, number(), hashes),
    ]
    if turn % 16 < len(choices):
        return [choices[turn % 16]()]
    if turn % 16 == 11:
        message = core.msg_addrv2()
        message.addrs = [make_address() for _ in some(100)]
        return [message]
    if turn % 16 == 12:
        message = core.msg_getblocktxn()
        message.block_txn_request = core.BlockTransactionsRequest(number())
        message.block_txn_request.from_absolute(sorted({number(16) for _ in some(300)}))
        return [message]
    if turn % 16 == 13:
        message = core.msg_blocktxn()
        message.block_transactions = core.BlockTransactions(number(), [make_transaction() for _ in some(9)])
        return [message]
    if turn % 16 == 14:
        message = core.msg_sendtxrcncl()
        message.version, message.salt = number(32), number(64)
        return [message]
    block, compact = make_block(), core.HeaderAndShortIDs()
    sent = sorted(random.sample(range(len(block.vtx)), random.randint(0, len(block.vtx))))
    compact.initialize_from_block(block, number(64), sent, use_witness=True)
    return [core.msg_block(block), core.msg_cmpctblock(compact.to_p2p())]


def tell(word, m):
    payload = m.serialize()
    checksum = hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    header = MAGIC + m.msgtype.ljust(12, b"\0") + len(payload).to_bytes(4, "little") + checksum
    print(word, (header + payload).hex(), fields(m))


for line in sys.stdin:
    raw = bytes.fromhex(line.strip())
    cls = CLASSES[raw[4:16].rstrip(b"\0")]
    message = cls(b"") if cls is core.msg_filteradd else cls()
    if cls is core.msg_cmpctblock:
        message.header_and_shortids = core.P2PHeaderAndShortWitnessIDs()
        message.header_and_shortids.deserialize(BytesIO(raw[24:]))
    else:
        message.deserialize(BytesIO(raw[24:]))
    tell("read", message)
random.seed(1)
left, turn = int(sys.argv[1]), 0
while left > 0:
    for message in make(turn)[:left]:
        tell("made", message)
        left -= 1
    turn += 1
