"""Does with the real SQL backend what the lines of standard input say.

    sqlstore.py URL TABLE

The methods are the backend's, see calls.py. "create_all" makes the table. "write" sets
sessions again and again until the file STOP is there.
"""

import itertools
import json
import os
import sys

import calls

os.environ["SESSION_SQL"], os.environ["SESSION_TABLE"] = sys.argv[1:]

import sql_models as sql

LITESTAR = not hasattr(sql, "Base")


async def create_all():
    sql.create_all()


async def get(id):
    return await sql.backend(max_age=60).get(*((id, None) if LITESTAR else (id,)))


async def set_(id, data, max_age):
    args = (id, data.encode()) + ((None,) if LITESTAR else ())
    await sql.backend(max_age=max_age).set(*args)


async def delete(id):
    await sql.backend(max_age=60).delete(*((id, None) if LITESTAR else (id,)))


async def delete_all():
    await sql.backend(max_age=60).delete_all()


async def delete_expired():
    await sql.backend(max_age=60).delete_expired()


async def write(ids, stop):
    """Returns how often it has set a session, and what was raised."""
    errors = {}
    for n in itertools.count():
        if os.path.exists(stop):
            return [n, errors]
        data = json.dumps({"n": n, "x": str(n % 10) * (n % 11 * 800)}, separators=(",", ":"))
        try:
            await set_(ids[n % len(ids)], data, 3600)
        except Exception as e:
            name = f"{type(e).__name__}: {getattr(e, 'orig', '')}"
            errors[name] = errors.get(name, 0) + 1


methods = [create_all, get, delete, delete_all, delete_expired, write]
methods = {m.__name__: m for m in methods} | {"set": set_}
calls.run(methods.__getitem__)
