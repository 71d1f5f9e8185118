"""Jobs that wait for a model which their bot no longer asks for.

CLIP_MODEL was set anew while they waited; nobody might ever take them.
"""

import logging

import msgspec
from nats.js import JetStreamContext
from nats.js import errors as js_errors

from inference.protocol.broker.streams import JOBS, JOBS_SUBJECT, jobs_subject
from inference.protocol.messages import Job, UnknownVersion, decode_job, encode

log = logging.getLogger(__name__)


async def readdress(js: JetStreamContext, model: str, reply: str) -> int:
    """Gives the jobs whose results go to `reply` to workers of `model`; returns how many.

    Raises what nats-py raises: those that were not moved wait where they are.
    """
    subject = jobs_subject(model)
    info = await js.stream_info(JOBS, subjects_filter=f"{JOBS_SUBJECT}.*")
    others = [other for other in info.state.subjects or {} if other != subject]
    if not others:
        return 0
    moved = 0
    config = info.config
    # Each is there twice for a moment, which a full queue has no room for.
    await js.update_stream(config.evolve(max_msgs=-1, max_bytes=-1))
    try:
        for other in others:
            moved += await _move(js, other, model, reply)
    finally:
        await js.update_stream(config)
    return moved


async def _move(js: JetStreamContext, subject: str, model: str, reply: str) -> int:
    moved, sequence = 0, 0
    while True:
        try:
            found = await js.get_msg(JOBS, seq=sequence + 1, subject=subject, next=True)
        except js_errors.NotFoundError:
            return moved
        sequence = found.seq or sequence + 1
        job = _job(found.data or b"")
        if job is None or job.reply.subject != reply:
            continue
        ours = msgspec.structs.replace(job, model=model)
        # An id of its own: the job's own one was stored an instant ago, as far as NATS knows.
        headers = {"Nats-Msg-Id": f"{job.id} {jobs_subject(model)}"}
        try:
            await js.publish(jobs_subject(model), encode(ours), headers=headers)
        except js_errors.BadRequestError as error:  # it is never stored; the others are
            log.warning("Job %.100s stays where nobody may take it: %s", job.id, error)
            continue
        await js.delete_msg(JOBS, sequence)
        moved += 1


def _job(data: bytes) -> Job | None:
    try:
        return decode_job(data)
    except (UnknownVersion, msgspec.DecodeError):
        return None  # not ours to read
