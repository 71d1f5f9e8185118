"""The names, limits and subjects of clipbot's JetStream streams.

    updates   what the chat platform sent              clipbot.updates.<bot>
    jobs      pictures that wait for a worker          clipbot.jobs.<model>
    results   answers that wait to be sent             clipbot.results.<bot>
    dead      messages that failed by our fault        clipbot.dead.<kind>

All but the last are work queues: a message is removed when it is acknowledged, and delivered again
when its holder has been silent for `ACK_WAIT` seconds. A message id is stored only once within
`DUPLICATE_WINDOW` seconds.
"""

import hashlib
import re

from nats.js.api import DiscardPolicy, RetentionPolicy, StreamConfig

UPDATES = "clipbot-updates"
JOBS = "clipbot-jobs"
RESULTS = "clipbot-results"
DEAD = "clipbot-dead"
# The subject of jobs that name no model, as in version 0.1: every worker takes them.
JOBS_SUBJECT = "clipbot.jobs"
JOBS_SUBJECTS = [JOBS_SUBJECT, "clipbot.jobs.*"]
WORKERS_BUCKET = "clipbot-workers"
STATUSES = f"KV_{WORKERS_BUCKET}"
ALL_STREAMS = (UPDATES, JOBS, RESULTS, DEAD, STATUSES)

# The holder of a message tells NATS "in progress" three times in this time. If it was killed, the
# message is delivered again after this time.
ACK_WAIT = 9.0  # seconds
# A process that restarts after a crash must not store the same update or job twice.
DUPLICATE_WINDOW = 3_600.0  # seconds
STATUS_INTERVAL = 5.0  # seconds
STATUS_TTL = 3 * STATUS_INTERVAL
# Far more than ever wait while a bot runs.
MAX_UPDATES = 100_000
# The largest message body that JetStream stores in a file, in bytes, whatever max_payload is: a
# record of 32 MiB (rlBadThresh in nats-server's filestore.go) minus what else it holds: 34 bytes,
# the subject, and the headers, of which the message's id is the longest.
MAX_STORED = 32 * 2**20 - 1_024
_WORKERS = "workers"
_UNUSABLE = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_TOKEN = 160
_BYTES_LIMIT = 2 * 2**30
_DEAD_LIMIT = 1_000  # messages
_DEAD_AGE = 7 * 24 * 3_600.0  # seconds


def updates_subject(bot_id: int) -> str:
    """Return the subject of one bot's updates."""
    return f"clipbot.updates.{bot_id}"


def results_subject(bot_id: int) -> str:
    """Return the subject of one bot's results."""
    return f"clipbot.results.{bot_id}"


def jobs_subject(model: str) -> str:
    """Return the subject of the jobs for one model; of jobs for any model if `model` is empty.

    Characters that a subject can't hold are written as bytes in hexadecimal, so that two models
    never share a subject: clipbot.jobs.openai=2Fclip-vit-base-patch32
    """
    return f"{JOBS_SUBJECT}.{_token(model)}" if model else JOBS_SUBJECT


def jobs_consumer(model: str) -> str:
    """Return the name of the consumer that the workers of one model share."""
    return f"{_WORKERS}-{_token(model)}" if model else _WORKERS


def _token(model: str) -> str:
    token = _UNUSABLE.sub(
        lambda found: "".join(f"={byte:02X}" for byte in found[0].encode(errors="replace")), model
    )
    if len(token) <= _LONGEST_TOKEN:
        return token
    # A consumer's name can have 255 characters; a model can be a long path.
    digest = hashlib.sha256(model.encode(errors="replace")).hexdigest()
    return f"{token[-_LONGEST_TOKEN:]}={digest[:16]}"


def streams(max_queue: int) -> list[StreamConfig]:
    """Return the configuration of all streams.

    Args:
        max_queue: MAX_QUEUE, the jobs that can wait.
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
