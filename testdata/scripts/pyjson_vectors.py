"""Writes how json.dumps and msgspec spell floats, strings and documents: pyjson_vectors.py OUTDIR

Needs msgspec. floats.json, strings.json and documents.json come out the same on
every run. A spelling that is null was refused; "error" then names the exception.
"""

import base64
import json
import pathlib
import platform
import random
import struct
import sys

import msgspec

MADE_BY = f"Python {platform.python_version()} json, msgspec=={msgspec.__version__}"
rnd = random.Random("pyjson")


def spelled(write):
    """The text that write returns, or the name of what it raises."""
    try:
        text = write()
    except Exception as e:
        return None, type(e).__name__
    return text if isinstance(text, str) else text.decode(), None


def case(dumps, msgspec_, **given):
    out = dict(given)
    errors = {}
    for name, write in (("dumps", dumps), ("msgspec", msgspec_)):
        out[name], error = spelled(write)
        if error:
            errors[name] = error
    if errors:
        out["error"] = errors
    return out


# Floats: around every power of ten and two, the thresholds where the spelling
# changes, the ends of the range, what people use, and any bits.


def bits(x):
    return struct.unpack(">Q", struct.pack(">d", x))[0]


def floats():
    found = set()

    def add(b):
        found.add(b & (1 << 64) - 1)

    for exponent in [*range(-8, 24), -324, -323, -309, -308, -307, -200, -100, 99, 100, 101, 307, 308]:
        b = bits(float(f"1e{exponent}"))
        for near in (-1, 0, 1):
            if b + near >= 0:
                add(b + near)
        add(bits(float(f"-9.5e{min(exponent, 307)}")))
        add(bits(float(f"1.234567890123456e{min(exponent, 307)}")))
    for power in [0, 1, 10, 24, 31, 32, 33, 52, 53, 54, 62, 63, 64, 65, 70, 100, 1023, -1, -10, -1022, -1074]:
        b = bits(2.0**power)
        for near in (-1, 0, 1):
            add(b + near)
    for text in "0.0 -0.0 0.1 0.2 0.3 1.5 3.14 100.0 123456.789 1700000000.123456 19.99 5e-324 inf -inf nan".split():
        add(bits(float(text)))
    add(bits(sys.float_info.max))
    for _ in range(100):
        add(rnd.getrandbits(64))
    for _ in range(50):
        add(bits(round(rnd.uniform(-1e6, 1e6), 2)))
        add(bits(10 ** rnd.uniform(-8, 18)))
    for b in sorted(found):
        x = struct.unpack(">d", struct.pack(">Q", b))[0]
        yield case(lambda: json.dumps(x), lambda: msgspec.json.encode(x), bits=f"{b:016x}")


# Strings: every code point that is special somewhere, alone and in company.


def strings():
    points = [*range(0x00, 0x30), 0x3C, 0x3E, 0x5B, 0x5C, 0x5D, *range(0x7E, 0xA2), 0xE9, 0xFF, 0x100, 0x2028, 0x2029]
    points += [0xD7FF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xE000, 0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x1F600, 0x10FFFF]
    for point in points:
        yield chr(point)
        yield "abcdefgh" + chr(point) + "é"
    yield from ("", "zoë", "\udc00\ud800", "a\ud83d", "\ud83d-\ude00", "</script>&", "C:\\path\\\"x\"", "日本語" * 5)
    alphabet = [chr(p) for p in points if not 0xD800 <= p < 0xE000] + list("abcdefghijklmnopqrstuvwxyz")
    for size in range(1, 60):
        yield "".join(rnd.choice(alphabet) for _ in range(size))


# Documents: what the two make of a text after reading it.


def nested(depth):
    if depth == 0:
        return rnd.choice([
            None, True, False, 0, -1, 2**63, -(2**70), 1.0, -0.0, 1e16, 1e-5, 0.1, "", "zoë", "a\n\"\\",
            rnd.getrandbits(80), rnd.uniform(-1e9, 1e9), 10 ** rnd.uniform(-30, 30), "\U0001f600" * rnd.randrange(3),
        ])
    if rnd.random() < 0.5:
        return [nested(rnd.randrange(depth)) for _ in range(rnd.randrange(5))]
    return {rnd.choice("abcdefé\n\"") * rnd.randrange(4): nested(rnd.randrange(depth)) for _ in range(rnd.randrange(6))}


