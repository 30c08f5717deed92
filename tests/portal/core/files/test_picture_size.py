"""The size of a picture, read from its first bytes."""

import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from portal.core.files.picture_size import size_of


def picture(folder: Path, form: str, size: tuple[int, int], **options: object) -> Path:
    path = folder / "picture"
    Image.new("RGB", size, "red").save(path, form, **options)
    return path


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("PNG", {}),
        ("GIF", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": Image.Exif().tobytes()}),
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (640, 75), (33, 1025)])
def test_size_of_each_kind(tmp_path: Path, form: str, options: dict[str, object], size: tuple[int, int]) -> None:
    assert size_of(picture(tmp_path, form, size, **options)) == size


def test_a_photograph_is_turned_as_browsers_turn_it(tmp_path: Path) -> None:
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        expected = (20, 40) if orientation >= 5 else (40, 20)
        assert size_of(picture(tmp_path, "JPEG", (40, 20), exif=exif)) == expected


def test_what_does_not_tell_has_no_size(tmp_path: Path) -> None:
    assert size_of(tmp_path / "missing") is None
    for content in (b"", b"text", b"\xff\xd8", b"\xff\xd8\xff\xe1\x00\x00", b"\x89PNG\r\n\x1a\n", b"RIFF....WEBPVP8X"):
        (tmp_path / "picture").write_bytes(content)
        assert size_of(tmp_path / "picture") is None
    (tmp_path / "picture").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 8 + struct.pack(">II", 0, 7))
    assert size_of(tmp_path / "picture") is None


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\xff\xd8\xff\xe1", b"RIFF0000WEBP", b"\xff\xd8\xff\xe1\x00\x30Exif\x00\x00II"]),
)
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, content: bytes, head: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(head + content)
    size = size_of(path)
    assert size is None or (len(size) == 2 and min(size) > 0)


def test_a_damaged_photograph_still_has_the_size_it_says(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (12, 34)).save(buffer, "JPEG")
    (tmp_path / "picture").write_bytes(buffer.getvalue()[:300])
    assert size_of(tmp_path / "picture") in {None, (12, 34)}
