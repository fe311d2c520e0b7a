import contextlib
import hashlib
import hmac
import os
import socket
import tempfile
import threading
import unittest

from netmine import AccessDenied, Connector, Stream, read_key
from netmine.access import CHALLENGE, prove

KEY = bytes(range(32))
NUMBER = bytes(range(100, 132))


def proof(key, text, client):
    return hmac.new(key, text + b"\0" + NUMBER + client, hashlib.sha256).digest()


class AccessTests(unittest.TestCase):
    def serve(self, opening, key):
        """Starts a server with this opening that proves a key. Returns the client's end."""
        client, server = socket.socketpair()
        self.addCleanup(client.close)
        client.settimeout(10)
        heard = []

        def run():
            with server, contextlib.suppress(ConnectionError):
                server.sendall(opening)
                answer = b""
                while len(answer) < 64 and (more := server.recv(64)):
                    answer += more
                heard.append(answer)
                if key is not None and len(answer) == 64:
                    server.sendall(proof(key, b"netmine server control", answer[:32]) + b"on")

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return client, thread, heard

    def test_both_prove_the_key(self):
        client, thread, heard = self.serve(CHALLENGE + NUMBER, KEY)
        prove(client, KEY, "control")
        # The bytes after the proof must not be read.
        self.assertEqual(client.recv(10), b"on")
        thread.join(10)
        self.assertEqual(heard[0][32:], proof(KEY, b"netmine client control", heard[0][:32]))

    def test_who_does_not(self):
        for opening, key in (
            (CHALLENGE + NUMBER, bytes(32)), (CHALLENGE + NUMBER, None), (CHALLENGE[:7] + b"\2" + NUMBER, KEY),
            (b"\2" + bytes(60), KEY),
        ):
            client, _, _ = self.serve(opening, key)
            with self.assertRaises(AccessDenied):
                prove(client, KEY, "control")
            client.close()
        client, _, _ = self.serve(b"", None)
        client.settimeout(0.1)
        with self.assertRaises(AccessDenied):
            prove(client, KEY, "control")

    def test_servers_that_ask_unasked(self):
        for make in (Connector, Stream):
            listener = socket.create_server(("127.0.0.1", 0))
            self.addCleanup(listener.close)

            def run():
                server, _ = listener.accept()
                self.addCleanup(server.close)
                server.sendall(CHALLENGE + NUMBER)

            threading.Thread(target=run, daemon=True).start()
            with self.assertRaises(AccessDenied):
                make(f"127.0.0.1:{listener.getsockname()[1]}", timeout=10)

    def test_key_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "key")
            for text, key in ((KEY.hex(), KEY), (KEY.hex().upper() + "\n", KEY), (" ".join(KEY.hex()), KEY), (KEY.hex()[2:], None), ("", None),
                              (KEY.hex()[:-1] + "x", None), (KEY.hex() + "00", None), ("\u00e9" * 64, None)):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                if key is not None:
                    self.assertEqual(read_key(path), key)
                else:
                    with self.assertRaises(ValueError):
                        read_key(path)
        client, _, _ = self.serve(CHALLENGE + NUMBER, KEY)
        with self.assertRaises(ValueError):
            prove(client, b"short", "control")
