import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from gateway.config import Config, certificate, load
from gateway.errors import ConfigError

TEXT = """\
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "office@example.edu"
[relay]
certificate_file = "chain.pem"
key_file = "key.pem"
"""

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(("openssl", *arguments), cwd=folder, check=True, capture_output=True)


def certify(folder: Path, *more: str, key: str = "ec") -> None:
    """Make a pair in the files that the configuration names."""
    kind = ("-pkeyopt", "ec_paramgen_curve:P-256") if key == "ec" else ()
    openssl(
        folder,
        *("req", "-x509", "-nodes", "-newkey", key, *kind, "-subj", "/CN=mail.example.edu"),
        *("-keyout", "key.pem", "-out", "chain.pem", "-days", "2", *more),
    )


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "monition.toml"
    file.write_text(TEXT)
    return load(file, {})


@pytest.fixture
def told(config: Config, tmp_path: Path):
    """Tells the faults, and that the listener is told the same of those that end it."""

    def tell(*, is_fatal: bool = True) -> list[str]:
        found = list(certificate.faults(config))
        if is_fatal:
            with pytest.raises(ConfigError) as raised:
                certificate.load(config)
            assert list(raised.value.faults) == found
        else:
            assert certificate.load(config) is not None
        return [str(fault).replace(f"{tmp_path}/", "") for fault in found]

    return tell


def test_a_pair_makes_a_context_for_tls_1_2_and_above(config: Config, tmp_path: Path):
    certify(tmp_path)
    context = certificate.load(config)
    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert list(certificate.faults(config)) == []


def test_without_a_pair_there_is_none(tmp_path: Path):
    file = tmp_path / "monition.toml"
    file.write_text(TEXT.partition("[relay]")[0])
    assert certificate.load(load(file, {})) is None
    assert list(certificate.faults(load(file, {}))) == []


def test_missing_files_are_told_both(told):
    reason = "No such file or directory"
    remedy = "the gateway's user must be able to read it, now and at every SIGHUP"
    assert told() == [
        f"monition.toml:8: relay.certificate_file: chain.pem can't be read: {reason}; {remedy}",
        f"monition.toml:9: relay.key_file: key.pem can't be read: {reason}; {remedy}",
    ]


def test_a_key_of_another_certificate_is_told(told, tmp_path: Path):
    certify(tmp_path)
    first = (tmp_path / "key.pem").read_bytes()
    certify(tmp_path)
    (tmp_path / "key.pem").write_bytes(first)
    assert told() == [
        (
            "monition.toml:9: relay.key_file: key.pem is not the key of the first certificate in"
            " chain.pem; name the pair"
        )
    ]


@pytest.mark.parametrize("text", ["", "nonsense\n", "-----BEGIN CERTIFICATE-----\nxxxx\n"])
def test_what_is_no_certificate_is_told(told, tmp_path: Path, text: str):
    certify(tmp_path)
    (tmp_path / "chain.pem").write_text(text)
    assert told() == [
        "monition.toml:8: relay.certificate_file: chain.pem holds no certificate in PEM"
    ]


@pytest.mark.parametrize("text", ["", "nonsense\n", "-----BEGIN PRIVATE KEY-----\nxxxx\n"])
def test_what_is_no_key_is_told(told, tmp_path: Path, text: str):
    certify(tmp_path)
    (tmp_path / "key.pem").write_text(text)
    assert told() == ["monition.toml:9: relay.key_file: key.pem holds no private key in PEM"]


def test_a_key_with_a_passphrase_is_told_and_asks_nobody(told, tmp_path: Path):
    certify(tmp_path)
    passphrase = ("-aes128", "-passout", "pass:secret")
    openssl(tmp_path, "pkey", "-in", "key.pem", *passphrase, "-out", "locked.pem")
    (tmp_path / "locked.pem").rename(tmp_path / "key.pem")
    assert told() == [
        (
            "monition.toml:9: relay.key_file: key.pem has a passphrase, and nobody is there to type"
            " it; store it without"
        )
    ]


def test_a_key_that_is_too_short_is_told_in_openssls_words(told, tmp_path: Path):
    certify(tmp_path, key="rsa:1024")
    assert told() == [
        "monition.toml:8: relay.certificate_file: OpenSSL does not take chain.pem: ee key too small"
    ]


def test_p05_a_certificate_that_has_expired_is_told_and_serves(told, tmp_path: Path):
    certify(tmp_path)
    # Not by openssl: 3.5 takes no negative days, and 3.0 no dates.
    key = load_pem_private_key((tmp_path / "key.pem").read_bytes(), None)
    before = x509.load_pem_x509_certificate((tmp_path / "chain.pem").read_bytes())
    yesterday = datetime.now(UTC) - timedelta(days=1)
    expired = (
        x509.CertificateBuilder(before.issuer, before.subject, before.public_key())
        .serial_number(before.serial_number)
        .not_valid_before(yesterday - timedelta(days=1))
        .not_valid_after(yesterday)
        .sign(key, SHA256())
    )
    (tmp_path / "chain.pem").write_bytes(expired.public_bytes(Encoding.PEM))
    assert told(is_fatal=False) == [
        (
            "monition.toml:8: relay.certificate_file: clients that verify refuse chain.pem:"
            " certificate has expired; renew it"
        )
    ]


def test_a_certificate_for_another_purpose_is_told_and_serves(told, tmp_path: Path):
    certify(tmp_path, "-addext", "extendedKeyUsage=clientAuth")
    assert told(is_fatal=False) == [
        (
            "monition.toml:8: relay.certificate_file: clients that verify refuse chain.pem:"
            " unsuitable certificate purpose; renew it"
        )
    ]
