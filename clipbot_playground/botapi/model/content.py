"""What a message holds: text, media, buttons, and the reply that it asks for."""

from dataclasses import dataclass
from typing import Any

from clipbot_playground.botapi.model.entities import NOTHING, FormattedText
from clipbot_playground.botapi.model.media import Media

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class InlineKeyboardButton:
    """Telegram's `InlineKeyboardButton`. `action` is its one optional field, such as "url"."""

    text: str
    action: str
    value: Any

    def to_json(self) -> Json:
        """Return the Bot API's `InlineKeyboardButton`."""
        return {"text": self.text, self.action: self.value}


Keyboard = tuple[tuple[InlineKeyboardButton, ...], ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What an edit can change.

    Attributes:
        words: the text, or the caption of media.
        spoiler: whether the media are hidden until somebody taps on them.
    """

    words: FormattedText = NOTHING
    media: Media | None = None
    keyboard: Keyboard = ()
    above_media: bool = False
    spoiler: bool = False

    def fields(self) -> Json:
        """Return its fields in the Bot API's `Message`."""
        answer: Json = {} if self.media is None else self.media.fields()
        name, entities = ("text", "entities")
        if self.media is not None:
            name, entities = ("caption", "caption_entities")
        if self.words.text:
            answer[name] = self.words.text
        if self.words.entities:
            answer[entities] = [entity.to_json() for entity in self.words.entities]
        if self.above_media and self.media is not None:
            answer["show_caption_above_media"] = True
        if self.spoiler and self.media is not None:
            answer["has_media_spoiler"] = True
        if self.keyboard:
            rows = [[button.to_json() for button in row] for row in self.keyboard]
            answer["reply_markup"] = {"inline_keyboard": rows}
        return answer


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """The bot's `ForceReply`: clients open a reply to its message.

    Attributes:
        placeholder: what the empty input field shows; "" for the client's own text.
        selective: whether it asks only the people whom it mentions or replies to.
    """

    placeholder: str = ""
    selective: bool = False
