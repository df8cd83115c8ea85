"""Pictures made anew: decoded whole, turned upright, and written again without anything beside."""

from __future__ import annotations

import io
from typing import Any

from PIL import (
    Image,
    ImageCms,
    ImageFile,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
)

from trustconduct.sealed.answers import Refused

MOST_PIXELS = 36_000_000  # a telephone's 24 megapixels and more; a decoded one fits the memory
QUALITY = 88
_KINDS = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png"}

Image.MAX_IMAGE_PIXELS = None  # we count ourselves, and say so in words
assert JpegImagePlugin  # imported before the doors close: Pillow would look for them later
assert PngImagePlugin


def clean_picture(content: bytes, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The picture without its place, camera, comments, profile, and further frames.

    Many telephones put a second picture behind the first, and a PNG may be
    animated: what one sees first is what is kept. `for_pages` in `asked` refuses what would
    not look on a page as it looked to whoever made it. `longest` in `asked` makes it smaller,
    to so many points on its longer side.
    """
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint, in the same process, takes half a one
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Refused("pixels")
            media_type = _KINDS[opened.format or ""]
            if asked.get("for_pages"):
                _check_for_pages(opened)
            opened.load()
            picture = _upright(opened)
            if longest := asked.get("longest"):
                picture.thumbnail((longest, longest))
    except (UnidentifiedImageError, KeyError):
        raise Refused("unreadable") from None
    except (OSError, SyntaxError, ValueError, EOFError) as broken:
        if isinstance(broken, Refused):
            raise
        raise Refused("broken") from None
    out = io.BytesIO()
    if media_type == "image/jpeg":
        picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    else:
        picture.save(out, "PNG")
    shape = {"media_type": media_type, "width": picture.width, "height": picture.height}
    return shape, out.getvalue()


def _check_for_pages(opened: Image.Image) -> None:
    """A logo: made anew, one for a printing press changes its colours, and one that moves stops."""
    if opened.mode == "CMYK":
        raise Refused("cmyk")
    if opened.format == "PNG" and getattr(opened, "is_animated", False):
        raise Refused("moves")


def _upright(opened: Image.Image) -> Image.Image:
    profile = opened.info.get("icc_profile")
    ImageOps.exif_transpose(opened, in_place=True)
    picture = _plain_mode(opened)
    if profile and picture.mode == "RGB" and opened.mode == "RGB":
        _to_srgb(picture, profile)
    picture.info = {}  # what `save` would write again: text, profile, resolution, comments
    return picture


def _plain_mode(opened: Image.Image) -> Image.Image:
    """One of the few modes that every viewer shows."""
    if opened.mode in ("RGB", "RGBA", "L", "1"):
        return opened.copy() if opened.mode == "1" else opened
    if opened.mode in ("P", "PA", "LA") and ("transparency" in opened.info or "A" in opened.mode):
        return opened.convert("RGBA")
    if opened.mode.startswith("I"):  # sixteen bits a point: `convert` would cut, not scale
        return opened.point(lambda value: value / 256).convert("L")
    return opened.convert("RGB")


def _to_srgb(picture: Image.Image, profile: bytes) -> None:
    """Colours as they were seen, now that the profile goes; as they are if it can't be read."""
    try:
        ImageCms.profileToProfile(
            picture,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            inPlace=True,
        )
    except (ImageCms.PyCMSError, OSError):
        return
