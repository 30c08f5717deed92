"""How large a picture is shown, from the first bytes of its file; no picture is decoded."""

import struct
from pathlib import Path
from typing import BinaryIO

Size = tuple[int, int]
# Cameras write a preview before the size of the picture itself, in segments of 64 kB at most.
_FARTHEST = 1024 * 1024
_LONGEST_SIDE = 30_000
_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ORIENTATION = 0x0112


def size_of(path: Path) -> Size | None:
    """Return width and height in pixels of a PNG, GIF, JPEG or WebP file, None when the file does not tell."""
    try:
        with path.open("rb") as file:
            head = file.read(32)
            found = _jpeg(file) if head.startswith(b"\xff\xd8") else _in_head(head)
    except (OSError, struct.error, IndexError):
        return None
    return found if found and all(0 < side <= _LONGEST_SIDE for side in found) else None


def _in_head(head: bytes) -> Size | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _pair(">II", head, 16)
    if head.startswith((b"GIF87a", b"GIF89a")):
        return _pair("<HH", head, 6)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp(head)
    return None


def _webp(head: bytes) -> Size | None:
    """Read the three forms of a WebP (RFC 9649): lossy, lossless, extended."""
    if len(head) < 30:
        return None
    kind = head[12:16]
    if kind == b"VP8 ":
        width, height = _pair("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return None


def _jpeg(file: BinaryIO) -> Size | None:
    """Walk over the segments to the one that begins the picture; browsers turn it as the camera was held."""
    turned = False
    file.seek(2)
    while file.tell() < _FARTHEST:
        marker = file.read(2)
        if len(marker) < 2 or marker[0] != 0xFF:
            return None
        if marker[1] == 0xFF:
            file.seek(-1, 1)
            continue
        if marker[1] in _STANDALONE:
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker[1] in _FRAMES:
            height, width = _pair(">xHH", file.read(5), 0)
            return (height, width) if turned else (width, height)
        segment = file.read(length - 2) if length >= 2 else b""
        turned = turned or (marker[1] == 0xE1 and _is_turned(segment))
    return None


def _is_turned(segment: bytes) -> bool:
    """Whether the Exif data say that the picture lies on its side."""
    if not segment.startswith(b"Exif\x00\x00"):
        return False
    exif = segment[6:]
    order = "<" if exif[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for number in range(min(count, 100)):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, start + 2 + 12 * number)
            if tag == _ORIENTATION:
                return bool(5 <= value <= 8)
    except struct.error:
        return False
    return False


def _pair(form: str, content: bytes, start: int) -> Size:
    first, second = struct.unpack_from(form, content, start)
    return first, second
