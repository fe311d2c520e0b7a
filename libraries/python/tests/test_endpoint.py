import unittest

from netmine import Endpoint, FormatError, Network
from netmine.fields import Fields

#: Texts and their networks.
TEXTS = {
    "127.0.0.1:8333": Network.IPV4,
    "[2001:db8::1]:18444": Network.IPV6,
    "[fc00:1::2]:8333": Network.CJDNS,
    "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333": Network.TOR_V3,
    "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p:0": Network.I2P,
    "id9-0a0b:1": 9,
}


class EndpointTests(unittest.TestCase):
    def test_texts_and_bytes_and_back(self):
        for text, network in TEXTS.items():
            endpoint = Endpoint.parse(text)
            self.assertEqual(endpoint.network, network)
            self.assertEqual(str(endpoint), text)
            data = endpoint.encode()
            self.assertEqual(Endpoint.read(Fields(data), "endpoint"), endpoint)
            for count in range(len(data)):
                with self.assertRaises(FormatError):
                    Endpoint.read(Fields(data[:count]), "endpoint")

    def test_what_is_no_endpoint(self):
        for text in (
            "", ":1", "localhost:1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "127.0.0.256:1",
            "[::1:1", "[::1]x", "::1", "a.onion:1", "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryc.onion:1",
            "x.b32.i2p:1", "id1-0102:1", "id300-01:1", "id-:1",
        ):
            with self.assertRaises(ValueError, msg=text):
                Endpoint.parse(text)

    def test_mapped_addresses_and_default_ports(self):
        self.assertEqual(Endpoint.parse("[::ffff:1.2.3.4]:5"), Endpoint(Network.IPV4, b"\1\2\3\4", 5))
        self.assertEqual(Endpoint.parse("1.2.3.4", 8333).port, 8333)
        self.assertEqual(Endpoint.parse("[::1]", 8333).port, 8333)

    def test_wrong_sizes(self):
        for network, size in ((1, 16), (2, 4), (4, 31), (6, 15)):
            with self.assertRaises(ValueError):
                Endpoint(network, bytes(size), 1)
            data = bytes([network]) + size.to_bytes(2, "big") + bytes(size + 2)
            with self.assertRaises(FormatError):
                Endpoint.read(Fields(data), "endpoint")
