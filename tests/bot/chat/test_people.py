"""Who speaks, and in which language."""

from dataclasses import replace

from bot.chat.people import speaker_of
from bot.storage import Store
from tests.bot.incoming import ALICE


async def test_a_person_speaks_their_language(store: Store) -> None:
    who = await speaker_of(replace(ALICE, language="es-MX"), store)
    assert (who.user_id, who.sentences.language) == (7, "es")
    await store.set_language(7, "en")
    again = await speaker_of(replace(ALICE, language="es-MX"), store)
    assert again.sentences.language == "en"
