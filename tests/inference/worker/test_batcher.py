"""The batcher alone: which pictures share a call, and which jobs fail when a call fails."""

import logging
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from PIL import Image

from inference.model.classifier import Comparison, LabelSet, ScriptedClassifier, colour_of
from inference.protocol.errors import DeviceLost, Problem, ProblemCode
from inference.protocol.messages import Fingerprint, ImageOutcome, Job, Reply
from inference.worker.batcher import Batcher, JobOutcome, ReadJob

TRUNCATED = Problem(ProblemCode.IMAGE_TRUNCATED)


def a_job(*pictures: str | Problem, labels: Sequence[str] = ("red", "green", "blue")) -> ReadJob:
    job = Job(id="-".join(map(str, pictures)), images=[], labels=list(labels), reply=Reply("x"))
    read = [Image.new("RGB", (9, 9), each) if isinstance(each, str) else each for each in pictures]
    return ReadJob(job, tuple(read))


def winners(read: ReadJob, outcome: JobOutcome) -> list[str]:
    """The best label of each picture of a job."""
    assert isinstance(outcome, list)
    labels = read.job.labels
    return [labels[each.probabilities.index(max(each.probabilities))] for each in outcome]


def fails_on(colour: str, error: Exception) -> ScriptedClassifier:
    def look(images: Sequence[Image.Image]) -> None:
        if any(colour_of(image) == colour for image in images):
            raise error

    return ScriptedClassifier(on_call=look)


def test_one_call_for_different_label_sets() -> None:
    classifier = ScriptedClassifier()
    jobs = [
        a_job("red", labels=["a red car", "a tree"]),
        a_job("green", labels=["sea", "grass", "a green tree"]),
        a_job("blue", labels=["blue"]),
    ]
    outcomes = Batcher(16).answer(classifier, jobs)
    assert classifier.batches == [3]
    assert [winners(*pair) for pair in zip(jobs, outcomes, strict=True)] == [
        ["a red car"],
        ["a green tree"],
        ["blue"],
    ]
    assert [len(outcome[0].probabilities) for outcome in outcomes if isinstance(outcome, list)] == [
        2,
        3,
        1,
    ]


def test_labels_that_mean_the_same_are_compared_once_and_belong_to_the_first() -> None:
    read = a_job("red", "blue", labels=["red car", "a tree", "car red", "sea"])
    merging = ReadJob(msgspec.structs.replace(read.job, merge_above=0.97), read.pictures)
    merged, apart = Batcher(16).answer(ScriptedClassifier(), [merging, read])
    assert isinstance(merged, list)
    assert isinstance(apart, list)
    for outcome in merged:
        assert outcome.same_as == [0, 1, 0, 3]
        assert outcome.probabilities[2] == 0.0
    assert merged[0].probabilities[0] == pytest.approx(0.9)
    assert apart[0].same_as == []
    assert apart[0].probabilities[2] > 0.4  # compared with its twin, each has a half


def test_fingerprints_stay_with_their_pictures() -> None:
    read = a_job("red", TRUNCATED, "blue")
    red, blue = Fingerprint(b"red"), Fingerprint(b"blue")
    known = ReadJob(read.job, read.pictures, fingerprints=(red, None, blue))
    (outcome,) = Batcher(16).answer(ScriptedClassifier(), [known])
    assert isinstance(outcome, list)
    assert [each.fingerprint for each in outcome] == [red, None, blue]


def test_an_album_keeps_its_order_around_a_picture_that_could_not_be_read() -> None:
    album = a_job("red", TRUNCATED, "blue")
    (outcome,) = Batcher(16).answer(ScriptedClassifier(), [album])
    assert isinstance(outcome, list)
    assert outcome[1] == ImageOutcome(problem=TRUNCATED)
    assert winners(album, [outcome[0], outcome[2]]) == ["red", "blue"]


