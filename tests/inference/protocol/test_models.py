"""Short names of models, and what is known of them."""

from pathlib import Path

import pytest

from bot.settings import BotSettings
from inference.protocol.errors import SettingError
from inference.protocol.models import is_multilingual, model_file, presets, resolve
from inference.protocol.settings import DEFAULT_MODEL, SharedSettings, WorkerSettings, load


def test_short_names_become_hub_ids() -> None:
    assert {preset.name: resolve(preset.name) for preset in presets()} == {
        "clip-b32": DEFAULT_MODEL,
        "clip-l14": "openai/clip-vit-large-patch14",
        "siglip2-b32": "google/siglip2-base-patch32-256",
        "siglip2-b16": "google/siglip2-base-patch16-224",
        "siglip2-l16": "google/siglip2-large-patch16-256",
    }
    assert resolve("SigLIP2-B16") == "google/siglip2-base-patch16-224"


@pytest.mark.parametrize("kind", [BotSettings, WorkerSettings])
def test_bot_and_worker_agree_whichever_name_they_are_given(
    kind: type[SharedSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "123456:ABC-DEF1234_x")
    for name in ("siglip2-b16", " SIGLIP2-B16 ", "google/siglip2-base-patch16-224"):
        monkeypatch.setenv("CLIP_MODEL", name)
        assert load(kind).clip_model == "google/siglip2-base-patch16-224"
        assert load(kind, clip_model=name).clip_model == "google/siglip2-base-patch16-224"


@pytest.mark.parametrize("name", ["demo", "scripted", "random", "my-model", "openai/clip-b32", "x"])
def test_other_names_stay_as_they_are(name: str) -> None:
    assert resolve(name) == name


@pytest.mark.parametrize(
    ("written", "meant"),
    [("siglip2-b61", "siglip2-b16"), ("clip-b-32", "clip-b32"), ("siglip-b16", "siglip2-b16")],
)
def test_a_name_like_a_short_one_is_refused_with_the_one_that_was_meant(
    written: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingError, match=f"^CLIP_MODEL is '{written}', .* mean {meant}"):
        load(WorkerSettings, clip_model=written)
    monkeypatch.chdir(tmp_path)
    Path(written).mkdir()
    assert load(WorkerSettings, clip_model=written).clip_model == written


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("demo", True),
        ("clip-b32", False),
        ("openai/clip-vit-base-patch32", False),
        ("google/siglip2-base-patch16-224", True),
        ("Google/SigLIP2-so400m-patch14-384", True),
        ("google/siglip-base-patch16-224", False),
        ("google/siglip-base-patch16-256-multilingual", True),
        ("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", False),
        ("laion/CLIP-ViT-B-32-xlm-roberta-base-laion5B-s13B-b90k", True),
        ("/home/me/my-model", None),
        ("someone/else", None),
    ],
)
def test_which_models_read_spanish(model: str, expected: bool | None) -> None:
    assert is_multilingual(model) is expected


def test_each_figure_has_a_source() -> None:
    assert {preset.source for preset in presets()} == set(model_file().sources)
