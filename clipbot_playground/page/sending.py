"""What people send from the page, and why Telegram's clients would refuse it."""

from collections.abc import Awaitable, Sequence
from typing import Any

from starlette.exceptions import HTTPException

from clipbot_playground.botapi.model import limits
from clipbot_playground.botapi.model.chats import Chat, Message
from clipbot_playground.botapi.model.photos import NotAPhotoError, is_moving_gif
from clipbot_playground.botapi.people import SimulatedUser


async def send_as(
    person: SimulatedUser,
    contents: Sequence[bytes],
    names: Sequence[str],
    given: dict[str, str],
    chat: Chat,
    reply_to: Message | None,
) -> None:
    """Send what the page sends: a text, pictures as photos or files, a moving GIF, or an album.

    Raises:
        HTTPException: 422, with the reason for people.
    """
    words = given["text"].strip()
    not_too_long(words, captioned=bool(contents))
    as_file, spoiler = given["as_file"] == "true", given["spoiler"] == "true"
    sending: Awaitable[Any]
    if len(contents) > 1:
        sending = person.sends(
            album=contents,
            caption=words,
            album_of="document" if as_file else "photo",
            file_names=names,
            spoilers=range(len(contents)) if spoiler and not as_file else (),
            to=chat,
            reply_to=reply_to,
        )
    elif contents and as_file:
        sending = person.sends(
            document=contents[0], file_name=names[0], caption=words, to=chat, reply_to=reply_to
        )
    elif contents and is_moving_gif(contents[0]):
        sending = person.sends(
            animation=contents[0],
            thumbnail=contents[0],
            caption=words,
            spoiler=spoiler,
            to=chat,
            reply_to=reply_to,
        )
    elif contents:
        sending = person.sends(
            photo=contents[0], caption=words, spoiler=spoiler, to=chat, reply_to=reply_to
        )
    elif words:
        sending = person.sends(words, to=chat, reply_to=reply_to)
    else:
        raise HTTPException(422, "There is nothing to send.")
    await or_refused(sending)


async def or_refused(doing: Awaitable[Any]) -> Any:
    """Return the result; answer 422 with the reason if Telegram's clients do not allow it."""
    try:
        return await doing
    except NotAPhotoError:
        raise HTTPException(
            422, "Telegram can't show that as a picture. Send it as a file."
        ) from None
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


def not_too_long(words: str, *, captioned: bool) -> None:
    """Answer 422 if a text is longer than Telegram's clients allow."""
    limit = limits.CAPTION_LENGTH if captioned else limits.TEXT_LENGTH
    if len(words) > limit:
        raise HTTPException(422, f"Telegram takes up to {limit:,} characters here.")
