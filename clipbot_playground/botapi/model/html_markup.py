"""`parse_mode=HTML`: from marked-up text to text and entities, with Telegram's own errors.

The rules are those of https://core.telegram.org/bots/api#html-style. The errors have TDLib's words
and byte offsets, because bots and their developers search for these texts.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, NoReturn
from urllib.parse import urlsplit, urlunsplit

from clipbot_playground.botapi.model.entities import Entity, utf16_length
from clipbot_playground.botapi.model.errors import BadRequestError
from clipbot_playground.botapi.model.users import User

_TYPES: Final = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "tg-spoiler": "spoiler", "span": "spoiler", "tg-emoji": "custom_emoji", "a": "text_link",
    "code": "code", "pre": "pre", "blockquote": "blockquote",
}  # fmt: skip
_CHARACTER: Final = re.compile(r"&(?:#x([0-9A-Fa-f]+)|#([0-9]+)|(lt|gt|amp|quot)(?![A-Za-z]));?")
_MAX_DIGITS: Final = 12  # of a character's number; Python parses long ones in quadratic time
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SPACE: Final = " \t\r\n\v\f"

FindUser = Callable[[int], User | None]


@dataclass(slots=True)
class _Open:
    """A tag without its end tag yet. `start` is in UTF-16 units, `index` in characters."""

    tag: str
    attributes: dict[str, str]
    start: int
    index: int


def parse_html(source: str, find_user: FindUser) -> tuple[str, list[Entity]]:
    """Return text and entities of marked-up text.

    Args:
        source: the text as the bot sent it.
        find_user: returns the user of `tg://user?id=…`; links to unknown users are dropped.

    Raises:
        BadRequestError: "can't parse entities: …" with the byte offset of the error.
    """
    return _Parser(source, find_user).parse()


class _Parser:
    def __init__(self, source: str, find_user: FindUser) -> None:
        self._source = source
        self._find_user = find_user
        self._at = 0
        self._text: list[str] = []
        self._length = 0  # of the text so far, in UTF-16 units
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        while self._at < len(self._source):
            if self._here() != "<":
                self._append(self._character())
            elif self._source.startswith("</", self._at):
                self._end_tag()
            else:
                self._start_tag()
        if self._open:
            self._complain(f'Can\'t find end tag corresponding to start tag "{self._open[-1].tag}"')
        # Telegram uses the language of <code> only inside <pre>.
        entities = [replace(e, language=None) if e.type == "code" else e for e in self._entities]
        return "".join(self._text), entities

    def _start_tag(self) -> None:
        begin = self._at
        self._at += 1
        tag = self._until(f"{_SPACE}>").lower()
        if not self._here():
            self._complain("Unclosed start tag", begin)
        if tag not in _TYPES:
            self._complain(f'Unsupported start tag "{tag}"', begin)
        attributes: dict[str, str] = {}
        while True:
            self._skip_space()
            if self._here() == ">":
                break
            if not self._here():
                self._complain(f'Unclosed start tag "{tag}"', begin)
            name, value = self._attribute(tag, begin)
            attributes[name] = value
        self._at += 1
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            self._complain('Tag "span" must have class "tg-spoiler"', begin)
        if tag == "tg-emoji" and not attributes.get("emoji-id", "").isdigit():
            self._complain("Invalid custom emoji identifier specified")
        self._open.append(_Open(tag, attributes, self._length, len(self._text)))

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        name = self._until(f"{_SPACE}=>").lower()
        if not name:
            self._complain(f'Empty attribute name in the tag "{tag}"', begin)
        self._skip_space()
        if self._here() != "=":
            return name, ""
        self._at += 1
        self._skip_space()
        quote = self._here()
        if not quote:
            self._complain(f'Unclosed start tag "{tag}"', begin)
        if quote not in "'\"":
            token_at = self._at
            token = re.compile(r"[A-Za-z0-9.-]*").match(self._source, self._at)
            assert token is not None
            self._at = token.end()
            if self._here() not in {*_SPACE, ">"}:
                self._complain("Unexpected end of name token", token_at)
            return name, token.group().lower()
        self._at += 1
        value = []
        while self._here() and self._here() != quote:
            value.append(self._character())
        if not self._here():
            self._complain("Unclosed start tag", begin)
        self._at += 1
        return name, "".join(value)

    def _end_tag(self) -> None:
        begin = self._at
        if not self._open:
            self._complain("Unexpected end tag", begin)
        self._at += 2
        tag = self._until(f"{_SPACE}>").lower()
        self._skip_space()
        if self._here() != ">":
            self._complain("Unclosed end tag", begin)
        opened = self._open.pop()
        if tag not in {"", opened.tag}:
            self._complain(
                f"Unmatched end tag at byte offset {self._bytes(begin)}, "
                f'expected "</{opened.tag}>", found "</{tag}>"'
            )
        self._at += 1
        if (entity := self._entity(opened)) is not None:
            self._entities.append(entity)

    def _entity(self, opened: _Open) -> Entity | None:
        length = self._length - opened.start
        if length == 0:
            return None
        kind = _TYPES[opened.tag]
        attributes = opened.attributes
        if kind == "text_link":
            written = "".join(self._text[opened.index :])
            return self._link(attributes.get("href") or written, opened.start, length)
        if kind == "custom_emoji":
            emoji = attributes["emoji-id"]
            return Entity(kind, opened.start, length, custom_emoji_id=emoji)
        if kind == "blockquote" and "expandable" in attributes:
            return Entity("expandable_blockquote", opened.start, length)
        if kind in {"pre", "code"}:
            return self._code(opened, kind, length)
        return Entity(kind, opened.start, length)

    def _code(self, opened: _Open, kind: str, length: int) -> Entity | None:
        """Return one `pre` with a language for <pre><code class="language-x">."""
        language = opened.attributes.get("class", "") if kind == "code" else ""
        language = language.removeprefix("language-") if language.startswith("language-") else ""
        inner = self._entities[-1] if self._entities else None
        if (
            inner is not None
            and inner.type in {"pre", "code"} - {kind}
            and (inner.offset, inner.length) == (opened.start, length)
            and (language or inner.language)
        ):
            self._entities.pop()
            return Entity("pre", opened.start, length, language=language or inner.language)
        return Entity(kind, opened.start, length, language=language or None)

    def _link(self, url: str, start: int, length: int) -> Entity | None:
        if url.startswith("tg://user?id="):
            number = url.removeprefix("tg://user?id=")
            user = self._find_user(int(number)) if number.isdigit() else None
            return Entity("text_mention", start, length, user=user) if user else None
        if (address := _web_address(url)) is None:
            return None
        return Entity("text_link", start, length, url=address)

    def _character(self) -> str:
        match = _CHARACTER.match(self._source, self._at)
        if match is not None:
            hexadecimal, decimal, name = match.groups()
            digits = hexadecimal or decimal or "0"
            code = int(digits, 16 if hexadecimal else 10) if len(digits) <= _MAX_DIGITS else 0
            if 0xD800 <= code <= 0xDFFF:
                self._complain(
                    "Text contains invalid Unicode characters after decoding HTML entities, "
                    "check for unmatched surrogate code units"
                )
            if name or 0 < code <= 0x10FFFF:
                self._at = match.end()
                return _NAMED[name] if name else chr(code)
        self._at += 1
        return self._source[self._at - 1]

    def _append(self, character: str) -> None:
        self._text.append(character)
        self._length += utf16_length(character)

    def _here(self) -> str:
        return self._source[self._at : self._at + 1]

    def _until(self, stop: str) -> str:
        begin = self._at
        while self._here() and self._here() not in stop:
            self._at += 1
        return self._source[begin : self._at]

    def _skip_space(self) -> None:
        while self._here() and self._here() in _SPACE:
            self._at += 1

    def _bytes(self, index: int) -> int:
        return len(self._source[:index].encode("utf-8", "surrogatepass"))

    def _complain(self, what: str, at: int | None = None) -> NoReturn:
        where = "" if at is None else f" at byte offset {self._bytes(at)}"
        raise BadRequestError(f"can't parse entities: {what}{where}")


def _web_address(url: str) -> str | None:
    """Return an address as Telegram writes it, "http://telegram.org/"; None if it is not valid."""
    parts = urlsplit(url.strip() if "://" in url else f"http://{url.strip()}")
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https", "tg"} or any(c in _SPACE for c in url.strip()):
        return None
    if parts.scheme != "tg" and "." not in host and host != "localhost":
        return None
    if parts.scheme == "tg":
        return url.strip()
    return urlunsplit(parts._replace(path=parts.path or "/"))
