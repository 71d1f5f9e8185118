"""Moving waiting jobs to the workers of another model.

Jobs name the model of their bot. When CLIP_MODEL is changed while they wait, there may never again
be a worker that takes them.
"""

import logging

import msgspec
from nats.js import JetStreamContext
from nats.js import errors as js_errors

from inference.protocol.broker.streams import JOBS, JOBS_SUBJECT, jobs_subject
from inference.protocol.messages import Job, UnknownVersion, decode_job, encode

log = logging.getLogger(__name__)


async def readdress(js: JetStreamContext, model: str, reply: str) -> int:
    """Move the jobs whose results go to `reply` to the workers of `model`; return how many.

    Raises what nats-py raises; the jobs that were not moved by then stay where they are.
    """
    subject = jobs_subject(model)
    info = await js.stream_info(JOBS, subjects_filter=f"{JOBS_SUBJECT}.*")
    others = [other for other in info.state.subjects or {} if other != subject]
    if not others:
        return 0
    moved = 0
    config = info.config
    # Each job is stored twice for a moment, and a full queue has no room for that.
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
        moved_job = msgspec.structs.replace(job, model=model)
        # A new message id: with its old id, NATS would drop the job as a duplicate.
        headers = {"Nats-Msg-Id": f"{job.id} {jobs_subject(model)}"}
        try:
            await js.publish(jobs_subject(model), encode(moved_job), headers=headers)
        except js_errors.BadRequestError as error:  # it can never be stored
            log.warning("Job %.100s can't be moved to another model: %s", job.id, error)
            continue
        await js.delete_msg(JOBS, sequence)
        moved += 1


def _job(data: bytes) -> Job | None:
    try:
        return decode_job(data)
    except (UnknownVersion, msgspec.DecodeError):
        return None  # of another version, or not a job
