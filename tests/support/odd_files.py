"""Files, links and names as they are found in people's folders, and worse: whole, cut, flipped, turned, hostile."""

import io
import os
import socket
import struct
import zipfile
import zlib
from pathlib import Path
from unicodedata import normalize

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

SIZE = (72, 96)  # height, width


def scene(seed: int) -> np.ndarray:
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(*SIZE, 3)), (9, 9, 0))
    return np.uint8(np.clip(128 + 40 * noise / noise.std(), 0, 255))


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def sound() -> dict[str, bytes]:
    """Scenes 0, 1 and so on, each as another kind of file that is read, the ending behind the last dot."""
    exact = {"quality": 95}
    kinds = {
        "plain.jpg": ("JPEG", exact),
        "progressive.JPG": ("JPEG", {**exact, "progressive": True}),
        "chroma.jpeg": ("JPEG", {**exact, "subsampling": "4:4:4"}),
        "ending.png": ("JPEG", exact),
        "none": ("JPEG", exact),
        "plain.png": ("PNG", {}),
        "stored.PNG": ("PNG", {"compress_level": 0}),
        "ending.jpg": ("PNG", {}),
        "lossy.webp": ("WEBP", exact),
        "lossless.WebP": ("WEBP", {"lossless": True}),
        "plain.bmp": ("BMP", {}),
        "plain.gif": ("GIF", {}),
        "plain.avif": ("AVIF", exact),
        "plain.tif": ("TIFF", {}),
        "packed.tiff": ("TIFF", {"compression": "tiff_lzw"}),
        "plain.jp2": ("JPEG2000", {}),
        "plain.ppm": ("PPM", {}),
        "file.txt": ("JPEG", exact),
    }
    try:
        import pillow_heif

        pillow_heif.register_heif_opener()
        kinds["plain.heic"] = ("HEIF", exact)
    except ImportError:
        pass
    return {
        name: encoded(Image.fromarray(scene(seed)), kind, **options)
        for seed, (name, (kind, options)) in enumerate(kinds.items())
    }


def turned(seed: int) -> dict[str, bytes]:
    """Grey, palette, alpha, CMYK and 16-bit pictures, whose pixels are not those of the scene."""
    image = Image.fromarray(scene(seed))
    deep = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 256)
    return {
        "grey.png": encoded(image.convert("L"), "PNG"),
        "grey.jpg": encoded(image.convert("L"), "JPEG"),
        "grey.pgm": encoded(image.convert("L"), "PPM"),
        "bits.png": encoded(image.convert("1"), "PNG"),
        "palette.png": encoded(image.quantize(32), "PNG"),
        "alpha.png": encoded(image.convert("RGBA"), "PNG"),
        "greyalpha.png": encoded(image.convert("LA"), "PNG"),
        "alpha.webp": encoded(image.convert("RGBA"), "WEBP"),
        "cmyk.jpg": encoded(image.convert("CMYK"), "JPEG"),
        "cmyk.tif": encoded(image.convert("CMYK"), "TIFF"),
        "deep.png": encoded(deep, "PNG"),
        "deep.tif": encoded(deep, "TIFF"),
    }


