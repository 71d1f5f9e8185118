"""Errors of the Bot API, and what each refusal leads to, over real HTTP."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import ExtBot

from bot.platform.models import MessageRef
from bot.platform.ports import (
    CallRejected,
    FileTooBig,
    PicturesNotAllowed,
    RetryLater,
    TargetGone,
)
from bot.telegram.platform import TelegramPlatform
from bot.telegram.refusals import Cure, refusals, telegram_errors
from bot.telegram.request import AiohttpRequest
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import picture

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = "🏆 <b>a dog</b> &amp; 93 %"
NO_WORDS_FOR_IT = "Bad Request: SOMETHING_NEW_INVALID"


def saying(*cures: Cure) -> pytest.MarkDecorator:
    said = [pytest.param(says, id=says) for says, cure in refusals() if cure in cures]
    return pytest.mark.parametrize("says", said)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_server() -> AsyncIterator[BotApiServer]:
    async with BotApiServer() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(shared_server: BotApiServer) -> AsyncIterator[TelegramPlatform]:
    root = shared_server.url
    requests = [AiohttpRequest(root, 4) for _ in range(2)]
    async with ExtBot(
        shared_server.token,
        f"{root}/bot",
        f"{root}/file/bot",
        request=requests[0],
        get_updates_request=requests[1],
    ) as bot:
        yield TelegramPlatform(bot)


@pytest.fixture
def server(shared_server: BotApiServer) -> Iterator[BotApiServer]:
    shared_server.calls.clear()
    yield shared_server
    assert shared_server.violations == []


@pytest.fixture(scope="module")
def alice(shared_server: BotApiServer) -> SimulatedUser:
    return shared_server.person("Alice")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ref(shared_server: BotApiServer, alice: SimulatedUser) -> MessageRef:
    """Return a message of Alice's in a topic."""
    forum = shared_server.group("Forum", [alice], forum=True, privacy=False)
    topic = shared_server.topic(forum, "Cats", alice)
    said = await alice.sends("hello", to=forum, topic=topic)
    return MessageRef(forum.id, said.message_id, topic.id)


def refuse(server: BotApiServer, method: str, says: str, times: int = 1) -> None:
    """Refuse as Telegram does: error names in capitals, sentences with a small first letter."""
    written = says.upper() if "_" in says and " " not in says and says != "wrong file_id" else says
    server.faults.next(method, status=400, description=f"Bad Request: {written}", times=times)


@saying(Cure.WITHOUT_THREAD)
async def test_where_the_topic_is_gone_the_answer_comes_without_it(
    server: BotApiServer, platform: TelegramPlatform, ref: MessageRef, says: str
) -> None:
    refuse(server, "sendMessage", says)
    assert await platform.send_text(ref, TEXT)
    refuse(server, "sendPhoto", says)
    assert await platform.send_chart(ref, picture(), TEXT)
    for method in ("sendMessage", "sendPhoto"):
        first, second = [call for call in server.calls if call.method == method]
        assert int(first.parameters["message_thread_id"]) == ref.thread_id
        assert "message_thread_id" not in second.parameters
        assert second.parameters["reply_parameters"]["message_id"] == ref.message_id


@saying(Cure.WITHOUT_REPLY)
async def test_where_the_question_is_gone_the_answer_comes_without_a_reply(
    server: BotApiServer, platform: TelegramPlatform, ref: MessageRef, says: str
) -> None:
    refuse(server, "sendMessage", says)
    assert await platform.send_board(ref, TEXT)
    (call,) = server.calls_of("sendMessage")
    assert "reply_parameters" not in call.parameters
    assert int(call.parameters["message_thread_id"]) == ref.thread_id


async def test_topic_and_question_can_be_gone_and_the_group_have_moved(
    server: BotApiServer, platform: TelegramPlatform, ref: MessageRef, alice: SimulatedUser
) -> None:
    old = server.group("Group", [alice], supergroup=False)
    refuse(server, "sendMessage", "message thread not found")
    refuse(server, "sendMessage", "message to be replied not found")
    server.faults.next("sendMessage", status=400, migrate_to_chat_id=ref.chat_id)
    assert await platform.send_text(replace(ref, chat_id=old.id), TEXT)
    (call,) = server.calls_of("sendMessage")
    assert int(call.parameters["chat_id"]) == ref.chat_id


@saying(Cure.OTHER_FORM)
async def test_a_forbidden_picture_is_answered_in_words(
    server: BotApiServer, platform: TelegramPlatform, ref: MessageRef, says: str
) -> None:
    refuse(server, "sendPhoto", says)
    with pytest.raises(PicturesNotAllowed):
        await platform.send_chart(ref, picture(), TEXT)
    refuse(server, "sendMessage", says)
    answer = await platform.send_text(ref, TEXT)
    assert server.calls_of("sendMessage")[-1].parameters["text"] == "🏆 a dog & 93 %"
    refuse(server, "editMessageMedia", says)
    with pytest.raises(PicturesNotAllowed):
        await platform.edit_to_chart(ref, answer, picture(), TEXT)
    refuse(server, "editMessageText", says)
    await platform.edit_to_text(ref, answer, "another <i>one</i>")
    assert server.calls_of("editMessageText")[-1].parameters["text"] == "another one"


@saying(Cure.AGAIN)
async def test_a_failure_of_telegram_itself_is_tried_again(
    server: BotApiServer, platform: TelegramPlatform, ref: MessageRef, says: str
) -> None:
    refuse(server, "sendPhoto", says)
    assert await platform.send_chart(ref, picture(), TEXT)
    refuse(server, "sendPhoto", says, times=2)
    with pytest.raises(PicturesNotAllowed):
        await platform.send_chart(ref, picture(), TEXT)


