"""Settings: every wrong value is one sentence, and none of them tells a secret."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.settings import BotSettings
from inference.protocol.errors import SettingError
from inference.protocol.settings import DEFAULT_MODEL, SharedSettings, WorkerSettings, load

TOKEN = "123456:ABC-DEF1234_x"


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)


def test_a_token_is_enough() -> None:
    settings = load(BotSettings)
    assert (settings.token, settings.bot_id) == (TOKEN, 123456)
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert settings.database == "sqlite+aiosqlite:///data/clipbot.db"
    assert settings.nats_url is None
    assert (settings.max_labels, settings.max_queue, settings.max_per_user) == (50, 1_000, 10)


def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_QUEUE", "NATS_URL", "ADMIN_IDS", "WEBHOOK_URL", "METRICS_PORT"):
        monkeypatch.setenv(name, "")
    settings = load(BotSettings)
    assert (settings.max_queue, settings.nats_url, settings.admin_ids) == (1_000, None, frozenset())


def test_a_dotenv_file_speaks_to_the_hub_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "HF_TOKEN=hf_of_the_file\nHF_HOME=/file\nHF_ENDPOINT=\nPATH=/x\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", "/environment")
    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.delenv("HF_TOKEN")  # restored, whatever it is set to
    assert CliRunner().invoke(main, ["classify"]).exit_code == 2
    assert (os.environ["HF_TOKEN"], os.environ["HF_HOME"]) == ("hf_of_the_file", "/environment")
    assert "HF_ENDPOINT" not in os.environ
    assert os.environ["PATH"] != "/x"


def test_a_dotenv_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("MAX_QUEUE=7\nLOG_LEVEL=debug\nSOMETHING_ELSE=1\n")
    settings = load(BotSettings)
    assert (settings.max_queue, settings.log_level) == (7, "DEBUG")


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("TELEGRAM_API_URL", "api.telegram.org", "a web address that begins with https://"),
        ("WEBHOOK_URL", "ftp://host/x", "a web address that begins with https://"),
        ("WEBHOOK_PORT", "70000", "less than or equal to 65535"),
        ("WEBHOOK_PORT", "http", "a whole number"),
        ("METRICS_PORT", "-1", "greater than or equal to 0"),
        ("DATABASE_URL", "mysql://host/x", "begins with sqlite:/// or postgresql://"),
        ("DATABASE_URL", "clipbot.db", "an address such as sqlite:///"),
        ("ADMIN_IDS", "me, you", "numeric Telegram ids separated by commas"),
        ("ALLOWED_CHATS", "12;13", "numeric Telegram ids separated by commas"),
        ("MAX_PER_USER", "0", "greater than or equal to 1"),
        ("MAX_QUEUE", "many", "a whole number"),
        ("MAX_LABELS", "0", "greater than or equal to 1"),
        ("WAIT_NOTICE_MINUTES", "soon", "a number"),
        ("WAIT_NOTICE_MINUTES", "0", "greater than 0"),
        ("NATS_URL", "http://host:4222", "an address such as nats://"),
        (
            "NATS_URL",
            "nats://a:4222,http://b:4222",
            "separated by commas; 'http://b:4222' is not one",
        ),
        ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("LOG_FORMAT", "xml", "'text' or 'json'"),
    ],
)
def test_a_wrong_value_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, wanted: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as refusal:
        load(BotSettings)
    sentence = str(refusal.value)
    assert sentence.startswith(f"{name} is {value!r}, but it must be ")
    assert wanted in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("TELEGRAM_BOT_TOKEN", "no-colon-s3cret", "a token as @BotFather gives it"),
        ("TELEGRAM_BOT_TOKEN", "12:s3cret with space", "a token as @BotFather gives it"),
        ("WEBHOOK_SECRET", "s3cret with spaces", "1 to 256 of the characters"),
        ("WEBHOOK_SECRET", "s3cret" * 50, "1 to 256 of the characters"),
    ],
)
def test_a_wrong_secret_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, wanted: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as refusal:
        load(BotSettings)
    assert str(refusal.value).startswith(f"{name} is a value that can't be shown, but it must be ")
    assert wanted in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NATS_URL", "http://me:s3cret@host:4222"),
        ("DATABASE_URL", "mysql://me:s3cret@host/x"),
        ("TELEGRAM_API_URL", "ftp://me:s3cret@host"),
    ],
)
def test_a_password_in_a_wrong_address_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as refusal:
        load(BotSettings)
    assert name in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


def test_a_missing_token_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN")
    with pytest.raises(SettingError, match="TELEGRAM_BOT_TOKEN is not set"):
        load(BotSettings)


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite"),
        ("postgres://me@host/x", "postgresql+asyncpg"),
        ("postgresql://me:p%40ss@host:1/x", "postgresql+asyncpg"),
        ("postgresql+psycopg://host/x", "postgresql+asyncpg"),
    ],
)
def test_a_database_gets_an_asynchronous_driver(
    monkeypatch: pytest.MonkeyPatch, given: str, driver: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", given)
    assert load(BotSettings).database == f"{driver}:{given.partition(':')[2]}"


def test_ids_and_addresses_are_read_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_IDS", "[1, 2]")
    monkeypatch.setenv("ALLOWED_CHATS", " -100123,  7 ")
    monkeypatch.setenv("WEBHOOK_URL", "https://bot.example/hook/")
    settings = load(BotSettings)
    assert settings.admin_ids == frozenset({1, 2})
    assert settings.allowed_chats == frozenset({-100123, 7})
    assert settings.webhook_url == "https://bot.example/hook"


def test_a_webhook_is_never_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    derived = load(BotSettings).effective_webhook_secret
    assert len(derived) == 64
    assert TOKEN not in derived
    monkeypatch.setenv("WEBHOOK_SECRET", "my-own")
    assert load(BotSettings).effective_webhook_secret == "my-own"


def test_all_secrets_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:data-pass@host/x")
    monkeypatch.setenv("NATS_URL", "nats://me:nats-pass@host")
    monkeypatch.setenv("WEBHOOK_SECRET", "hook-pass")
    settings = load(BotSettings)
    wanted = {TOKEN, "ABC-DEF1234_x", "data-pass", "nats-pass", "hook-pass"}
    assert wanted <= set(settings.secrets)
    assert not any(secret in repr(settings) for secret in (TOKEN, "hook-pass"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLIP_DEVICE", "tpu"),
        ("CLIP_DTYPE", "int4"),
        ("MAX_BATCH", "0"),
        ("MAX_MEGAPIXELS", "-1"),
        ("NONE_FITS", "1.5"),
        ("NONE_FITS", "nan"),
        ("NONE_FITS", "on"),
    ],
)
def test_the_workers_settings_too(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=f"^{name} is '{value}', but it must be "):
        load(WorkerSettings)


@pytest.mark.parametrize(
    ("written", "none_fits"),
    [("OFF", "off"), (" auto", "auto"), ("0", 0.0), ("0.05", 0.05), ("", "auto")],
)
def test_the_threshold_is_a_number_or_a_word(
    monkeypatch: pytest.MonkeyPatch, written: str, none_fits: str | float
) -> None:
    monkeypatch.setenv("NONE_FITS", written)
    assert load(WorkerSettings).none_fits == none_fits


@pytest.mark.parametrize(
    ("written", "model"),
    [(" demo ", "demo"), ("a/b\t", "a/b"), ("\u00a0a/b\n", "a/b"), ("  ", DEFAULT_MODEL)],
)
@pytest.mark.parametrize("kind", [BotSettings, WorkerSettings])
def test_blanks_around_the_model_are_not_a_part_of_its_name(
    monkeypatch: pytest.MonkeyPatch, kind: type[SharedSettings], written: str, model: str
) -> None:
    monkeypatch.setenv("CLIP_MODEL", written)
    assert load(kind).clip_model == model
