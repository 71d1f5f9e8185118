"""What people read when none of their phrases fits, with the bundled model."""

import io
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

import inference
from clipbot_playground.botapi.people import SimulatedUser
from clipbot_playground.botapi.server import BotApiServer
from tests.playground.botapi.pictures import sides

_SAMPLES = Path(inference.__file__).parent / "demo_model" / "samples"
_NONE = {"en": "None of these seems to fit.", "es": "Ninguna de estas parece encajar."}
_FAR = {
    "en": "a slice of pizza, a dog, a red car",
    "es": "un trozo de pizza, un perro, un coche rojo",
}
_NEAR = {"en": "a rocket, a slice of pizza, a dog", "es": "un cohete, un trozo de pizza, un perro"}


def _sample(name: str) -> bytes:
    return (_SAMPLES / f"{name}.png").read_bytes()


@pytest_asyncio.fixture(loop_scope="session")
async def person(server: BotApiServer, has_demo: bool, language: str) -> SimulatedUser:
    """Return a person who has had one answer about a single phrase.

    Such an answer waits until the worker has encoded everyday things; others don't.
    """
    if not has_demo:
        pytest.skip("the bundled model is not there yet")
    person = server.person("Carmen", language)
    photo = await person.sends(_sample("a-rocket"), caption="un cohete")
    await person.hears(reply_to=photo, within=60)
    return person


@pytest.mark.parametrize("language", ["en", "es"])
async def test_phrases_that_are_far_off_are_said_not_to_fit(
    person: SimulatedUser, language: str
) -> None:
    photo = await person.sends(_sample("a-rocket"), caption=_FAR[language])
    far = await person.hears(reply_to=photo)
    assert (far.caption or "").startswith("🏆 ")
    assert _NONE[language] in (far.caption or "")
    # An edit that names what the picture shows takes the sentence and the grey bar away.
    assert far.photo
    height = sides(far.photo)[1]
    await person.edits(photo, caption=_NEAR[language])
    await person.hears(edit_of=far)
    assert _NONE[language] not in (far.caption or "")
    assert far.photo
    assert sides(far.photo)[1] < height


@pytest.mark.parametrize("language", ["en"])
async def test_an_album_marks_the_pictures_that_no_phrase_fits(
    person: SimulatedUser, language: str
) -> None:
    album = await person.sends(
        album=[_sample("a-rocket"), _sample("a-turtle")],
        caption="a rocket, a slice of pizza, a red car",
    )
    rocket, turtle = ((await person.hears(reply_to=album)).caption or "").splitlines()
    assert "a rocket" in rocket
    assert "none fits" not in rocket
    assert turtle.endswith(" · none fits")


@pytest.mark.parametrize(
    ("language", "words"), [("en", "I run the demo model"), ("es", "Uso el modelo de demostración")]
)
async def test_the_demo_model_says_that_it_does_not_know_photographs(
    person: SimulatedUser, language: str, words: str
) -> None:
    grains = np.random.default_rng(1).normal(128, 50, (480, 640)).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(grains).convert("RGB").save(file, "JPEG")
    photo = await person.sends(file.getvalue(), caption=_NEAR[language])
    assert ((await person.hears(reply_to=photo)).caption or "").count(words) == 1
    drawing = await person.sends(_sample("a-rocket"), caption=_NEAR[language])
    assert words not in ((await person.hears(reply_to=drawing)).caption or "")
