"""What the scripts that drive session backends have in common.

They do what the lines of standard input say: each is a JSON array, a method and its
arguments, and is answered by what it returns, or {"error": <class>}.
"""

import asyncio
import json
import sys


async def answer(call, method, args):
    try:
        value = await call(method)(*args)
        return value.decode() if isinstance(value, bytes) else value
    except Exception as e:
        return {"error": type(e).__name__}


async def serve(call):
    for line in sys.stdin:
        method, *args = json.loads(line)
        print(json.dumps(await answer(call, method, args)), flush=True)


def run(call):
    """Run until standard input ends. call returns the function of a method's name."""
    asyncio.run(serve(call))
