"""Images as ugly as life, as bytes: every orientation, odd modes and depths, broken, lying and hostile files."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_UNDO = {  # how the upright picture must be stored so that the orientation makes it upright again
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def picture(width: int = 48, height: int = 32) -> NDArray[np.uint8]:
    """A smooth picture (H, W, 3) that looks different whichever way it is turned or flipped."""
    across = np.linspace(0, 1, width)[None, :]
    down = np.linspace(0, 1, height)[:, None]
    channels = (230 * across + 0 * down, 40 + 180 * down + 0 * across, 200 * (1 - across) * (1 - down) ** 2)
    return np.stack(channels, axis=2).round().astype(np.uint8)


def encoded(image: Image.Image, file_format: str, **options: Any) -> bytes:
    """The bytes Pillow writes for an image."""
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def jpeg(pixels: NDArray[np.uint8] | None = None, **options: Any) -> bytes:
    """A JPEG of quality 95 without colour subsampling, so that pixels can be compared."""
    chosen = {"quality": 95, "subsampling": 0, **options}
    return encoded(Image.fromarray(picture() if pixels is None else pixels), "JPEG", **chosen)


def png(pixels: NDArray[np.uint8] | None = None, **options: Any) -> bytes:
    return encoded(Image.fromarray(picture() if pixels is None else pixels), "PNG", **options)


def oriented(orientation: int, file_format: str = "JPEG", pixels: NDArray[np.uint8] | None = None) -> bytes:
    """A file whose EXIF orientation turns what is stored into the upright picture."""
    image = Image.fromarray(picture() if pixels is None else pixels)
    if orientation in _UNDO:
        image = image.transpose(_UNDO[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"quality": 95, "subsampling": 0} if file_format == "JPEG" else {}
    if file_format == "WEBP":
        options = {"lossless": True}
    return encoded(image, file_format, exif=exif, **options)


def with_damaged_exif() -> bytes:
    """A JPEG with an EXIF block of nonsense."""
    return jpeg(exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12" * 9)


def cmyk_jpeg() -> bytes:
    return encoded(Image.fromarray(picture()).convert("CMYK"), "JPEG", quality=95)


def grey_jpeg() -> bytes:
    return encoded(Image.fromarray(picture()).convert("L"), "JPEG", quality=95)


def rgb_jpeg() -> bytes:
    """A JPEG that stores RGB instead of YCbCr."""
    return jpeg(keep_rgb=True)


def sixteen_bit(file_format: str) -> bytes:
    """A grey ramp from 0 to 65535, left to right."""
    ramp = np.tile(np.linspace(0, 0xFFFF, 48).round().astype(np.uint16), (32, 1))
    return encoded(Image.fromarray(ramp), file_format)


def sixteen_bit_rgb_png() -> bytes:
    """The picture in 16 bits per channel, which Pillow reads but cannot write."""
    wide = picture().astype(">u2") * 257
    return png_of_chunks(48, 32, depth=16, colour=2, rows=wide.reshape(32, -1))


def float_tiff() -> bytes:
    """A ramp from 0.0 to 1.0 with one pixel that is not a number."""
    ramp = np.tile(np.linspace(0, 1, 48, dtype=np.float32), (32, 1))
    ramp[0, 0] = np.nan
    return encoded(Image.fromarray(ramp), "TIFF")


def one_bit_png() -> bytes:
    return encoded(Image.fromarray(picture()).convert("1"), "PNG")


def palette_png(*, transparent: bool = False) -> bytes:
    """A palette image of the left half black, the right half red; `transparent` makes the black see-through."""
    indices = np.zeros((32, 48), dtype=np.uint8)
    indices[:, 24:] = 1
    image = Image.fromarray(indices)
    image.putpalette([0, 0, 0, 255, 0, 0])
    return encoded(image, "PNG", **({"transparency": 0} if transparent else {}))


def palette_png_with_alphas() -> bytes:
    """A palette image whose entries have several degrees of transparency."""
    image = Image.fromarray(picture()).quantize(8)
    return encoded(image, "PNG", transparency=bytes([0, 64, 128, 255, 255, 255, 255, 255]))


def alpha_png(mode: str = "RGBA") -> bytes:
    """RGBA or LA: black, see-through on the left half, opaque on the right."""
    alpha = np.zeros((32, 48), dtype=np.uint8)
    alpha[:, 24:] = 255
    image = Image.new(mode, (48, 32))
    image.putalpha(Image.fromarray(alpha))
    return encoded(image, "PNG")


def frames(file_format: str) -> bytes:
    """Two frames or pages: the picture, then black."""
    first, second = Image.fromarray(picture()), Image.new("RGB", (48, 32))
    options: dict[str, Any] = {"lossless": True} if file_format == "WEBP" else {}
    return encoded(first, file_format, save_all=True, append_images=[second], **options)


def truncated(data: bytes, keep: float = 0.6) -> bytes:
    return data[: int(len(data) * keep)]


def with_jpeg_size(data: bytes, width: int, height: int) -> bytes:
    """A JPEG whose header claims another size than it has."""
    at = next(i for i in range(len(data)) if data[i] == 0xFF and data[i + 1] in (0xC0, 0xC1, 0xC2))
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


def bomb_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A few bytes that claim to be gigapixels."""
    return png_of_chunks(width, height, depth=8, colour=2, rows=np.zeros((1, 100), dtype=np.uint8))


