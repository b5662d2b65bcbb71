"""Server-sent events out of bytes: no I/O, any chunking, limits on everything.

The format is that of the HTML standard (section "Server-sent events"): lines end in LF, CR or CRLF;
lines that begin with a colon are comments; several data lines are one event; an empty line ends it.
"""

from __future__ import annotations

LONGEST_LINE = 4 << 20  # bytes
LARGEST_EVENT = 8 << 20
LARGEST_STREAM = 512 << 20


class StreamTooLarge(Exception):
    """More than the limits; its text says what was too large."""


class EventStream:
    """Feed it bytes; it gives the data of each event that is complete. An event that the end of the
    stream cuts short is dropped, as the standard wants."""

    def __init__(
        self,
        longest_line: int = LONGEST_LINE,
        largest_event: int = LARGEST_EVENT,
        largest_stream: int = LARGEST_STREAM,
    ) -> None:
        self._longest_line = longest_line
        self._largest_event = largest_event
        self._largest_stream = largest_stream
        self._line = bytearray()
        self._after_cr = False
        self._data: list[bytes] = []
        self._event_bytes = 0
        self._seen_bytes = 0
        self._first = True

    def feed(self, piece: bytes) -> list[str]:
        """The data of the events that end in this piece; bad UTF-8 becomes U+FFFD.

        Raises: StreamTooLarge.
        """
        self._seen_bytes += len(piece)
        if self._seen_bytes > self._largest_stream:
            raise StreamTooLarge(f"over {self._largest_stream} bytes")
        if self._after_cr and piece[:1] == b"\n":
            piece = piece[1:]  # the second half of a CRLF
            self._after_cr = False
        if not piece:
            return []
        self._after_cr = piece.endswith(b"\r")
        *ended, rest = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        events = []
        for end in ended:
            self._append(end)
            line, self._line = bytes(self._line), bytearray()
            event = self._take(line)
            if event is not None:
                events.append(event)
        self._append(rest)
        return events

    def _append(self, part: bytes) -> None:
        if len(self._line) + len(part) > self._longest_line:
            raise StreamTooLarge(f"a line of over {self._longest_line} bytes")
        self._line += part

    def _take(self, line: bytes) -> str | None:
        """One whole line; the data of an event if the line ends one."""
        if self._first:
            line, self._first = line.removeprefix(b"\xef\xbb\xbf"), False
        if not line:
            data, self._data, self._event_bytes = self._data, [], 0
            return b"\n".join(data).decode("utf-8", "replace") if data else None
        name, _, value = line.partition(b":")
        if name == b"data":
            value = value.removeprefix(b" ")
            self._event_bytes += len(value) + 1
            if self._event_bytes > self._largest_event:
                raise StreamTooLarge(f"an event of over {self._largest_event} bytes")
            self._data.append(value)
        return None
