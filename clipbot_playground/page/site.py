"""The page's server: the page itself, and under /play/ live updates and what people do."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from clipbot_playground.botapi.methods import commands
from clipbot_playground.botapi.model import limits
from clipbot_playground.botapi.model.chats import Chat, Message
from clipbot_playground.botapi.model.content import Content
from clipbot_playground.botapi.model.media import FileMedia, Media, Photo
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from clipbot_playground.page.event_stream import EventStream
from clipbot_playground.page.gallery import Gallery
from clipbot_playground.page.loopback_guard import LoopbackGuard
from clipbot_playground.page.offer import ModelOffer
from clipbot_playground.page.sending import not_too_long, or_refused, send_as
from clipbot_playground.page.serializers import inline_json, media_unique_id
from clipbot_playground.page.system_panel import SystemPanel

_PAGE: Final = Path(str(files("clipbot_playground.page"))) / "static"
# Seconds after which Telegram's clients stop waiting for the answer to a pressed button.
_PRESS_TIMEOUT: Final = 15.0
_LONGEST_NAME: Final = 60


class Site:
    """The page in front of one Bot API server.

    Args:
        offer: the model that the page offers to get; None if there is nothing to offer.

    Attributes:
        people: the people as whom the page can write, by user id, in the order of their creation.
        application: the ASGI application.
    """

    def __init__(
        self,
        server: BotApiServer,
        system_panel: SystemPanel,
        gallery: Gallery,
        offer: ModelOffer | None = None,
    ) -> None:
        self.people: dict[int, SimulatedUser] = {}
        self._server = server
        self._system_panel = system_panel
        self._gallery = gallery
        self._offer = offer
        self.application = Starlette(
            routes=[
                Route("/", self._index),
                Mount("/page", StaticFiles(directory=_PAGE)),
                Route("/play/events", self._events),
                Route("/play/samples", self._samples),
                Route("/play/samples/{name}", self._sample),
                Route("/play/media/{chat}/{message:int}/{unique_id}", self._media),
                Route("/play/media/{chat}/{message:int}/{unique_id}/file", self._file),
                Route("/play/menu", self._menu),
                Route("/play/send", self._send, methods=["POST"]),
                Route("/play/edit", self._edit, methods=["POST"]),
                Route("/play/press", self._press, methods=["POST"]),
                Route("/play/inline", self._inline, methods=["POST"]),
                Route("/play/choose", self._choose, methods=["POST"]),
                Route("/play/people", self._new_person, methods=["POST"]),
                Route("/play/groups", self._new_group, methods=["POST"]),
                Route("/play/offer", self._take_offer, methods=["POST"]),
            ],
            middleware=[Middleware(LoopbackGuard)],
            exception_handlers={HTTPException: _error},
        )

    def add_person(self, name: str, language: str | None = "en") -> SimulatedUser:
        """Add a person as whom the page can write."""
        person = self._server.person(name, language)
        self.people[person.user.id] = person
        return person

    async def _index(self, _request: Request) -> Response:
        return FileResponse(_PAGE / "index.html", headers={"cache-control": "no-cache"})

    async def _events(self, _request: Request) -> Response:
        events = EventStream(self._server, self._system_panel, self._offer)
        return StreamingResponse(
            events.stream(), media_type="text/event-stream", headers={"cache-control": "no-store"}
        )

    async def _samples(self, request: Request) -> Response:
        person = self.people.get(_number(request.query_params.get("person")))
        language = person.user.language_code if person else None
        return JSONResponse(self._gallery.to_json(language))

    async def _sample(self, request: Request) -> Response:
        if (sample := self._gallery.get(request.path_params["name"])) is None:
            raise HTTPException(404, "There is no such sample.")
        return FileResponse(sample.path)

    async def _media(self, request: Request) -> Response:
        """Return the picture in a message: a photo, or the preview of a file."""
        media = self._media_named(request.path_params)
        if isinstance(media, Photo):
            jpeg = media.content
        elif isinstance(media, FileMedia) and media.thumbnail is not None:
            jpeg = media.thumbnail.sent.file.content
        else:
            raise HTTPException(404, "There is no picture in that message.")
        return Response(jpeg, media_type="image/jpeg", headers=_KEPT)

    async def _file(self, request: Request) -> Response:
        """Return a file for saving. Browsers never show it, whatever it contains."""
        media = self._media_named(request.path_params)
        if not isinstance(media, FileMedia):
            raise HTTPException(404, "There is no file in that message.")
        name = quote(str(dict(media.about).get("file_name") or media.kind))
        save = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(media.content, media_type="application/octet-stream", headers=save | _KEPT)

    async def _menu(self, request: Request) -> Response:
        person, chat = self._who_and_where(request.query_params)
        return JSONResponse(commands.menu(self._server.world, person.user, chat))

    async def _send(self, request: Request) -> Response:
        async with request.form(max_files=limits.MEDIA_GROUP_MAX) as form:
            person, chat = self._who_and_where(form)
            pictures = [item for item in form.getlist("files") if isinstance(item, UploadFile)]
            contents = [await picture.read() for picture in pictures]
            names = [picture.filename or "file" for picture in pictures]
            names_given = ("text", "reply_to", "as_file", "spoiler")
            given = {name: str(form.get(name) or "") for name in names_given}
            sample = self._gallery.get(str(form.get("sample") or ""))
        if sample is not None:
            contents, names = [sample.path.read_bytes()], [sample.path.name]
        reply_to = self._message(chat, given["reply_to"]) if given["reply_to"] else None
        await send_as(person, contents, names, given, chat, reply_to)
        return JSONResponse({}, 201)

    async def _edit(self, request: Request) -> Response:
        given = await _object(request)
        person, chat = self._who_and_where(given)
        message = self._message(chat, given.get("message"))
        words = str(given.get("text", "")).strip()
        if not words and message.content.media is None:
            raise HTTPException(422, "A message can't be empty.")
        not_too_long(words, captioned=message.content.media is not None)
        await or_refused(person.edits(message, words))
        return JSONResponse({})

    async def _press(self, request: Request) -> Response:
        given = await _object(request)
        person, chat = self._who_and_where(given)
        message = self._message(chat, given.get("message"))
        pressing = person.presses(message, str(given.get("data")), within=_PRESS_TIMEOUT)
        try:
            answer = await or_refused(pressing)
        except TimeoutError:
            raise HTTPException(504, "The bot has not answered in time.") from None
        return JSONResponse({"text": answer.text, "alert": answer.show_alert, "url": answer.url})

    async def _inline(self, request: Request) -> Response:
        """Return what the bot offers for a text that is typed after its name."""
        given = await _object(request)
        person, chat = self._who_and_where(given)
        querying = person.queries(str(given.get("text") or ""), chat=chat, within=_PRESS_TIMEOUT)
        try:
            offered = await or_refused(querying)
        except TimeoutError:
            raise HTTPException(504, "The bot has not answered in time.") from None
        return JSONResponse(inline_json(offered))

    async def _choose(self, request: Request) -> Response:
        """Send what a choice says, or press the button above the choices."""
        given = await _object(request)
        person, chat = self._who_and_where(given)
        offered = self._server.world.inline_answers.get(str(given.get("query")))
        if offered is None:
            raise HTTPException(404, "These choices no longer exist.")
        if given.get("choice") is None:
            await or_refused(person.starts(offered.start_parameter))
        else:
            await or_refused(person.chooses(offered, str(given["choice"]), to=chat))
        return JSONResponse({}, 201)

    async def _new_person(self, request: Request) -> Response:
        """Add a person; with `chat` also as a new member of that group."""
        given = await _object(request)
        name = _name(given)
        group = self._chat(given["chat"]) if given.get("chat") else None
        person = self.add_person(name, str(given.get("language") or "en"))
        if group is not None and not group.is_private:
            group.members[person.user.id] = person.user
            joined = {"new_chat_members": [person.user.to_json()]}
            self._server.world.post(group, person.user, Content(), service=joined)
        self._server.world.notifier.notify()
        return JSONResponse({"id": person.user.id}, 201)

    async def _new_group(self, request: Request) -> Response:
        given = await _object(request)
        title = _name(given)
        ids = given.get("members")
        members = [self._person(id_) for id_ in ids] if isinstance(ids, list) else []
        if not members:
            raise HTTPException(422, "A group needs at least one member.")
        group = self._server.group(title, members)
        return JSONResponse({"id": group.id}, 201)

    async def _take_offer(self, request: Request) -> Response:
        """Take a step of the offer; one that comes too late changes nothing."""
        step = str((await _object(request)).get("step"))
        if self._offer is None:
            raise HTTPException(404, "There is no model to get.")
        await or_refused(self._offer.take(step))
        return JSONResponse({})

    def _who_and_where(self, given: Any) -> tuple[SimulatedUser, Chat]:
        return self._person(given.get("person")), self._chat(given.get("chat"))

    def _person(self, id_: Any) -> SimulatedUser:
        if (person := self.people.get(_number(id_))) is None:
            raise HTTPException(404, "There is no such person.")
        return person

    def _chat(self, id_: Any) -> Chat:
        if (chat := self._server.world.chats.get(_number(id_))) is None:
            raise HTTPException(404, "There is no such chat.")
        return chat

    def _message(self, chat: Chat, id_: Any) -> Message:
        if (message := chat.messages.get(_number(id_))) is None:
            raise HTTPException(404, "That message no longer exists.")
        return message

    def _media_named(self, given: dict[str, Any]) -> Media:
        """Return media of a message; also earlier ones, because the page learns of edits later."""
        message = self._message(self._chat(given["chat"]), given["message"])
        for content in reversed(message.versions):
            media = content.media
            if media is not None and media_unique_id(media) == given["unique_id"]:
                return media
        raise HTTPException(404, "That picture no longer exists.")


_KEPT: Final = {"cache-control": "private, max-age=3600"}


async def _object(request: Request) -> dict[str, Any]:
    try:
        given = await request.json()
        # JSON can contain half a surrogate pair ("\ud83d"), which can't be encoded as UTF-8.
        json.dumps(given, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise HTTPException(422, "That text contains half a character.") from None
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise HTTPException(400, "The request must be a JSON object.")
    return given


def _name(given: dict[str, Any]) -> str:
    name = " ".join(str(given.get("name") or "").split())
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise HTTPException(422, f"A name has 1 to {_LONGEST_NAME} characters.")
    return name


def _number(id_: Any) -> int:
    try:
        return int(id_)
    except (TypeError, ValueError):
        return 0


async def _error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)
