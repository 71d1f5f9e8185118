"""Which items an album's captions are about, and how its items are numbered."""

from dataclasses import replace
from typing import Any

from bot.chat.pictures.album_parts import numbered, parts_of
from bot.platform.incoming import IncomingMessage, NotAPicture
from bot.platform.models import Media
from tests.bot.incoming import GROUP, PRIVATE, message, picture


def album(*captions: str | None, group: bool = False) -> list[IncomingMessage]:
    topic = GROUP if group else PRIVATE
    return [
        message(number, caption or "", picture(), topic=topic)
        for number, caption in enumerate(captions, 1)
    ]


def parts(items: list[IncomingMessage], asking_id: int | None = None) -> list[Any]:
    """Return, for each question, the item that asks, its phrases, and all of its items."""
    return [
        (part.asking.ref.message_id, part.phrases, [item.ref.message_id for item in part.messages])
        for part in parts_of(items, asking_id)
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
    foreign = message(1, "/classify@other_bot a", picture(), topic=GROUP)
    foreign = replace(foreign, command=None, is_for_another_bot=True)
    assert parts([foreign, *album(None, group=True)]) == []
    assert parts(album("our holidays", "/classify a, b", "/labels c", group=True)) == [
        (2, "a, b", [1, 2, 3])
    ]
    assert parts(album("/classify a, b", "/classify", group=True)) == [
        (1, "a, b", [1]),
        (2, None, [2]),
    ]


def test_pictures_are_numbered_as_people_see_them() -> None:
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
