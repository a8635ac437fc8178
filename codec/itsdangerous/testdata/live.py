"""Signs payloads and loads signed values with the real itsdangerous.

Reads a JSON list of questions on standard input and writes the list of answers.
Bytes are hex. For each question: what Python signs, and what it loads of each
of the given values (null: it raised BadData).
"""

import hashlib
import json
import sys
from unittest import mock

import itsdangerous


class Bytes:
    """A serializer that leaves the payload as it is."""

    loads = staticmethod(lambda payload: payload)
    dumps = staticmethod(lambda payload: payload)


def build(q):
    kwargs = {
        "sep": q["separator"],
        "key_derivation": q["derivation"],
        "digest_method": getattr(hashlib, q["digest"]),
    }
    keys, salt = [bytes.fromhex(k) for k in q["keys"]], bytes.fromhex(q["salt"])
    cls = getattr(itsdangerous, q["class"])
    if "Serializer" in q["class"]:
        return cls(keys, salt, serializer=Bytes, signer_kwargs=kwargs)
    return cls(keys, salt, **kwargs)


def answer(q):
    s = build(q)
    dump, load = (s.dumps, s.loads) if "Serializer" in q["class"] else (s.sign, s.unsign)
    kwargs = {"max_age": 60} if "Time" in q["class"] else {}
    loaded = []
    for signed in q["signed"]:
        try:
            loaded.append(load(bytes.fromhex(signed), **kwargs).hex())
        except itsdangerous.BadData:
            loaded.append(None)
    return {"signed": dump(bytes.fromhex(q["payload"])).hex(), "loaded": loaded}


with mock.patch("time.time", lambda: 1700000000.75):
    json.dump([answer(q) for q in json.load(sys.stdin)], sys.stdout)
