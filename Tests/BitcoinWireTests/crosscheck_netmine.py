"""Reads and writes Bitcoin's messages with libraries/python, for PythonPackageCrossCheckTests.swift.

Standard input has one message a line, in hexadecimal, with any payload. Standard output answers each with
`read <the payload serialised again, and the trailing bytes> <its fields>`, or `refused  <reason>`.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "libraries" / "python"))
sys.dont_write_bytecode = True

from netmine import FormatError, hash_text, messages  # noqa: E402


def fields(message):
    """The fields that the test compares."""
    if isinstance(message, messages.Unknown):
        return "unknown"
    if isinstance(message, messages.Version):
        parts = [message.version, message.services, message.time, message.receiver.endpoint]
        if message.sender is not None:
            parts += [message.sender.endpoint, message.nonce]
        if message.user_agent is not None:
            parts.append(message.user_agent.hex())
        if message.start_height is not None:
            parts.append(message.start_height)
        if message.relay is not None:
            parts.append(int(message.relay))
        return " ".join(map(str, parts))
    if isinstance(message, (messages.Addr, messages.AddrV2)):
        return " ".join(f"{node.time}/{node.services}/{node.endpoint}" for node in message.nodes)
    if isinstance(message, messages.Inventory):
        return " ".join(f"{item.type}/{hash_text(item.hash)}" for item in message.items)
    if isinstance(message, messages.Headers):
        return " ".join(hash_text(header.hash) for header in message.headers)
    if isinstance(message, messages.Locator):
        return " ".join(map(hash_text, [*message.locator, message.stop]))
    if isinstance(message, messages.Tx):
        return transaction(message.transaction)
    if isinstance(message, messages.Block):
        return " ".join([hash_text(message.header.hash), *map(transaction, message.transactions)])
    return ""


def transaction(value):
    spent = sum(len(item) for one in value.inputs for item in one.witness)
    paid = sum(output.value for output in value.outputs)
    return f"{hash_text(value.txid)}/{hash_text(value.wtxid)}/{len(value.inputs)}/{spent}/{paid}"


for line in sys.stdin:
    whole = bytes.fromhex(line)
    command = whole[4:16].rstrip(b"\0").decode()
    try:
        message = messages.decode(command, whole[24:])
        print("read", (message.encode() + message.trailing).hex(), fields(message))
    except FormatError as error:
        print("refused", "", error)
