"""The names, limits and subjects of clipbot's JetStream streams.

    updates   what the chat platform handed over       clipbot.updates.<bot>
    jobs      pictures waiting for a worker            clipbot.jobs.<model>
    results   answers waiting to be delivered          clipbot.results.<bot>
    dead      what failed by our fault, for a person   clipbot.dead.<kind>

All but the last are work queues: a message is gone once acknowledged, and comes back `ACK_WAIT`
seconds after its holder fell silent. Publishing is idempotent for `DUPLICATE_WINDOW`: the same id
is stored once.
"""

import hashlib
import re

from nats.js.api import DiscardPolicy, RetentionPolicy, StreamConfig

UPDATES = "clipbot-updates"
JOBS = "clipbot-jobs"
RESULTS = "clipbot-results"
DEAD = "clipbot-dead"
# Of jobs that name no model, as those of 0.1 do: any worker takes them.
JOBS_SUBJECT = "clipbot.jobs"
JOBS_SUBJECTS = [JOBS_SUBJECT, "clipbot.jobs.*"]
WORKERS_BUCKET = "clipbot-workers"
STATUSES = f"KV_{WORKERS_BUCKET}"
ALL_STREAMS = (UPDATES, JOBS, RESULTS, DEAD, STATUSES)

# A holder says "still working" three times in this span; a killed one is noticed after it.
ACK_WAIT = 9.0
# A restart after a crash must not store the same update or job twice.
DUPLICATE_WINDOW = 3_600.0
STATUS_INTERVAL = 5.0
STATUS_TTL = 3 * STATUS_INTERVAL
# Far more than anything that is ever in flight: only a bot that nobody runs would fill it.
MAX_UPDATES = 100_000
# The largest message that JetStream stores in a file, in bytes, whatever max_payload says: a
# record of 32 MiB (rlBadThresh in nats-server's filestore.go), less what it holds besides the
# message's body: 34 bytes, the subject, and the headers, of which the message's id is the longest.
MAX_STORED = 32 * 2**20 - 1_024
_WORKERS = "workers"
_UNUSABLE = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_TOKEN = 160
_BYTES_LIMIT = 2 * 2**30
_DEAD_LIMIT = 1_000
_DEAD_AGE = 7 * 24 * 3_600.0


def updates_subject(bot_id: int) -> str:
    """Subject of the updates that came for one bot."""
    return f"clipbot.updates.{bot_id}"


def results_subject(bot_id: int) -> str:
    """Subject of the results that one bot waits for."""
    return f"clipbot.results.{bot_id}"


def jobs_subject(model: str) -> str:
    """Subject of the jobs for one model; where that is empty, of jobs for any.

    What a subject can't hold is written as its bytes, so that two models never share one:
    clipbot.jobs.openai=2Fclip-vit-base-patch32
    """
    return f"{JOBS_SUBJECT}.{_token(model)}" if model else JOBS_SUBJECT


def jobs_consumer(model: str) -> str:
    """Name of the consumer that the workers of one model share."""
    return f"{_WORKERS}-{_token(model)}" if model else _WORKERS


def _token(model: str) -> str:
    token = _UNUSABLE.sub(
        lambda found: "".join(f"={byte:02X}" for byte in found[0].encode(errors="replace")), model
    )
    if len(token) <= _LONGEST_TOKEN:
        return token
    # Names of consumers have 255 characters at most: a path, say.
    digest = hashlib.sha256(model.encode(errors="replace")).hexdigest()
    return f"{token[-_LONGEST_TOKEN:]}={digest[:16]}"


def streams(max_queue: int) -> list[StreamConfig]:
    """All streams, with today's limits.

    Args:
        max_queue: jobs that may wait.
    """

    def work_queue(name: str, subjects: list[str], max_msgs: int, max_bytes: int) -> StreamConfig:
        return StreamConfig(
            name=name,
            subjects=subjects,
            retention=RetentionPolicy.WORK_QUEUE,
            discard=DiscardPolicy.NEW,
            max_msgs=max_msgs,
            max_bytes=max_bytes,
            duplicate_window=DUPLICATE_WINDOW,
        )

    return [
        work_queue(UPDATES, ["clipbot.updates.*"], MAX_UPDATES, -1),
        work_queue(JOBS, JOBS_SUBJECTS, max_queue, _BYTES_LIMIT),
        work_queue(RESULTS, ["clipbot.results.*"], -1, -1),
        StreamConfig(
            name=DEAD,
            subjects=["clipbot.dead.*"],
            discard=DiscardPolicy.OLD,
            max_msgs=_DEAD_LIMIT,
            max_bytes=_BYTES_LIMIT,
            max_age=_DEAD_AGE,
        ),
    ]
