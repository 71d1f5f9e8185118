"""Text and entities: HTML as Telegram parses it, what clients find by themselves, and limits."""

from typing import Any

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity
from telegram.error import BadRequest

from clipbot_playground.botapi.model.entities import finished, typed, utf16_length
from clipbot_playground.botapi.model.errors import BadRequestError
from clipbot_playground.botapi.model.html_markup import parse_html
from clipbot_playground.botapi.model.users import User
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer

ALICE = User(7, "Alice")


def parsed(source: str) -> tuple[str, list[tuple[Any, ...]]]:
    text, marked = parse_html(source, {7: ALICE}.get)
    done = finished(text, marked)
    return done.text, [(entity.type, entity.offset, entity.length) for entity in done.entities]


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain", "plain", []),
        ("🏆 <b>dog</b>", "🏆 dog", [("bold", 3, 3)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("<b>a</>", "a", [("bold", 0, 1)]),
        ("<B >a</b  >", "a", [("bold", 0, 1)]),
        ("<b></b>x", "x", []),
        ("  <b> a </b>  ", "a", [("bold", 0, 1)]),
        ("&lt;a&gt; &amp;&quot; &nbsp; &#65;&#x42; &lt", "<a> &\" &nbsp; AB <", []),
        ("<tg-spoiler>a</tg-spoiler>", "a", [("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", 0, 1)]),
        ("<s>a</s><del>b</del>", "ab", [("strikethrough", 0, 1), ("strikethrough", 1, 1)]),
        ('<pre><code class="language-python">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<code><b>x</b> /go</code>", "x /go", [("code", 0, 5)]),
        ('<a href="http://example.org">x</a>', "x", [("text_link", 0, 1)]),
        ("<a href='tg://user?id=7'>x</a>", "x", [("text_mention", 0, 1)]),
        ("<a href='tg://user?id=8'>x</a>", "x", []),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ('<tg-emoji emoji-id="5">👍</tg-emoji>', "👍", [("custom_emoji", 0, 2)]),
        ("/start it", "/start it", [("bot_command", 0, 6)]),
        ("&#" + "9" * 4_500, "&#" + "9" * 4_500, []),
        ("<code>a</code> @ann", "a @ann", [("code", 0, 1), ("mention", 2, 4)]),
    ],
)  # fmt: skip
def test_html(source: str, text: str, entities: list[tuple[Any, ...]]) -> None:
    assert parsed(source) == (text, entities)


# Errors and byte offsets are those of TDLib's own tests of its HTML parser.
@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;<abac>", 'Unsupported start tag "abac" at byte offset 13'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 0'),
        ("<i>a", 'Can\'t find end tag corresponding to start tag "i"'),
        ("🏟 🏟&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
        ('<i a="&lt;>', "Unclosed start tag at byte offset 0"),
        ("<b></b></", "Unexpected end tag at byte offset 7"),
        ("<i>a</i   ", "Unclosed end tag at byte offset 4"),
        ("<i>a</em >", 'Unmatched end tag at byte offset 4, expected "</i>", found "</em>"'),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_faulty_html(source: str, complaint: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        parsed(source)
    assert caught.value.description == f"Bad Request: can't parse entities: {complaint}"


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("/start", [("bot_command", "/start")]),
        ("🏆 /go@clip_bot", [("bot_command", "/go@clip_bot")]),
        ("1/2 a/b //x", []),
        ("@alice, me@example", [("mention", "@alice")]),
        ("see https://example.org/a?b=c.", [("url", "https://example.org/a?b=c")]),
        ("#cat #1", [("hashtag", "#cat")]),
    ],
)
def test_what_clients_find(text: str, entities: list[tuple[str, str]]) -> None:
    units = text.encode("utf-16-le")
    found = [
        (e.type, units[2 * e.offset : 2 * e.end].decode("utf-16-le")) for e in typed(text).entities
    ]
    assert found == entities


def test_lengths_are_in_utf16_units() -> None:
    assert utf16_length("a👍ä") == 4


async def test_explicit_entities(bot: Bot, alice: SimulatedUser) -> None:
    await alice.sends("/start")
    sent = await bot.send_message(
        alice.user.id, "👍 dog", entities=[MessageEntity(MessageEntity.BOLD, 3, 3)]
    )
    assert sent.parse_entities() == {sent.entities[0]: "dog"}


async def test_limits_of_texts(server: BotApiServer, bot: Bot, alice: SimulatedUser) -> None:
    await alice.sends("/start")
    assert await bot.send_message(alice.user.id, f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    with server.expecting():
        for text, mode, complaint in (
            ("", None, "Message text is empty"),
            (" \n", None, "Text must be non-empty"),
            ("x" * 4097, None, "Message is too long"),
            ("👍" * 2049, None, "Message is too long"),
            ("*x*", "MarkdownV2", "Unsupported parse_mode"),
            ("<b>", "HTML", "Can't parse entities: can't find end tag"),
        ):
            with pytest.raises(BadRequest, match=f"(?i){complaint}"):
                await bot.send_message(alice.user.id, text, parse_mode=mode)
        with pytest.raises(BadRequest, match="Message caption is too long"):
            await bot.send_document(alice.user.id, b"x", caption="x" * 1025)
        with pytest.raises(BadRequest, match="Wrong parameter action"):
            await bot.send_chat_action(alice.user.id, "dance")


async def test_limits_of_buttons(server: BotApiServer, bot: Bot, alice: SimulatedUser) -> None:
    await alice.sends("/start")

    def keyboard(data: str, count: int = 1) -> InlineKeyboardMarkup:
        return InlineKeyboardMarkup.from_column(
            [InlineKeyboardButton("ok", callback_data=data) for _ in range(count)]
        )

    assert await bot.send_message(alice.user.id, "x", reply_markup=keyboard("ä" * 32))
    with server.expecting():
        for markup, complaint in (
            (keyboard("x" * 65), "Button_data_invalid"),
            (keyboard("ä" * 33), "Button_data_invalid"),
            (keyboard("x", 101), "Reply markup is too long"),
        ):
            with pytest.raises(BadRequest, match=complaint):
                await bot.send_message(alice.user.id, "x", reply_markup=markup)
