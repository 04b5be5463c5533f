"""A conversation in a program of its own, to be killed: it asks, or goes on where the store says, and goes on again
where its engine is killed, until the answer has ended.

    python killed_chat.py STORE SEED        # each start and each going on is a line: tokens so far; the last: all ids

The engine writes slowly enough to be caught at any token, and all of it is saved often.
"""
from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from localthink.chat import session as module
from localthink.chat.asking import Opening
from localthink.chat.client import EngineClient
from localthink.chat.session import Session
from localthink.chat.settings import ChatSettings
from localthink.history import History
from localthink.locations import bundled_model

QUESTION = "Use 3, 5 and 12 to make 57."
PACE = 0.004  # seconds more for each token


def settings(seed: int) -> ChatSettings:
    return ChatSettings(seed=seed)


def serve_slowly(*pipes_and_log: object) -> None:
    """The engine's process."""
    from localthink.engine import worker

    step = worker.Engine.step

    def slow(engine: worker.Engine) -> list[object]:
        time.sleep(PACE)
        return step(engine)

    worker.Engine.step, worker.SHOW_EVERY = slow, 0.0
    worker.serve(*pipes_and_log)


def pump(talk: Session) -> None:
    talk.pump()
    time.sleep(0.002)


def main(file: str, seed: str) -> None:
    module.SAVE_SECONDS = 0.03
    store = History(Path(file))
    talk = Session(EngineClient(serve_slowly), store, settings(int(seed)))
    talk.load(Opening(str(bundled_model()), threads=1))
    if (latest := store.latest()) is not None:
        talk.open(latest.id)
    else:
        talk.send(QUESTION)
    while len(talk.entries) < 2:
        pump(talk)
    while talk.busy or talk.resumable is not None:
        if talk.resumable is not None and talk.asker.model.phase != "loading":
            print(len(talk.entries[1].turn.token_ids), flush=True)
            talk.go_on()
        pump(talk)
    print(json.dumps(talk.entries[1].turn.token_ids), flush=True)
    talk.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
