"""Opens image files with Pillow, one plugin at a time, and says in our words why a file cannot be read."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from PIL import Image, ImageFile, TiffImagePlugin

from swath.core.errors import UnreadableImage

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF")
"""Formats that are read. Pillow knows more; those start other programs (EPS) or have no magic number to tell by."""

_LOOKS_LIKE = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"<svg", "an SVG drawing"),
    (b"%pdf", "a PDF document"),
    (b"{", "a JSON document"),
    (b"pk\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
)


class _LargeTiff(TiffImagePlugin.TiffImageFile):
    """A TIFF image without Pillow's own, process-wide limit of pixels: the codec has checked its own before."""

    def load_prepare(self) -> None:
        if self._im is None:
            self.im = Image.new(self.mode, getattr(self, "_tile_size", self.size)).im
        super().load_prepare()


def open_image(data: bytes, *, max_pixels: int) -> ImageFile.ImageFile:
    """An image with its header read, pixels not decoded. Raises UnreadableImage.

    Plugins are called directly: `Image.open` has a limit of its own that could only be changed for everybody.
    """
    if not data:
        raise UnreadableImage("the file is empty", reason="empty")
    opener = _opener(data)
    if opener is None:
        raise UnreadableImage(f"not an image{_guess(data)}", reason="not_an_image")
    try:
        image: ImageFile.ImageFile = opener(io.BytesIO(data), "")
    except Exception as exc:
        raise refusal(exc, data) from exc
    if image.width * image.height > max_pixels:
        raise UnreadableImage(
            f"{image.width} x {image.height} pixels are more than the limit of {max_pixels:,} pixels per image",
            reason="too_large",
        )
    return image


def orientation_of(image: ImageFile.ImageFile, data: bytes) -> int:
    """The EXIF orientation, 1 to 8, that is still to be applied; 1 where there is none or it is damaged.

    The same answer before and after the pixels are decoded. May decode a PNG whose EXIF data comes last.
    """
    if image.format == "TIFF":
        return 1  # Pillow turns TIFFs itself
    if image.format == "PNG" and not _png_has_exif(data):
        return 1  # asking Pillow would decode the whole image first
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:
        # Damaged EXIF data is no reason to lose the image; viewers show such images unturned, too.
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def refusal(exc: Exception, data: bytes) -> UnreadableImage:
    """The error for whatever Pillow raised about these bytes: with hostile files that may be any exception."""
    text = str(exc).strip() or type(exc).__name__
    words = text.lower()
    if isinstance(exc, Image.DecompressionBombError):
        return UnreadableImage(text, reason="too_large")
    if isinstance(exc, MemoryError):
        return UnreadableImage("there is not enough memory to decode it", reason="too_large")
    if _is_cut_off(data) or any(sign in words for sign in _SIGNS_OF_TRUNCATION):
        return UnreadableImage(f"the file is cut off ({text})", reason="truncated")
    if any(sign in words for sign in ("unsupported", "not supported", "unknown", "cannot handle", "unrecognized")):
        return UnreadableImage(f"a kind of image that cannot be read ({text})", reason="unsupported")
    return UnreadableImage(f"the file is damaged ({text})", reason="corrupt")


_ORIENTATION_TAG = 0x0112
_PNG_TEXTS = (b"Raw profile type exif\0", b"XML:com.adobe.xmp\0")
_SIGNS_OF_TRUNCATION = (
    "truncated",
    "unexpected end",
    "end of data",
    "not enough data",
    "not enough image data",
    "premature",
    "index out of range",
    "requires a buffer of",
    "reached eof",
    "only got",
    "no more images",
)


def _opener(data: bytes) -> Any | None:
    prefix = data[:16].ljust(16, b"\0")  # some plugins look at bytes that a tiny file does not have
    for accept, opener in _plugins():
        answer = accept(prefix)
        if answer and not isinstance(answer, str):  # a text says which library Pillow was built without
            return opener
    return None


@cache
def _plugins() -> list[tuple[Any, Any]]:
    Image.init()
    found = []
    for name in FORMATS:
        if name in Image.OPEN:  # a build of Pillow may lack AVIF, WebP or JPEG 2000
            factory, accept = Image.OPEN[name]
            found.append((accept, _LargeTiff if name == "TIFF" else factory))
    return found


def _png_has_exif(data: bytes) -> bool:
    """Whether any chunk may hold an orientation; steps from chunk to chunk, looking into none of the pixels."""
    at = 8
    while at + 8 <= len(data):
        kind = data[at + 4 : at + 8]
        if kind == b"eXIf" or (kind in (b"tEXt", b"zTXt", b"iTXt") and data.startswith(_PNG_TEXTS, at + 8)):
            return True
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return False


def _is_cut_off(data: bytes) -> bool:
    """Whether the header promises more bytes than there are (RIFF: WebP)."""
    return data[:4] == b"RIFF" and int.from_bytes(data[4:8], "little") + 8 > len(data)


def _guess(data: bytes) -> str:
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, what in _LOOKS_LIKE:
        if start.startswith(magic):
            return f", it looks like {what}"
    if data[4:8] == b"ftyp":
        brand = data[8:12].decode("ascii", "replace").strip()
        return f" of a kind that can be read, it looks like HEIC or video (`{brand}`)"
    return ""