def bomb_jpeg(width: int = 65_000, height: int = 65_000) -> bytes:
    return with_jpeg_size(jpeg(), width, height)


def png_of_chunks(width: int, height: int, *, depth: int, colour: int, rows: NDArray[Any]) -> bytes:
    """A PNG put together by hand; each row of `rows` is stored unfiltered."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def html_page() -> bytes:
    """What a failed download leaves under the name of an image."""
    return b"<!DOCTYPE html>\n<html><head><title>403 Forbidden</title></head><body>nginx</body></html>\n"


READABLE: Mapping[str, Callable[[], bytes]] = {
    "jpeg": jpeg,
    "progressive jpeg": lambda: jpeg(progressive=True),
    "jpeg with subsampled colour": lambda: jpeg(subsampling=2),
    "grey jpeg": grey_jpeg,
    "cmyk jpeg": cmyk_jpeg,
    "jpeg that stores rgb": rgb_jpeg,
    "jpeg with damaged exif": with_damaged_exif,
    "jpeg with bytes after its end": lambda: jpeg() + b"trailing" * 50,
    "jpeg with an odd size": lambda: jpeg(picture(67, 131)),
    "png": png,
    "16-bit grey png": lambda: sixteen_bit("PNG"),
    "16-bit grey tiff": lambda: sixteen_bit("TIFF"),
    "16-bit pgm": lambda: sixteen_bit("PPM"),
    "16-bit rgb png": sixteen_bit_rgb_png,
    "float tiff": float_tiff,
    "1-bit png": one_bit_png,
    "palette png": palette_png,
    "palette png with transparency": lambda: palette_png(transparent=True),
    "palette png with alphas": palette_png_with_alphas,
    "rgba png": alpha_png,
    "la png": lambda: alpha_png("LA"),
    "animated gif": lambda: frames("GIF"),
    "animated webp": lambda: frames("WEBP"),
    "tiff of two pages": lambda: frames("TIFF"),
    "bmp": lambda: encoded(Image.fromarray(picture()), "BMP"),
    "ppm": lambda: encoded(Image.fromarray(picture()), "PPM"),
    "webp": lambda: encoded(Image.fromarray(picture()), "WEBP"),
    "1 pixel jpeg": lambda: jpeg(picture(1, 1)),
    "1 pixel png": lambda: png(picture(1, 1)),
    "jpeg 20,000 px wide": lambda: jpeg(picture(20_000, 3)),
    "jpeg 20,000 px high": lambda: jpeg(picture(3, 20_000)),
}
"""Files that can be read, by what they are."""

UNREADABLE: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "empty"),
    "web page": (html_page, "not_an_image"),
    "zeros": (lambda: bytes(4096), "not_an_image"),
    "two bytes of a jpeg": (lambda: jpeg()[:2], "not_an_image"),
    "jpeg cut in its pixels": (lambda: truncated(jpeg()), "truncated"),
    "progressive jpeg cut in its pixels": (lambda: truncated(jpeg(progressive=True)), "truncated"),
    "png cut in its pixels": (lambda: truncated(png()), "truncated"),
    "webp cut in its pixels": (lambda: truncated(encoded(Image.fromarray(picture()), "WEBP")), "truncated"),
    "bmp cut in its pixels": (lambda: truncated(encoded(Image.fromarray(picture()), "BMP")), "truncated"),
    "png of gigapixels": (bomb_png, "too_large"),
    "jpeg of gigapixels": (bomb_jpeg, "too_large"),
}
"""Files that cannot, with the reason."""
