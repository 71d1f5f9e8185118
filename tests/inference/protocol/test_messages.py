"""Messages of older versions are read, and an outcome knows what a reader should see."""

import msgspec
import pytest

from inference.protocol.messages import (
    ChartWords,
    ImageOutcome,
    Job,
    Reply,
    Result,
    decode_job,
    decode_result,
    encode,
)


def _without(message: Job | Result, part: str, *names: str) -> bytes:
    """Return the message as an older version wrote it: without these fields of one part."""
    fields = msgspec.msgpack.decode(encode(message))
    parts = fields[part] if isinstance(fields[part], list) else [fields[part]]
    for one in parts:
        for name in names:
            del one[name]
    return msgspec.msgpack.encode(fields)


def test_the_words_of_an_older_bot_get_the_defaults_of_new_ones() -> None:
    words = ChartWords(title="Lo que ve CLIP", something_else="otra cosa")
    job = Job(id="1", images=[], labels=["a"], reply=Reply("x"), words=words)
    assert decode_job(_without(job, "words", "apart")).words == words


def test_an_outcome_of_an_older_worker_tells_no_fit() -> None:
    outcome = ImageOutcome([1.0])
    result = Result(job_id="1", reply=Reply("x"), labels=["a"], images=[outcome])
    older = _without(result, "images", "fit", "none_fits", "looks_like_photo")
    assert decode_result(older).images == [outcome]
    assert outcome.something_else is None


@pytest.mark.parametrize(
    ("fit", "none_fits", "share"),
    [
        (0.1, True, 0.9),
        (0.75, False, 0.25),
        (0.76, False, None),
        (0.9, True, 0.1),  # NONE_FITS can be set to anything
        (1.0, False, None),
    ],
)
def test_a_reader_sees_something_else_where_it_matters(
    fit: float, none_fits: bool, share: float | None
) -> None:
    outcome = ImageOutcome([1.0], fit=fit, none_fits=none_fits)
    assert outcome.something_else == (share and pytest.approx(share))
