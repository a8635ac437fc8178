"""What the cookie vector scripts share: a clock that stands still, nonces that
repeat, one request to an ASGI app, and one file a scenario.

Import it before the package under test: it replaces time.time and os.urandom.
"""

import asyncio
import hashlib
import json
import os
import sys
import time
from http.cookies import _quote
from importlib.metadata import version

WRITTEN = 1700000000  # the writer's clock, unless a scenario says otherwise
READ = WRITTEN + 100  # the reader's
MAX_AGE = 14 * 24 * 60 * 60
EXPIRES = WRITTEN + MAX_AGE


class _World:
    now = WRITTEN
    nonce = bytes(12)


world = _World()


def _urandom(size):
    if size == len(world.nonce):
        return world.nonce
    return hashlib.shake_128(b"urandom").digest(size)


time.time = lambda: world.now
os.urandom = _urandom


def set_nonce(scenario):
    """Derives the nonce from the scenario's name, so that no two share one by accident."""
    world.nonce = hashlib.sha256(scenario.encode()).digest()[:12]


def made_by(*packages):
    return " ".join(f"{name}=={version(name)}" for name in packages)


class Apart(list):
    """Cookies that come in a Cookie header each, as HTTP/2 allows."""


def request(app, cookies, double_callable=False):
    """Sends one GET with these cookies, returns the Set-Cookie lines."""
    headers = [(b"host", b"localhost")]
    for line in cookies if isinstance(cookies, Apart) else ["; ".join(cookies)] if cookies else []:
        headers.append((b"cookie", line.encode("latin-1")))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    async def run():
        if double_callable:  # ASGI 2, Starlette before 0.12
            await app(scope)(receive, send)
        else:
            await app(scope, receive, send)

    asyncio.run(run())
    return [v.decode("latin-1") for k, v in sent[0]["headers"] if k.lower() == b"set-cookie"]


def pairs(set_cookie):
    """What a browser keeps of Set-Cookie lines, and sends back."""
    return [line.split(";", 1)[0] for line in set_cookie]


def joined(cookies):
    """The values of cookies in the order given, unquoted, as one."""
    return "".join(c.split("=", 1)[1].strip('"') for c in cookies)


def outcome(seen):
    """What the package handed to the app, in the words of the "python" field."""
    if not isinstance(seen, dict):
        return "other: " + json.dumps(seen)
    return "session" if seen else "empty"


def differs(seen, text):
    """What the app got, as JSON, where it is not what text says; long ones are not worth their room."""
    got = json.dumps(seen)
    try:
        return got if got != json.dumps(json.loads(text)) and len(got) < 1000 else None
    except (TypeError, ValueError):
        return got if len(got) < 1000 else None


def quoted(pair):
    """A pair as http.cookies spells it: in double quotes if the value needs them."""
    name, value = pair.split("=", 1)
    return f"{name}={_quote(value)}"


FIELDS = (
    "about made_by format config now cookies apart value expect key_index json signed_at expires_at written_at nonce reencode "
    "from_json source unsupported then set_cookie cleared python python_read"
).split()


def _present(fields):
    return {k: v for k, v in fields.items() if v or type(v) is int}


def save(directory, name, **vector):
    """Writes one vector. Fields that are None, empty or False are left out."""
    unknown = vector.keys() - set(FIELDS)
    assert not unknown, unknown
    vector["apart"] = isinstance(vector["cookies"], Apart)
    kept = _present({k: vector.get(k) for k in FIELDS})
    # Of the config, null says something: no max age.
    kept["config"] = {**_present(vector["config"]), "max_age": vector["config"]["max_age"]}
    path = os.path.join(directory, name + ".json")
    if os.path.exists(path):
        sys.exit(f"{path} exists: two scenarios of one name, or an output directory that is not empty")
    os.makedirs(directory, exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(kept, f, indent=2, ensure_ascii=False)
        f.write("\n")
