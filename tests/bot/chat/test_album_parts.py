"""What an album's captions are about, and how its items are counted."""

from typing import Any

from telegram import Message

from bot.chat.album_parts import numbered, parts_of
from bot.platform.models import Media
from bot.telegram.pictures import NotAPicture
from tests.bot.telegram.messages import message, size

GROUP = {"id": -100, "type": "supergroup", "title": "Friends"}


def album(*captions: str | None, group: bool = False) -> list[Message]:
    place: dict[str, Any] = {"chat": GROUP} if group else {}
    return [
        message(
            message_id=number,
            photo=[size(9, 9)],
            caption=caption,
            caption_entities=_command(caption or ""),
            **place,
        )
        for number, caption in enumerate(captions, 1)
    ]


def _command(caption: str) -> list[dict[str, Any]]:
    if not caption.startswith("/"):
        return []
    return [{"type": "bot_command", "offset": 0, "length": len(caption.split()[0])}]


def parts(items: list[Message], asking_id: int | None = None) -> list[Any]:
    """Of each question: the item that asks, its phrases, and all of its items."""
    return [
        (part.asking.message_id, part.phrases, [item.message_id for item in part.messages])
        for part in parts_of(items, asking_id, "clip_bot")
    ]


def test_one_caption_is_about_all_items() -> None:
    for captions in [("a, b", None, None), (None, None, "a, b"), ("a, b", "a, b", None)]:
        ((_, phrases, items),) = parts(album(*captions))
        assert (phrases, items) == ("a, b", [1, 2, 3])
    assert parts(album(None, None)) == [(1, None, [1, 2])]
    assert parts(album(None, "a, b", None), asking_id=3) == [(3, "a, b", [1, 2, 3])]


def test_each_of_several_captions_is_about_its_own_item_and_those_after_it() -> None:
    assert parts(album("a", "b", "c")) == [(1, "a", [1]), (2, "b", [2]), (3, "c", [3])]
    assert parts(album(None, "a", None, "b", None), asking_id=1) == [
        (2, "a", [1, 2, 3]),
        (4, "b", [4, 5]),
    ]
    assert parts(album("/classify a, b", "c", "/labels d")) == [
        (1, "a, b", [1]),
        (2, "c", [2]),
        (3, None, [3]),
    ]


def test_in_a_group_only_classify_is_a_caption() -> None:
    assert parts(album("our holidays", None, group=True)) == []
    assert parts(album("/classify@other_bot a", None, group=True)) == []
    assert parts(album("our holidays", "/classify a, b", "/labels c", group=True)) == [
        (2, "a, b", [1, 2, 3])
    ]
    assert parts(album("/classify a, b", "/classify", group=True)) == [
        (1, "a, b", [1]),
        (2, None, [2]),
    ]


def test_pictures_count_as_people_see_them() -> None:
    one, two, three = (Media(f"file {n}", f"unique {n}") for n in range(3))
    film = NotAPicture.MOVING
    assert numbered([one, two], 1) == (one, two)
    assert [(media.number, media.skipped) for media in numbered([film, one, film, two], 1)] == [
        (2, (1, 3)),
        (4, ()),
    ]
    assert [media.number for media in numbered([one, two, three], 4)] == [4, 5, 6]
    assert numbered([three], 7) == (three,)
    assert numbered([film, NotAPicture.OURS], 1) == ()