def cut(content: bytes) -> dict[str, bytes]:
    ends = {"empty": 0, "byte": 1, "head": 20, "quarter": len(content) // 4, "half": len(content) // 2}
    return {name: content[:end] for name, end in {**ends, "end": len(content) - 40}.items()}


def flipped(content: bytes, random: np.random.Generator) -> dict[str, bytes]:
    """A few bits turned, in the head, anywhere, or a run of bytes set to one value."""
    found = {}
    for number in range(8):
        changed = bytearray(content)
        place = int(random.integers(4, min(300, len(content)) if number < 4 else len(content)))
        changed[place] ^= 1 << int(random.integers(8))
        found[f"bit{number}"] = bytes(changed)
    for value in (0, 255):
        changed = bytearray(content)
        place = int(random.integers(len(content) // 2))
        changed[place : place + 64] = bytes([value]) * len(changed[place : place + 64])
        found[f"run{value}"] = bytes(changed)
    return found


def exif(tag: int, kind: int, count: int, value: bytes) -> bytes:
    """Orientation 6 beside one odd tag."""
    entries = sorted([struct.pack("<HHII", tag, kind, count, 38), struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)])
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + b"".join(entries) + struct.pack("<I", 0) + value


def odd_exif(seed: int) -> dict[str, bytes]:
    image, found = Image.fromarray(scene(seed)), {}
    for tag in (0x010F, 0x011A, 0x0128, 0x9003):
        for kind, count, value in (
            (5, 1, struct.pack("<ii", -1, 0)),
            (10, 1, struct.pack("<ii", 1, 0)),
            (2, 8, b"seventy\0"),
            (2, 4_000_000, b""),
            (5, 4_000_000, b""),
            (12, 2, b"\xff" * 16),
            (7, 0, b""),
            (3, 9, b"\0" * 18),
        ):
            found[f"{tag:x}_{kind}_{count}.jpg"] = encoded(
                image, "JPEG", quality=95, exif=exif(tag, kind, count, value)
            )
    return found


def png(width: int, height: int) -> bytes:
    """A picture that says it is so large, and holds nothing."""
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def no_pictures() -> dict[str, bytes]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("0.jpg", "x")
    arrays = io.BytesIO()
    np.save(arrays, np.zeros(3))
    frames = [Image.fromarray(scene(seed)) for seed in (201, 202)]
    moving = {"save_all": True, "append_images": frames[1:]}
    still = Image.fromarray(scene(203))
    return {
        "notes.txt": b"notes",
        "page.html": b"<!doctype html><img src=0.jpg>",
        "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "drawing.jpg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "paper.pdf": encoded(still, "PDF"),
        "page.eps": encoded(still, "EPS"),
        "page.jpg": encoded(still, "EPS"),
        "layers.psd": b"8BPS\0\1" + bytes(40),
        "icon.ico": encoded(still, "ICO"),
        "target.tga": encoded(still, "TGA"),
        "film.mp4": b"\0\0\0\x18ftypmp42" + bytes(200),
        "film.avi": b"RIFF\0\0\0\0AVI LIST" + bytes(200),
        "sound.mp3": b"ID3" + bytes(100),
        "archive.zip": archive.getvalue(),
        "array.npy": arrays.getvalue(),
        "thing.pkl": b"cos\nsystem\n(S'touch /tmp/uncloak_was_here'\ntR.",
        "script.sh": b"#!/bin/sh\ntouch /tmp/uncloak_was_here\n",
        "script.png": b"#!/bin/sh\n",
        "table.csv": b"picture,identity\n",
        "settings.json": b"{}",
        "list.xmp": b"<x:xmpmeta/>",
        "Thumbs.db": b"\xd0\xcf\x11\xe0" + bytes(100),
        "desktop.ini": b"[.ShellClassInfo]\r\n",
        "raw.cr2": b"II*\0\x10\0\0\0CR\2\0" + bytes(100),
        "raw.nef": b"MM\0*" + bytes(100),
        "zeros.jpg": bytes(5000),
        "spaces.jpg": b" " * 5000,
        "soi.jpg": b"\xff\xd8\xff",
        "riff.webp": b"RIFF\4\0\0\0WEBP",
        "bomb.png": png(60_000, 60_000),
        "flat.png": png(0, 50),
        "long.png": png(2**31 - 1, 1),
        "hollow.png": png(96, 72),
        "tiny.png": encoded(still.resize((39, 50)), "PNG"),
        "dot.png": encoded(still.resize((1, 1)), "PNG"),
        "line.png": encoded(still.resize((3000, 2)), "PNG"),
        "moving.gif": encoded(frames[0], "GIF", **moving),
        "moving.webp": encoded(frames[0], "WEBP", **moving),
        "moving.png": encoded(frames[0], "PNG", **moving),
        "pages.tif": encoded(frames[0], "TIFF", **moving),
        "floats.tif": encoded(Image.fromarray(np.full(SIZE, 0.5, np.float32)), "TIFF"),
        "deep.tif": encoded(Image.fromarray(np.full(SIZE, 70_000, np.int32)), "TIFF"),
    }


def links(folder: Path, outside: Path) -> dict[str, str]:
    """Make all that lies in folders and is no file; return the reason that is given of each."""
    person, reasons = folder / "Links", {}
    (person / "deep" / "deeper" / "deepest").mkdir(parents=True)
    (person / "deep" / "deeper" / "0.jpg").write_bytes(encoded(Image.fromarray(scene(204)), "JPEG"))
    (person / "empty.jpg").mkdir()
    outside.mkdir()
    (outside / "text.txt").write_text("secret")
    for name, target, reason in (
        ("nowhere.jpg", "/nowhere/0.jpg", "a link that leads nowhere"),
        ("nowhere", "nowhere.at.all", "a link that leads nowhere"),
        ("self.png", "self.png", "symbolic links"),
        ("one.jpg", "two.jpg", "symbolic links"),
        ("two.jpg", "one.jpg", "symbolic links"),
        ("text.jpg", outside / "text.txt", "no picture format"),
        ("zero.jpg", "/dev/zero", "it is no file"),
        ("null.jpg", "/dev/null", "it is no file"),
        ("up", "..", "a link to a folder"),
        ("root", "/", "a link to a folder"),
        ("here.jpg", ".", "a link to a folder"),
        ("out", outside, "a link to a folder"),
    ):
        (person / name).symlink_to(target)
        reasons[f"Links/{name}"] = reason
    os.mkfifo(person / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listening:
        place = os.getcwd()
        os.chdir(person)  # the name of a socket must be short
        try:
            listening.bind("socket.jpg")
        finally:
            os.chdir(place)
    with open(person / "sparse.jpg", "wb") as file:
        file.truncate(8 << 30)  # 8 GiB, of which nothing takes room
    with open(person / "film.mov", "wb") as file:
        file.write(b"\0\0\0\x14ftypqt  ")
        file.truncate(8 << 30)
    (folder / "round").symlink_to("round")
    (folder / "loose.jpg").write_bytes(encoded(Image.fromarray(scene(205)), "JPEG"))
    (folder / "Nobody").mkdir()
    return reasons | {
        "Links/pipe.jpg": "it is no file",
        "Links/socket.jpg": "it is no file",
        "Links/sparse.jpg": "no picture format",
        "Links/film.mov": "no picture format",
        "Links/empty.jpg": "an empty folder",
        "Links/deep/deeper/0.jpg": "is not at ROOT/IDENTITY/*",
        "Links/deep/deeper/deepest": "an empty folder",
        "round": "is not at ROOT/IDENTITY/*",
        "loose.jpg": "is not at ROOT/IDENTITY/*",
        "Nobody": "an empty folder",
    }


NAMES = (
    *(" ", "  a", "a ", "a b", "a\tb", "-rf", "--help", "-", "_", "+", "=1+1", "@a", "#a", "a#b", "%20", "%s", "a%00b"),
    *(
        "'",
        '"',
        "a'b\"c",
        "`id`",
        "$(id)",
        "$HOME",
        "~",
        "~root",
        "a;b",
        "a|b",
        "a&b",
        "a>b",
        "<script>",
        "<!--",
        "a<b>c",
    ),
    *(
        "{",
        "}",
        "{a}",
        "{0}",
        "{{a}}",
        "[a]",
        "*",
        "?",
        "a*b",
        "!",
        "^",
        "a,b",
        ",",
        ",,",
        "a=b",
        "a:b",
        "C:",
        "a\\b",
        "\\n",
    ),
    *(
        "007",
        "7",
        "0x10",
        "1e5",
        "1.0",
        "-1",
        "nan",
        "NaN",
        "NA",
        "NULL",
        "null",
        "None",
        "True",
        "inf",
        "<NA>",
        "#NA",
    ),
    *(
        "a.",
        "a..b",
        "a.b.c",
        "con",
        "aux.png",
        "con.jpg",
        "faces",
        "face",
        "manifest",
        "clean",
        "gallery",
        "user",
    ),
    *(
        "é",
        "Jos\u00e9",
        "Ωmega",
        "日本",
        "العربية",
        "עברית",
        "ไทย",
        "हिन्दी",
        "한국",
        "🙂",
        "👩‍👩‍👧",
        "a\u200bb",
        "\u202eabc",
        "\ufeffa",
        "ß",
        "İ",
        "ǅ",
    ),
    *(normalize("NFD", "José"), normalize("NFD", "한국"), "\u212b", "ﬁ", "Å", "x" * 200, "é" * 120, "a" * 251),
    *("a\nb", "a\rb", "a\r\nb", "\r", "\n", "a\x1bb", "a\x7fb", "a\x01b", "a\u2028b", "a\x85b"),
    *(os.fsdecode(name) for name in (b"J\xf6rg", b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\xaf")),
)
