"""Each cause of a failed download has its own clause, which says what to do."""

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
def test_errors_on_the_way_to_the_hub_have_their_own_clauses(
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
        (PermissionError(errno.EACCES, "Permission denied"), "can't be opened"),
        (OSError(errno.EIO, "Input/output error"), "can't be written (Input/output error)"),
    ],
)
def test_errors_of_the_disk_name_the_cache_and_its_setting(error: OSError, part: str) -> None:
    fault = faults.of_disk(error, Path("/cache/models--a--b"))
    assert fault is not None
    assert part in str(fault)
    assert "/cache/models--a--b" in str(fault)
    assert "HF_HOME" in str(fault)


def test_a_missing_file_of_certificates_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    fault = faults.of_error(FileNotFoundError(errno.ENOENT, "No such file or directory"))
    assert str(fault) == "SSL_CERT_FILE is '/nowhere.pem', and there is no such file"


def test_a_proxy_that_wants_a_password_is_named() -> None:
    assert "check HTTPS_PROXY" in str(faults.of_status(407, {}, with_token=False))


def test_an_expired_token_is_named_whatever_code_the_hub_sends() -> None:
    said = {
        "X-Error-Code": "RepoNotFound",
        "X-Error-Message": "Invalid credentials in Authorization header",
    }
    assert "it may have expired" in str(faults.of_status(401, said, with_token=True))


def test_other_errors_are_not_faults_of_the_hub() -> None:
    assert faults.of_error(KeyError("surprise")) is None
    assert faults.of_disk(OSError(errno.EIO, "of another file")) is None


def test_a_saved_login_is_not_called_hf_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    assert "the saved login" in str(faults.of_status(401, {}, with_token=True))
