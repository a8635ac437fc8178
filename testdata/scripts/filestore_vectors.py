"""Writes how the file backends of Starlite and Litestar write and read sessions: filestore_vectors.py OUTDIR

The package that is installed decides: starlite.json, of FileBackend, or
litestar.json, of FileStore. Both come out the same on every run.

written: at the time now, data was stored for max_age seconds under the id; name
and file are what came out; of data that is a number of x, file is the beginning,
and size its length. read: what get made of a file at READ_AT: data and
expires, or the name of what it raised. All times are Unix microseconds, files in
hex, data as text. strict says why a strict reader refuses what Python reads.
"""

import asyncio
import json
import pathlib
import struct
import sys
import tempfile
from datetime import datetime, timedelta
from importlib.metadata import version
from importlib.util import find_spec

EPOCH = datetime(1970, 1, 1)
READ_AT = 1767323045_000000
FOREVER = "9999-12-31T23:59:59.999999"
ID = "00112233445566778899aabbccddeeff" * 2


class Clock:
    """What the backends use of datetime, at a time of our own."""

    at = 0
    fromisoformat = datetime.fromisoformat

    @classmethod
    def utcnow(cls):
        return EPOCH + timedelta(microseconds=cls.at)

    @classmethod
    def now(cls, tz):
        return cls.utcnow().replace(tzinfo=tz)


def unix(t):
    """Unix microseconds, exactly."""
    return (t.replace(tzinfo=None) - EPOCH - (t.utcoffset() or timedelta())) // timedelta(microseconds=1)


TEXTS = [
    '{}', '{"n":1}', '{"user":"zoë","f":1.0,"e":1e16,"big":1180591620717411303424}', '{"<":"&>/","\u2028":"\x7f"}',
    '{"text":"\\"\\\\ \\u0000 \\b\\f\\n\\r\\t \\u001f","emoji":"😀"}', "\x00\x01\b\t\n\f\r\x1f\"\\ blanks", "",
]
SIZES = [255, 256, 65535, 65536]
TIMES = [
    # now, max_age: with and without microseconds, and over the ends of the timestamps' forms.
    (1701209600_000000, 1209600), (1701209600_514556, 1209600), (1701209600_000001, 60), (1701209600_999999, 60),
    (1701209600_500000, 60), (0, 1), (4294967295_000000, 1), (4294967294_000000, 1), ((1 << 34) * 10**6 - 2 * 10**6, 1),
    ((1 << 34) * 10**6 - 10**6, 1), ((1 << 34) * 10**6 + 123456, 1), (253402300790_999999, 9),
]
IDS = [ID, "0" * 32, "f" * 128, "0" * 64]


