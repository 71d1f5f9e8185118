"""Each cause of a download that fails has a sentence of its own, which says what to do."""

import errno
import ssl
from pathlib import Path

import httpx
import pytest

from inference.model.hub import faults


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "part", "passing"),
    [
        (
            caused(
                httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"),
                ssl.SSLCertVerificationError("certificate verify failed"),
            ),
            "the certificate of the model hub (hub.test) is not trusted here",
            False,
        ),
        (httpx.ProxyError("403 Forbidden"), "check HTTPS_PROXY", True),
        (httpx.UnsupportedProtocol("missing"), "HF_ENDPOINT is 'https://hub.test'", False),
        (httpx.ReadTimeout("no answer"), "hub.test does not answer in time", True),
        (httpx.ConnectError("no route"), "the model hub can't be reached", True),
        (httpx.RemoteProtocolError("it hung up"), "the model hub can't be reached", True),
        (TimeoutError("no answer in 10 s"), "hub.test does not answer in time", True),
    ],
)
def test_what_stands_between_us_and_the_hub(
    monkeypatch: pytest.MonkeyPatch, error: Exception, part: str, *, passing: bool
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.test/")
    fault = faults.of_error(error)
    assert fault is not None
    assert part in str(fault)
    assert fault.passing is passing


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk is full"),
        (OSError(errno.EROFS, "Read-only file system"), "is on a read-only file system"),
        (PermissionError(errno.EACCES, "Permission denied"), "may not be opened"),
        (OSError(errno.EIO, "Input/output error"), "can't be written (Input/output error)"),
    ],
)
def test_what_keeps_the_cache_from_being_written(error: OSError, part: str) -> None:
    fault = faults.of_disk(error, Path("/cache/models--a--b"))
    assert fault is not None
    assert part in str(fault)
    assert "/cache/models--a--b" in str(fault)
    assert "HF_HOME" in str(fault)


def test_a_file_of_certificates_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    fault = faults.of_error(FileNotFoundError(errno.ENOENT, "No such file or directory"))
    assert str(fault) == "SSL_CERT_FILE is '/nowhere.pem', and there is no such file"


def test_a_proxy_that_wants_a_password_is_named() -> None:
    assert "check HTTPS_PROXY" in str(faults.of_status(407, {}, with_token=False))


def test_a_token_that_has_expired_is_named_whatever_the_hub_calls_it() -> None:
    said = {
        "X-Error-Code": "RepoNotFound",
        "X-Error-Message": "Invalid credentials in Authorization header",
    }
    assert "it may have expired" in str(faults.of_status(401, said, with_token=True))


def test_an_error_of_our_own_is_none_of_the_hubs() -> None:
    assert faults.of_error(KeyError("surprise")) is None
    assert faults.of_disk(OSError(errno.EIO, "of another file")) is None


def test_a_login_that_was_saved_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    assert "the saved login" in str(faults.of_status(401, {}, with_token=True))
