"""Reading of log files: archives of `verbatim`, compressed or not."""
from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from types import TracebackType
from typing import IO, Iterator, Optional, Tuple, Type, Union

from .errors import FormatError, NetmineError
from .records import Framer, Record

_CHUNK = 256 << 10
_ZSTD = b"\x28\xb5\x2f\xfd"


class LogReader:
    """The records of a native log file, in order.

    Accepts a path, `-` for standard input, or an open binary file. Compression with zstd is recognised by the first
    bytes; it needs Python 3.14 or the program `zstd`. A torn record at the end of the file, as a crash leaves it, ends
    the iteration, and `torn` counts its bytes. Bytes that are not a record raise `FormatError` with their offset;
    `netmine log repair` repairs such a file.

        with LogReader("archive/verbatim.log") as log:
            for record in log: ...
    """

    def __init__(self, file: Union[str, os.PathLike[str], IO[bytes]]) -> None:
        #: The bytes of a torn record at the end. Known when the iteration has ended.
        self.torn = 0
        self._damage: Tuple[Type[Exception], ...] = ()
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._opened: Optional[IO[bytes]] = None
        if isinstance(file, (str, os.PathLike)):
            if file == "-":
                source: IO[bytes] = sys.stdin.buffer
            else:
                source = self._opened = open(file, "rb")
        else:
            source = file
        try:
            self._file = self._decompressed(_Peeked(source))
        except BaseException:
            self.close()
            raise
        self._records = self._read()

    def __iter__(self) -> Iterator[Record]:
        return self._records

    def __enter__(self) -> LogReader:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file if it was opened by path."""
        if self._process is not None:
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _read(self) -> Iterator[Record]:
        framer = Framer()
        while True:
            try:
                chunk = self._file.read(_CHUNK)
            except self._damage as error:
                raise FormatError("compressed file", f"cannot be read further: {error}", framer.offset) from error
            if not chunk:
                break
            framer.feed(chunk)
            yield from framer.records()
        self.torn = framer.waiting
        if self._process is not None and self._process.wait() != 0:
            raise FormatError("compressed file", "cannot be read further: it is damaged or torn", framer.offset)

    def _decompressed(self, file: _Peeked) -> Union[IO[bytes], _Peeked]:
        if not file.start.startswith(_ZSTD):
            return file
        if sys.version_info >= (3, 14):
            from compression import zstd

            self._damage = (EOFError, zstd.ZstdError)
            return zstd.open(file, "rb")
        program = shutil.which("zstd")
        if program is None:
            raise NetmineError("this file is compressed with zstd, which needs Python 3.14 or the program zstd")
        if self._opened is not None and self._opened.seekable():
            self._opened.seek(0)
            os.lseek(self._opened.fileno(), 0, os.SEEK_SET)
            self._process = subprocess.Popen(
                [program, "-dcq"], stdin=self._opened, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        else:
            self._process = _fed(program, file)
        assert self._process.stdout is not None
        return self._process.stdout


class _Peeked(io.RawIOBase):
    """A file whose first bytes can be inspected before reading."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.start = file.read(4) or b""
        while 0 < len(self.start) < 4:
            more = file.read(4 - len(self.start))
            if not more:
                break
            self.start += more
        self._left = self.start

    def readable(self) -> bool:
        return True

    def read(self, count: int = -1) -> bytes:
        if self._left:
            left, self._left = self._left, b""
            return left
        return self._file.read(count) or b""

    def readinto(self, target: object) -> int:
        view = memoryview(target).cast("B")  # type: ignore[arg-type]
        if self._left:
            data, self._left = self._left[: len(view)], self._left[len(view) :]
        else:
            data = self._file.read(len(view)) or b""
        view[: len(data)] = data
        return len(data)


def _fed(program: str, file: _Peeked) -> subprocess.Popen[bytes]:
    """Runs zstd, with a thread that feeds it input that has no descriptor."""
    import threading

    process = subprocess.Popen(
        [program, "-dcq"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    target = process.stdin
    assert target is not None

    def feed() -> None:
        try:
            shutil.copyfileobj(file, target, _CHUNK)
        except (OSError, ValueError):
            pass  # The reader has stopped.
        finally:
            try:
                target.close()
            except OSError:
                pass

    threading.Thread(target=feed, daemon=True).start()
    return process
