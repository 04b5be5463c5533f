"""The command about studies: their latest reports, listed and opened."""
from __future__ import annotations

from localthink.errors import UsageError
from localthink.plain.conversations import number
from localthink.plain.talk import Talk
from localthink.text.visible import visible

NOTHING = "no study was begun here: localthink study run countdown takes some minutes"


def reports(chat: Talk, rest: str) -> None:
    """The latest reports, or the N-th of them in the browser."""
    from localthink.chat.reports import latest_reports, opened

    found = latest_reports()
    if not found:
        chat.voice.say(NOTHING)
    elif not rest:
        chat.voice.say("\n".join(f"{place}  {visible(each.name)}, {each.day}: {visible(each.verdict)}"
                                 for place, each in enumerate(found, 1)))
    elif (place := number(rest, "the number of a report")) > len(found):
        raise UsageError(f"there is no report {place}: /reports lists {len(found):,}")
    else:
        chat.voice.say(visible(opened(found[place - 1])))
