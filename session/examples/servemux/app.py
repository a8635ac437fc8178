"""The FastAPI app beside the Go service: both log users in and out."""

import os

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI(default_response_class=PlainTextResponse)
app.add_middleware(SessionMiddleware, secret_key=os.environ["SESSION_SECRET"])


@app.post("/login")
async def login(request: Request, user: int):
    request.session["user_id"] = user  # a real app asks for a password
    return f"welcome, user {user}"


@app.get("/me")
async def me(request: Request):
    if "user_id" not in request.session:
        return PlainTextResponse("log in first", status_code=401)
    return f"user {request.session['user_id']}, visits: {request.session.get('visits', 0)}"


@app.post("/logout")
async def logout(request: Request):
    request.session.clear()
    return "bye"
