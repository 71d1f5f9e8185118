"""The pace of the queue is that of its last half minute."""

from bot.chat.waiting.queue_pace import QueuePace


def waiting(first: int, last: int = 100) -> dict[str, int]:
    return {str(number): number % 3 for number in range(first, last)}


def test_the_pace_is_what_was_answered_in_the_time() -> None:
    pace = QueuePace()
    pace.look(waiting(0), 10.0)
    assert pace.per_second(10.0) is None
    pace.look(waiting(0), 11.0)
    pace.look(waiting(6), 12.0)
    assert pace.per_second(12.0) == 3.0
    pace.look(waiting(6), 14.0)
    assert pace.per_second(14.0) == 1.5


def test_what_is_half_a_minute_ago_does_not_count() -> None:
    pace = QueuePace()
    pace.look(waiting(0), 0.0)
    pace.look(waiting(50), 5.0)
    pace.look(waiting(65), 40.0)
    assert pace.per_second(40.0) == 0.5
    pace.look(waiting(65), 71.0)
    assert pace.per_second(71.0) is None


def test_an_empty_queue_has_no_pace_and_begins_anew() -> None:
    pace = QueuePace()
    pace.look(waiting(0), 0.0)
    pace.look({}, 10.0)
    assert pace.per_second(10.0) is None
    pace.look(waiting(0), 20.0)
    assert pace.per_second(21.0) is None
    pace.look(waiting(4), 22.0)
    assert pace.per_second(22.0) == 2.0


def test_the_answers_of_a_chat_are_counted_for_a_minute() -> None:
    pace = QueuePace()
    pace.look(waiting(0), 0.0)
    pace.look(waiting(9), 1.0)
    assert pace.answers_in(0) == 3
    pace.look(waiting(9), 61.0)
    assert pace.answers_in(0) == 0
