"""Test writes: whether each stream stores messages.

After its disk was full, a nats-server answers every write to the same block of a stream with the
old error, or not at all, even when there is room again; only a restart helps
(nats-io/nats-server#7654). Each stream has its own blocks, so each is tested.
"""

import asyncio
import contextlib
from collections.abc import Iterable

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js import errors as js_errors

from inference.protocol.broker.streams import DEAD, JOBS, RESULTS, STATUSES, UPDATES, WORKERS_BUCKET

# The last word of the test's subjects. No bot's number and no model's name is written like this.
_KEY = "=probe"
# In the statuses' bucket the test writes a deletion: readers skip it, and it expires with them.
_DELETION = {"KV-Operation": "DEL"}
_SUBJECTS = {
    UPDATES: f"clipbot.updates.{_KEY}",
    JOBS: f"clipbot.jobs.{_KEY}",
    RESULTS: f"clipbot.results.{_KEY}",
    DEAD: f"clipbot.dead.{_KEY}",
    STATUSES: f"$KV.{WORKERS_BUCKET}.{_KEY}",
}
# A write takes milliseconds; a busy machine may need seconds.
WRITE_TIMEOUT = 4.0  # seconds
# The stream is full, which is not an error of the server.
_FULL = ("maximum messages exceeded", "maximum bytes exceeded")


def stream_of(subject: str) -> str | None:
    """Return the stream that stores a subject; None if it is not one of clipbot's subjects."""
    for stream, probe in _SUBJECTS.items():
        root = probe.removesuffix(f".{_KEY}")
        if subject == root or subject.startswith(f"{root}."):
            return stream
    return None


async def refused_writes(js: JetStreamContext, streams: Iterable[str]) -> dict[str, str]:
    """Return the streams that store no message, each with the reason.

    Writes a message to each stream and removes it. A stream that does not exist is one of them.
    """
    names = list(streams)
    reasons = await asyncio.gather(*(_refusal(js, name) for name in names))
    return {name: reason for name, reason in zip(names, reasons, strict=True) if reason}


async def _refusal(js: JetStreamContext, stream: str) -> str | None:
    subject = _SUBJECTS[stream]
    headers = _DELETION if stream == STATUSES else None
    try:
        await js.publish(subject, b"", timeout=WRITE_TIMEOUT, headers=headers)
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