def test_a_job_without_any_readable_picture_does_not_reach_the_model() -> None:
    classifier = ScriptedClassifier()
    assert Batcher(16).answer(classifier, [a_job(TRUNCATED)]) == [[ImageOutcome(problem=TRUNCATED)]]
    assert classifier.batches == []


def test_more_pictures_than_the_batch_holds_take_several_calls() -> None:
    classifier = ScriptedClassifier()
    album = a_job(*["red", "green"] * 5)
    outcomes = Batcher(4).answer(classifier, [album, a_job("blue")])
    assert classifier.batches == [4, 4, 3]
    assert winners(album, outcomes[0]) == ["red", "green"] * 5


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16])
def test_one_batch_gives_the_same_outcomes_as_single_calls(size: int) -> None:
    jobs = [a_job("red", "green"), a_job(TRUNCATED, "blue"), a_job("green", labels=["green"])]
    alone = [Batcher(1).answer(ScriptedClassifier(), [job])[0] for job in jobs]
    assert Batcher(size).answer(ScriptedClassifier(), jobs) == alone


def test_the_job_that_fails_is_found_and_the_others_are_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    classifier = fails_on("green", ValueError("no green, please"))
    jobs = [a_job("red") for _ in range(8)]
    jobs[5] = a_job("blue", "green")
    outcomes = Batcher(16).answer(classifier, jobs)
    assert outcomes[5] == Problem(ProblemCode.INTERNAL)
    assert all(isinstance(outcome, list) for i, outcome in enumerate(outcomes) if i != 5)
    assert classifier.batches == [9, 4, 5, 3, 1, 2, 2]
    assert len([record for record in caplog.records if record.exc_info]) == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("CUDA error: out of memory"),
    ],
)
def test_a_single_picture_without_memory_is_tried_again(error: Exception) -> None:
    outcomes = Batcher(16).answer(fails_on("green", error), [a_job("red"), a_job("green")])
    assert isinstance(outcomes[0], list)
    assert outcomes[1] is None


def test_a_picture_whose_scores_are_not_numbers_fails_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    classifier = ScriptedClassifier()
    compare = classifier.compare

    def overflows(
        images: Sequence[Image.Image], label_sets: Sequence[LabelSet]
    ) -> list[Comparison]:
        found = compare(images, label_sets)
        return [
            Comparison(one.probabilities * np.float32(np.nan))
            if colour_of(image) == "green"
            else one
            for image, one in zip(images, found, strict=True)
        ]

    monkeypatch.setattr(classifier, "compare", overflows)
    album, alone, other = a_job("red", "green", "blue"), a_job("green"), a_job("red")
    outcomes = Batcher(16).answer(classifier, [album, alone, other])
    assert classifier.batches == [5]  # one call: no picture is computed again
    assert all(isinstance(outcome, list) for outcome in outcomes)
    [red, green, blue], [single], [another] = [o for o in outcomes if isinstance(o, list)]
    assert green == single == ImageOutcome(problem=Problem(ProblemCode.INTERNAL))
    assert winners(album, [red, blue]) == ["red", "blue"]
    assert winners(other, [another]) == ["red"]
    assert "CLIP_DTYPE=float32 may help" in caplog.text


def test_out_of_memory_halves_the_batch_and_is_remembered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    classifier = ScriptedClassifier(fits=5)
    batcher = Batcher(16)
    jobs = [a_job("red") for _ in range(16)]
    first = batcher.answer(classifier, jobs)
    assert classifier.batches == [16, 8, 4, 4, 4, 4]
    assert batcher.size == 4
    assert all(isinstance(outcome, list) for outcome in first)
    classifier.batches.clear()
    assert batcher.answer(classifier, jobs) == first
    assert classifier.batches == [4, 4, 4, 4]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


def test_a_lost_device_is_not_the_fault_of_a_job() -> None:
    error = RuntimeError("CUDA error: device-side assert triggered\nmany lines of advice")
    with pytest.raises(DeviceLost, match=r"device-side assert triggered\); this worker must be"):
        Batcher(16).answer(fails_on("green", error), [a_job("red"), a_job("green")])