def documents():
    for text in (
        '{}', '[]', '""', 'null', 'true', '-1', ' \t\r\n{ "a" :\n1 , "b":[ ] }\n',
        '-0', '-0.0', '-0e0', '0e5', '1E5', '1e+5', '1e-400', '0.1e1', '1.10', '100e-2', '9007199254740993',
        '9007199254740993.0', '18446744073709551616', '-9223372036854775809', '123456789012345678901234567890.0',
        '2.2250738585072011e-308', '1.7976931348623157e308', '1.7976931348623159e308', '1e400', '-1e400', '1e99999999999',
        '0.' + '0' * 400 + '1e401', '1' + '0' * 400 + 'e-400', '1' + '0' * 320 + '.0',
        '9' * 4300, '-' + '9' * 4300, '9' * 4301, '[{"a":[' + '1' * 5000 + ']}]',
        'NaN', 'Infinity', '-Infinity', '[1,{"a":NaN}]', '-NaN', '+1', '01', '-01', '1.', '.5', '1e', '1e+', '-', '0x1', '1_0',
        'nan', 'True', 'nul', 'nulll', '[1,]', '[,1]', '{"a":1,}', '{,}', '{"a"}', '{"a":}', '{a:1}', "{'a':1}", '{1:1}',
        '[1 2]', '{"a":1 "b":2}', '[', '{', '"', '"\\', '"\\u12', ']', '', ' ', '1 2', '[1]]', '{}{}', '//x', '[1]\x0b', '\x00', '1\x00',
        '"\\u00e9\\u00E9é"', '"\\/\\b\\f\\n\\r\\t\\"\\\\"', '"\\u0000\\u001f\\u007f\x7f"', '"\\ud83d\\ude00"', '"\\uD83D\\uDE00"',
        '"\\ud83d"', '"\\ude00"', '"\\ude00\\ud83d"', '"\\ud83d\\ud83d\\ude00"', '"\\ud83dx\\ude00"', '"\\ud83d\\n"', '"\\ud83d\\u0041"',
        '{"\\ud800":1}', '"\\x41"', '"\\u12 4"', '"\\u+123"', '"\\U0041"', '"\\a"', '"\n"', '"\t"', '"\x1f"', '"\x7f"', '"\u2028"',
        '{"a":1,"b":2,"a":3}', '{"a":{"x":1,"y":2,"x":3},"\\u0061":{"y":1,"y":[{"z":1,"z":2}]}}', '{"":1,"":2}',
        '{"a":NaN,"a":1}', '{"k":[1.0,1,"1",null,true,{"n":{}}]}', '{"f":1e16,"g":1e-05,"h":1e-6,"i":1E2}',
        '{"é":"\\u00e9","<":"&"}', '{"\\u0022\\u005c":"\\u0022"}', '{"a\\u0000b":"\\u0000"}',
    ):
        yield text.encode()
    yield from (
        b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xe2\x82"', b'"\xc3"', b'\xff',
        b'\xef\xbb\xbf{}', '{"a":1}'.encode("utf-16"), '{"a":1}'.encode("utf-16-le"), '{"a":1}'.encode("utf-32"),
        b'\xc2\xa0{}',
    )
    for depth in (900, 1100, 5000):
        yield b"[" * depth + b"]" * depth
    yield b'{"a":' * 900 + b"1" + b"}" * 900
    yield b"[" * 5000
    for n in range(60):
        doc = nested(5)
        # Half as one of the two writes it, half in a style of nobody's.
        yield (json.dumps(doc, indent=1) if n % 2 else json.dumps(doc, ensure_ascii=False, separators=(" ,", ":  "))).encode()


def document_case(data):
    try:
        a, b = json.loads(data), msgspec.json.decode(data)
    except Exception:
        pass
    else:
        assert repr(a) == repr(b), data
    try:
        given = {"text": data.decode()}
    except UnicodeDecodeError:
        given = {"base64": base64.b64encode(data).decode()}
    return case(
        lambda: json.dumps(json.loads(data)),
        lambda: msgspec.json.encode(msgspec.json.decode(data)),
        **given,
    )


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, cases in (
        ("floats", list(floats())),
        ("strings", [case(lambda: json.dumps(s), lambda: msgspec.json.encode(s), points=[ord(c) for c in s]) for s in strings()]),
        ("documents", [document_case(data) for data in documents()]),
    ):
        # ASCII with a case a line, so that a difference shows.
        lines = ",\n".join(json.dumps(c) for c in cases)
        (out / f"{name}.json").write_text(f'{{"made_by": {json.dumps(MADE_BY)}, "cases": [\n{lines}\n]}}\n')


main()