class Starlite:
    name = "starlite"

    def __init__(self, directory):
        from starlite.middleware.session import file_backend

        self.made_by = f"starlite=={version('starlite')}, msgspec=={version('msgspec')}"
        file_backend.datetime = Clock
        self.directory = directory
        self.config = file_backend.FileBackendConfig(storage_path=directory)

    def set(self, id, data, max_age):
        self.config.max_age = max_age
        return self.config._backend_class(self.config).set(id, data)

    def get(self, id):
        return self.config._backend_class(self.config).get(id)

    def expires(self, raw):
        return unix(datetime.fromisoformat(json.loads(raw)["expires"]))

    def files(self):
        def with_expires(text):
            return json.dumps({"expires": text, "data": "{}"}).encode()

        for text in (
            "2026-12-07T02:15:20.514556", "2026-12-07T02:15:20", "2026-12-07 02:15:20", "2026-12-07T02:15:20.5", "2026-12-07T02:15:20.5145569",
            "2026-12-07T02:15:20.5145561234567", "2026-12-07T02:15:20.", "2026-12-07T24:00:00", "2026-12-07T02:15:60", "2026-12-07T02:60:00",
            "2026-02-29T00:00:00", "2028-02-29T00:00:00", "2026-12-00T00:00:00", "2026-13-01T00:00:00", "2026-00-01T00:00:00", "2026-12-07T02:15:20Z",
            "2026-12-07T02:15:20+00:00", "2026-12-07T02:15:20.5-01:00", "", "0000-01-01T00:00:00", "0001-01-01T00:00:00", FOREVER,
            "2026-01-02T03:04:05", "2026-01-02T03:04:05.000001", "2026-01-02T03:04:04.999999", "\u06622026-12-07T02:15:20", "2026-12-07T02:15:2\u0660",
            "2026-12-07T02:15:20.5\u0660", "2026-12-07T02:15:20 ", " 2026-12-07T02:15:20", "2026-12-07T2:15:20", "+2026-12-07T02:15:20",
        ):
            yield with_expires(text), None
        for text in ("2026-12-07x02:15:20", "2026-12-07T02:15:20,514", "2026-12-07T02:15", "2026-12-07", "20261207T021520", "2026-W50-1T00:00:00"):
            yield with_expires(text), "no release writes the time so, and Python before 3.11 reads only some of these"
        e = b'"expires":"2026-12-07T02:15:20"'
        for body in (
            b'{"data":"{}",%s}' % e, b' {\n%s ,\t"data" : "{}"}\r\n' % e, b'{%s,"data":"{}","z":1}' % e, b'{%s,"data":{}}' % e, b'{%s,"data":null}' % e,
            b'{"expires":5,"data":"{}"}', b'{"expires":null,"data":"{}"}', b'{%s,"data":"a","data":"b"}' % e, b'{%s,"data":"a","data":5}' % e, b'{%s}' % e,
            b'{"data":"{}"}', b'{}', b'', b'[]', b'null', b'"x"', b'{', b'{%s,"data":"{}"' % e, b'{%s,"data":"{}' % e, b'{%s "data":"{}"}' % e, b'{%s,"data":"{}"}x' % e,
            b'{%s,"data":"{}",}' % e, b'{,%s,"data":"{}"}' % e, b'{%s,"data":"{}"]' % e, b'{%s,,"data":"{}"}' % e, b'{%s,"data" "{}"}' % e, b"{%s,'data':'{}'}" % e,
            b'{"\\u0065xpires":"2026-12-07T02:15:20","data":"{}"}', b'\xef\xbb\xbf{%s,"data":"{}"}' % e, b'{"Expires":"2026-12-07T02:15:20","data":"{}"}',
            b'{%s,"data":"\\ud83d\\ude00\\u00e9\\u00E9\\/\\b\\f\\n\\r\\t\\"\\\\x"}' % e, b'{%s,"data":"\\uD83D\\uDE00"}' % e, b'{%s,"data":"\\u0000\x7f"}' % e,
            b'{%s,"data":"\\ud83d"}' % e, b'{%s,"data":"\\ude00"}' % e, b'{%s,"data":"\\ude00\\ud83d"}' % e, b'{%s,"data":"\\ud83d\\u0041"}' % e, b'{%s,"data":"\\ud83d\\n"}' % e,
            b'{%s,"data":"\\u00"}' % e, b'{%s,"data":"\\u+123"}' % e, b'{%s,"data":"\\U0041"}' % e, b'{%s,"data":"\\x"}' % e, b'{%s,"data":"\\' % e, b'{%s,"data":"\x01"}' % e,
            b'{%s,"data":"\n"}' % e, b'{%s,"data":"\xff"}' % e, b'{%s,"data":"\xed\xa0\x80"}' % e, b'{%s,"data":"\xc3"}' % e, b'{%s,"data":"{}"}\x00' % e, b'\x0b{%s,"data":"{}"}' % e,
        ):
            yield body, None
        yield b'{%s,"data":5,"data":"a"}' % e, "nobody writes a key twice"


