import io
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import netmine
from netmine import FormatError, LogReader

from . import samples

ZSTD = shutil.which("zstd")


class FileTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "a.log")

    def write(self, data):
        with open(self.path, "wb") as file:
            file.write(data)
        return self.path

    def names(self, file):
        with LogReader(file) as log:
            return [type(record).__name__ for record in log]

    def test_paths_and_open_files(self):
        path = self.write(samples.log())
        self.assertEqual(self.names(path), samples.CLASSES)
        self.assertEqual(self.names(io.BytesIO(samples.log())), samples.CLASSES)
        self.assertEqual(self.names(self.write(b"")), [])

    def test_an_archive_of_before_there_were_codes(self):
        path = os.path.join(os.path.dirname(__file__), "..", "..", "samples", "early.log")
        records = list(LogReader(path))
        self.assertEqual(len(records), 54)
        self.assertFalse([record for record in records if isinstance(record, netmine.Malformed)])
        events = [record for record in records if isinstance(record, netmine.ConnectionEvent)]
        self.assertEqual(len(events), 9)
        codes = [event.outcome.code.name for event in events if event.outcome]
        self.assertEqual(
            codes,
            ["NO_ROUTE", "REFUSED", "ALREADY_CONNECTED", "DISCONNECTED_BY_COMMAND", "CONNECTOR_SHUTS_DOWN"],
        )
        self.assertEqual([event.outcome.connection for event in events if event.outcome], [None, None, 1, None, None])
        self.assertEqual(events[1].errno, 111)
        opened = [record for record in records if isinstance(record, netmine.OpenConnection)]
        self.assertEqual([record.user_agent for record in opened], [b"/Satoshi:23.0.0/", b"/Satoshi:22.0.0/"])

    def test_standard_input(self):
        script = "import netmine; print(*(type(record).__name__ for record in netmine.LogReader('-')), sep='\\n')"
        inputs = [samples.log()] + ([self.compressed(samples.log())] if ZSTD else [])
        for data in inputs:
            result = subprocess.run([sys.executable, "-c", script], input=data, stdout=subprocess.PIPE, check=True)
            self.assertEqual(result.stdout.decode().split(), samples.CLASSES)

    def test_torn_records(self):
        data = samples.log()
        for count in (1, 4, 31, 37):
            log = LogReader(io.BytesIO(data[: len(data) - count]))
            self.assertEqual(len(list(log)), len(samples.CLASSES) - 1)
            self.assertEqual(log.torn, 38 - count)

    def test_damage(self):
        data = samples.log()
        log = iter(LogReader(io.BytesIO(data + b"\0\0\0\1")))
        for _ in samples.CLASSES:
            next(log)
        with self.assertRaises(FormatError) as caught:
            next(log)
        self.assertEqual(caught.exception.offset, len(data))

    def compressed(self, data):
        return subprocess.run([ZSTD, "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout

    @unittest.skipUnless(ZSTD, "needs zstd")
    def test_compressed_files(self):
        # Several frames, as verbatim writes them.
        path = self.write(self.compressed(samples.log()) + self.compressed(samples.log()))
        self.assertEqual(self.names(path), samples.CLASSES * 2)
        with open(path, "rb") as file:
            self.assertEqual(self.names(file), samples.CLASSES * 2)
        log = LogReader(path)
        next(iter(log))
        log.close()

    @unittest.skipUnless(ZSTD, "needs zstd")
    def test_compressed_files_that_are_torn(self):
        with self.assertRaises(FormatError):
            self.names(self.write(self.compressed(samples.log())[:-5]))
