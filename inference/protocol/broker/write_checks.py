"""Whether the streams take what is written to them.

A nats-server whose disk was full once answers every later write to the same block of a stream with
the old error, or not at all, although there is room again, until it is started anew
(nats-io/nats-server#7654). Each stream has blocks of its own, so each is tried.
"""

import asyncio
import contextlib
from collections.abc import Iterable

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js import errors as js_errors

from inference.protocol.broker.streams import DEAD, JOBS, RESULTS, STATUSES, UPDATES, WORKERS_BUCKET

# Where nobody looks: no bot's number and no model's name is written like this.
_KEY = "=probe"
# A note of a deletion is no worker's status to anybody, and is forgotten with the statuses.
_DELETION = {"KV-Operation": "DEL"}
_SUBJECTS = {
    UPDATES: f"clipbot.updates.{_KEY}",
    JOBS: f"clipbot.jobs.{_KEY}",
    RESULTS: f"clipbot.results.{_KEY}",
    DEAD: f"clipbot.dead.{_KEY}",
    STATUSES: f"$KV.{WORKERS_BUCKET}.{_KEY}",
}
# A write takes milliseconds. Seconds, so that a busy machine is not taken for a broken one.
PATIENCE = 4.0
# "maximum messages exceeded", "maximum bytes exceeded": a full stream is no broken one.
_FULL = ("maximum messages exceeded", "maximum bytes exceeded")


def stream_of(subject: str) -> str | None:
    """The stream that a subject of ours belongs to."""
    for stream, probe in _SUBJECTS.items():
        root = probe.removesuffix(f".{_KEY}")
        if subject == root or subject.startswith(f"{root}."):
            return stream
    return None


async def refused_writes(js: JetStreamContext, streams: Iterable[str]) -> dict[str, str]:
    """Which of these streams take no message, and what the server says of each.

    Writes a message to each and removes it; where nobody has made the stream, it says so.
    """
    names = list(streams)
    reasons = await asyncio.gather(*(_refusal(js, name) for name in names))
    return {name: reason for name, reason in zip(names, reasons, strict=True) if reason}


async def _refusal(js: JetStreamContext, stream: str) -> str | None:
    subject = _SUBJECTS[stream]
    headers = _DELETION if stream == STATUSES else None
    try:
        await js.publish(subject, b"", timeout=PATIENCE, headers=headers)
    except js_errors.NoStreamResponseError:
        return "there is no such stream"
    except js_errors.APIError as error:
        description = error.description or str(error)
        return None if description in _FULL else description
    except (TimeoutError, NatsError, js_errors.Error) as error:
        return "no answer" if isinstance(error, TimeoutError) else str(error)
    if stream != STATUSES:
        with contextlib.suppress(TimeoutError, NatsError, js_errors.Error):
            await js.purge_stream(stream, subject=subject)
    return None