class Litestar:
    name = "litestar"

    def __init__(self, directory):
        from litestar.stores import base
        from litestar.stores.file import FileStore

        self.made_by = f"litestar=={version('litestar')}, msgspec=={version('msgspec')}"
        self.object = base.StorageObject
        self.object.from_bytes(self.object.new(b"", None).to_bytes())  # binds the class to the real datetime
        base.datetime = Clock
        self.directory = directory
        self.store = FileStore(directory)

    def set(self, id, data, max_age):
        return self.store.set(id, data, expires_in=max_age)

    def get(self, id):
        return self.store.get(id)

    def expires(self, raw):
        expires = self.object.from_bytes(raw).expires_at
        return unix(expires) if expires else None

    def files(self):
        def text(s):
            return bytes([0xA0 | len(s)]) + s if len(s) < 32 else b"\xd9" + bytes([len(s)]) + s

        def ts32(s):
            return b"\xd6\xff" + struct.pack(">I", s)

        def ts64(ns, s):
            return b"\xd7\xff" + struct.pack(">Q", ns << 34 | s)

        def ts96(ns, s):
            return b"\xc7\x0c\xff" + struct.pack(">Iq", ns, s)

        EX, DA, S = text(b"expires_at"), text(b"data"), 1796609720
        E, D = EX + ts32(S), DA + b"\xc4\x02{}"

        def with_time(value):
            return b"\x82" + EX + value + D, None

        for ns in (0, 1, 499, 500, 501, 999, 1000, 1499, 1500, 999999499, 999999500, 999999999, 1000000000, 0x3FFFFFFF):
            yield with_time(ts64(ns, S))
            yield with_time(ts96(ns, S))
        for ns, s in ((500, -1), (0, -62135596800), (0, -62135596801), (999999000, 253402300799), (999999999, 253402300799), (0, 253402300800), (0, 2**63 - 1), (0, -(2**63)), (2**32 - 1, S)):
            yield with_time(ts96(ns, s))
        for s in (0, 1767323044, 1767323045, 1767323046, 2**32 - 1):
            yield with_time(ts32(s))
        for value in (
            b"\xc0", b"\xc7\x04\xff\x70\0\0\1", b"\xc7\x08\xff" + b"\x10" * 8, b"\xc8\0\x04\xff\x70\0\0\0", b"\xc9\0\0\0\x04\xff\x70\0\0\0", b"\xd6\x01\x70\0\0\0", b"\xd4\xff\0",
            b"\xd5\xff\0\0", b"\xd8\xff" + b"\0" * 16, b"\xc7\x05\xff" + b"\0" * 5, b"\x05", b"\xcb" + struct.pack(">d", 1796609720.0), b"\xce\x70\0\0\0", b"\xc3", b"\xc4\x01x", b"\x80", b"\x90", b"\xc1", b"",
        ):
            yield with_time(value)
        for s in (
            "2026-12-07T02:15:20Z", "2026-12-07T02:15:20.5Z", "2026-12-07T02:15:20.514556123Z", "2026-12-07T02:15:20.5145565Z", "2026-12-07T02:15:20.51455650000001Z", "2026-12-07T02:15:20.9999995Z",
            "2026-12-07t02:15:20z", "2026-12-07 02:15:20Z", "2026-12-07_02:15:20Z", "2026-12-07T02:15:20", "2026-12-07T02:15:20+02:00", "2026-12-07T02:15:20-0230", "2026-12-07T02:15:20+02", "2026-12-07T02:15Z",
            "2026-12-07T02:15:60Z", "2026-12-07T24:00:00Z", "20261207T021520Z", "2026-12-07T02:15:20-00:00", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z", "2026-02-29T00:00:00Z", "2026-12-07T02:15:20+24:00",
            "2026-12-07T02:15:20+23:59", "2026-12-07T02:15:20+02:60", "2026-12-07T02:15:20,5Z", "1796609720", "2026-12-07", "2026-12-07T02:15:20.Z", " 2026-12-07T02:15:20Z", "2026-12-07T02:15:20Zx", "2026-12-07T02:15:20 Z", "",
            "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000001Z", "2026-12-07T02:15:20+0a:00", "2026-12-07T02:15:20*02:00",
        ):
            yield with_time(text(s.encode()))
        X = text(b"z")
        for body in (
            b"\x82" + D + E, b"\x83" + E + D + DA + b"\xc4\x01y", b"\x83" + E + D + EX + b"\xc0", b"\x83" + EX + b"\x05" + D + E, b"\x83" + E + DA + b"\x05" + D,
            b"\x83" + E + D + X + b"\x92\x01\xc1", b"\x83" + E + D + X + b"\x92\x01\x81\x01\x02", b"\x83" + X + b"\xc0" + E + D, b"\x83" + E + D + X + text(b"\xff"), b"\x83" + E + D + text(b"\xff") + b"\xc0",
            b"\x83" + E + D + b"\xc4\x01z\xc0", b"\x83" + E + D + b"\x01\xc0", b"\x83" + E + D + b"\xc0\xc0", b"\x82\xc4\x0aexpires_at" + ts32(S) + D, b"\x83" + E + D + X + ts96(2000000000, 0),
            b"\xde\0\x02" + E + D, b"\xdf\0\0\0\x02" + E + D, b"\xdf\xff\xff\xff\xff" + E + D, b"\xde\0\x03" + E + D, b"\x92" + ts32(S) + b"\xc4\x01x", b"\x82" + E + D + b"\0", b"", b"\x81" + E, b"\x81" + D, b"\x80",
            b"\x82" + E + DA + text(b"x"), b"\x82" + E + DA + b"\xc0", b"\x82" + E + DA + b"\x91\x01", b"\x82" + E + DA + b"\xc5\0\x01x", b"\x82" + E + DA + b"\xc6\0\0\0\x01x", b"\x82" + E + DA + b"\xc6\xff\xff\xff\xffx",
            b"\x82\xd9\x0aexpires_at" + ts32(S) + b"\xda\0\x04data\xc4\x01x", b"\x82\xdb\0\0\0\x0aexpires_at" + ts32(S) + D, b"\x82" + text(b"Expires_at") + ts32(S) + D, b"\xc0", b"{}", b"\x82",
            *((b"\x82" + E + D)[:n] for n in range(1, 26)),
        ):
            yield body, None
        for value in (
            b"\x00", b"\x7f", b"\xe0", b"\xff", b"\xc2", b"\xc3", b"\xca\0\0\0\0", b"\xcb" + b"\0" * 8, b"\xcc\0", b"\xcd\0\0", b"\xce\0\0\0\0", b"\xcf" + b"\0" * 8, b"\xd0\0", b"\xd1\0\0", b"\xd2\0\0\0\0", b"\xd3" + b"\0" * 8,
            b"\xd4\1\0", b"\xd5\1\0\0", b"\xd6\1\0\0\0\0", b"\xd7\1" + b"\0" * 8, b"\xd8\1" + b"\0" * 16, b"\xd9\1x", b"\xda\0\1x", b"\xdb\0\0\0\1x", b"\xc4\1x", b"\xc5\0\1x", b"\xc6\0\0\0\1x", b"\xc7\1\1x", b"\xc8\0\1\1x", b"\xc9\0\0\0\1\1x",
            b"\x80", b"\x81\1\2", b"\x90", b"\x91\1", b"\xdc\0\1\1", b"\xdd\0\0\0\1\1", b"\xde\0\1\1\2", b"\xdf\0\0\0\1\1\2", b"\xdd\xff\xff\xff\xff\1", b"\xdf\xff\xff\xff\xff\1\2", b"\x91" * 800 + b"\xc0", b"\x91" * 5000 + b"\xc0", b"\x91" * 5000,
        ):
            yield b"\x83" + E + X + value + D, None


