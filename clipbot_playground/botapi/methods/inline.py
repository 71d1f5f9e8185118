"""answerInlineQuery: choices for what a person types after the bot's name in any chat.

Source of the errors: https://github.com/tdlib/telegram-bot-api (Client.cpp) and TDLib
(InlineQueriesManager.cpp).
"""

import re
from typing import Any, Final

from clipbot_playground.botapi.methods import checks
from clipbot_playground.botapi.methods.parameters import Parameters
from clipbot_playground.botapi.model import limits
from clipbot_playground.botapi.model.entities import FormattedText, utf16_length
from clipbot_playground.botapi.model.errors import BadRequestError
from clipbot_playground.botapi.state.world import InlineAnswer, InlineChoice, World

# What may follow `/start`, in a link and in a button above choices.
START_PARAMETER: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{limits.START_PARAMETER_LENGTH}}}")


async def answer_inline_query(world: World, parameters: Parameters) -> bool:
    """`answerInlineQuery`. Of the 20 kinds of results there are articles that say a text."""
    described = parameters.structure("results", "Can't parse JSON encoded inline query results")
    if described is not None and not isinstance(described, list):
        raise BadRequestError("Expected an Array of inline query results")
    described = described or []
    if len(described) > limits.INLINE_RESULTS:
        raise BadRequestError("Too many inline query results specified")
    if len(parameters.text("next_offset").encode()) > limits.INLINE_OFFSET_LENGTH:
        raise BadRequestError("NEXT_OFFSET_INVALID")
    label, start_parameter = _button(parameters)
    choices = tuple(_choice(world, item) for item in described)
    if len({choice.id for choice in choices}) < len(choices):
        raise BadRequestError("RESULT_ID_DUPLICATE")
    query_id, is_personal = parameters.text("inline_query_id"), parameters.boolean("is_personal")
    answer = InlineAnswer(query_id, choices, label, start_parameter, is_personal)
    if not world.answer_inline(answer):
        raise BadRequestError(
            "query is too old and response timeout expired or query ID is invalid"
        )
    return True


def _choice(world: World, described: Any) -> InlineChoice:
    complaint = "can't parse inline query result: "
    if not isinstance(described, dict):
        raise BadRequestError(f"{complaint}expected an Object")
    if (kind := described.get("type")) != "article":
        raise BadRequestError(f'{complaint}type "{kind}" is unsupported')
    if described.get("reply_markup") is not None:
        raise BadRequestError(f"{complaint}buttons of inline messages are unsupported")
    id_, title = (str(described.get(name) or "") for name in ("id", "title"))
    if not 1 <= len(id_.encode()) <= limits.INLINE_RESULT_ID_LENGTH:
        raise BadRequestError("RESULT_ID_INVALID")
    if not title.strip():
        raise BadRequestError("ARTICLE_TITLE_EMPTY")
    words = _words(world, described.get("input_message_content"), complaint)
    return InlineChoice(id_, title, str(described.get("description") or ""), words)


def _words(world: World, content: Any, complaint: str) -> FormattedText:
    if not isinstance(content, dict):
        raise BadRequestError(f"{complaint}Input message content is not specified")
    text = content.get("message_text")
    if not isinstance(text, str):
        raise BadRequestError(f'{complaint}Field "message_text" must be of type String')
    mode = str(content.get("parse_mode") or "")
    words = checks.words(world, text, mode, content.get("entities"))
    if not words.text:
        raise BadRequestError("MESSAGE_EMPTY")
    if utf16_length(words.text) > limits.TEXT_LENGTH:
        raise BadRequestError("MESSAGE_TOO_LONG")
    return words


def _button(parameters: Parameters) -> tuple[str, str]:
    """Return the label and the start parameter of the button above the choices."""
    complaint = "can't parse inline query results button: "
    button = parameters.structure("button", f"{complaint}expected a JSON object")
    if button is None:
        return "", ""
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise BadRequestError(f'{complaint}Field "text" must be of type String')
    if not button["text"].strip():
        raise BadRequestError("SWITCH_PM_TEXT_EMPTY")
    parameter = str(button.get("start_parameter") or "")
    if not parameter:
        raise BadRequestError("START_PARAM_EMPTY")
    if not START_PARAMETER.fullmatch(parameter):
        raise BadRequestError("START_PARAM_INVALID")
    return button["text"], parameter