@saying(Cure.NEW_MESSAGE)
async def test_an_answer_that_can_not_be_edited_is_gone(
    server: BotApiServer, platform: TelegramPlatform, ref: MessageRef, says: str
) -> None:
    """Its caller then sends a new one."""
    answer = await platform.send_text(ref, TEXT)
    refuse(server, "editMessageText", says)
    with pytest.raises(TargetGone):
        await platform.edit_to_text(ref, answer, "other")
    refuse(server, "editMessageMedia", says)
    with pytest.raises(TargetGone) as raised:
        await platform.edit_to_chart(ref, answer, picture(), TEXT)
    assert not isinstance(raised.value, PicturesNotAllowed | CallRejected)


@saying(Cure.DONE)
async def test_an_edit_that_changes_nothing_is_done(
    server: BotApiServer, platform: TelegramPlatform, ref: MessageRef, says: str
) -> None:
    answer = await platform.send_text(ref, TEXT)
    refuse(server, "editMessageText", says)
    await platform.edit_to_text(ref, answer, "other")
    refuse(server, "editMessageMedia", says)
    await platform.edit_to_chart(ref, answer, picture(), TEXT)
    refuse(server, "editMessageText", says)
    await platform.edit_board(ref, answer, "other")


@saying(Cure.GIVE_UP)
async def test_a_refusal_for_good_is_not_tried_again(
    server: BotApiServer, platform: TelegramPlatform, ref: MessageRef, says: str
) -> None:
    refuse(server, "sendMessage", says)
    refuse(server, "sendPhoto", says)
    with pytest.raises(TargetGone) as raised:
        await platform.send_text(ref, TEXT)
    assert not isinstance(raised.value, CallRejected)
    with pytest.raises(TargetGone) as raised:
        await platform.send_chart(ref, picture(), TEXT)
    assert not isinstance(raised.value, PicturesNotAllowed)
    assert len(server.calls_of("sendMessage", "sendPhoto")) == 0
    assert [call.status for call in server.calls][-2:] == [400, 400]


@pytest.mark.parametrize(
    "says", ["Forbidden: bot was blocked by the user", "Forbidden: SOMETHING_NEW"]
)
async def test_every_forbidden_is_final(
    server: BotApiServer, platform: TelegramPlatform, ref: MessageRef, says: str
) -> None:
    server.faults.next("sendMessage", status=403, description=says)
    with pytest.raises(TargetGone):
        await platform.send_text(ref, TEXT)


async def test_a_group_may_forbid_photos_by_403_too(
    server: BotApiServer, platform: TelegramPlatform, ref: MessageRef
) -> None:
    says = "Forbidden: CHAT_SEND_PHOTOS_FORBIDDEN"
    server.faults.next("sendPhoto", status=403, description=says)
    with pytest.raises(PicturesNotAllowed):
        await platform.send_chart(ref, picture(), TEXT)


async def test_after_an_unknown_refusal_the_text_is_sent_plainly(
    server: BotApiServer,
    platform: TelegramPlatform,
    ref: MessageRef,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.faults.next("sendMessage", status=400, description=NO_WORDS_FOR_IT)
    assert await platform.send_text(ref, TEXT)
    (call,) = server.calls_of("sendMessage")
    assert call.parameters["text"] == "🏆 a dog & 93 %"
    (record,) = caplog.records
    assert "Something_new_invalid" in record.message
    assert record.exc_info is None
    server.faults.next("sendPhoto", status=400, description=NO_WORDS_FOR_IT)
    with pytest.raises(PicturesNotAllowed):
        await platform.send_chart(ref, picture(), TEXT)
    server.faults.next("sendMessage", status=400, description=NO_WORDS_FOR_IT, times=2)
    with pytest.raises(CallRejected):
        await platform.send_text(ref, TEXT)
    assert len(caplog.records) == 4


async def test_a_text_with_faulty_markup_reads_without_it(
    server: BotApiServer, platform: TelegramPlatform, ref: MessageRef
) -> None:
    with server.expecting("can't parse entities"):
        assert await platform.send_text(ref, "<b>a dog</i> &lt; " + "x" * 5_000)
    (call,) = server.calls_of("sendMessage")
    assert call.parameters["text"].startswith("a dog < xx")


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (RetryAfter(timedelta(seconds=17)), RetryLater),
        (TimedOut(), RetryLater),
        (NetworkError("Bad Gateway"), RetryLater),
        (InvalidToken(), RetryLater),
        (Forbidden("bot was blocked by the user"), TargetGone),
        (ChatMigrated(-100), TargetGone),
        (BadRequest("Chat not found"), TargetGone),
        (BadRequest("Message to edit not found"), TargetGone),
        (BadRequest("wrong file_id or the file is temporarily unavailable"), TargetGone),
        (BadRequest("not enough rights to send photos to the chat"), TargetGone),
        (BadRequest("file is too big"), FileTooBig),
        (BadRequest("something that nobody knows"), CallRejected),
        (Conflict("terminated by other getUpdates request"), TelegramError),
        (ValueError("a bug"), ValueError),
    ],
)
async def test_each_error_of_telegram_becomes_one_of_ours(
    error: Exception, wanted: type[Exception]
) -> None:
    with pytest.raises(wanted) as raised:
        async with telegram_errors():
            raise error
    if isinstance(error, RetryAfter):
        assert isinstance(raised.value, RetryLater)
        assert raised.value.after == 17.0