async def made(backend):
    written, read = [], []

    async def write(now, max_age, id, data):
        for file in backend.directory.iterdir():
            file.unlink()
        Clock.at = now
        await backend.set(id, data.encode(), max_age)
        (file,) = backend.directory.iterdir()
        case = {"now": now, "max_age": max_age, "id": id, "data": data, "name": file.name, "file": file.read_bytes().hex()}
        if len(data) > 200:
            case |= {"data": len(data), "file": case["file"][:80], "size": file.stat().st_size}
        written.append(case)

    for data in TEXTS:
        await write(1701209600_514556, 1209600, ID, data)
    for now, max_age in TIMES:
        await write(now, max_age, ID, '{"a":1}')
    for id in IDS:
        await write(1701209600_000000, 1209600, id, '{"a":1}')
    for size in SIZES:
        await write(1701209600_000000, 60, ID, "x" * size)

    Clock.at = READ_AT
    await backend.set(ID, b"", 1)
    (file,) = backend.directory.iterdir()
    for raw, strict in backend.files():
        case = {"file": raw.hex()}
        if strict:
            case["strict"] = strict
        file.write_bytes(raw)
        try:
            data = await backend.get(ID)
            case["expires"] = backend.expires(raw)
        except Exception as e:
            case["error"] = type(e).__name__
        else:
            case["data"] = None if data is None else data.decode()
        read.append(case)
    return written, read


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        backend = (Starlite if find_spec("starlite") else Litestar)(pathlib.Path(directory))
        written, read = asyncio.run(made(backend))
    # A case a line, so that a difference shows.
    parts = [f'"{name}": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]" for name, cases in (("written", written), ("read", read))]
    head = f'{{"made_by": {json.dumps(backend.made_by)}, "read_at": {READ_AT},\n'
    (out / f"{backend.name}.json").write_text(head + ",\n".join(parts) + "}\n")


main()
