"""The relay's certificate and its key, from two PEM files: loaded, or told what is wrong with them.

Used by the relay when it starts and reloads, and by ``config check``.
"""

from __future__ import annotations

import errno
import os
import ssl
from typing import TYPE_CHECKING

from gateway.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.config.settings import Config
    from gateway.errors import Fault

_CERTIFICATE, _KEY = "relay.certificate_file", "relay.key_file"
_TRIAL_ROUNDS = 8  # of a handshake, which takes two or three


def load(config: Config) -> ssl.SSLContext | None:
    """Make the context of the configured certificate; ``None`` where none is configured.

    TLS 1.2 and above (RFC 8996). Raises ``ConfigError`` where the two files don't serve.
    """
    certificate, key = config.relay.certificate_file, config.relay.key_file
    if certificate is None or key is None:
        return None
    unreadable = [*_unreadable(config, _CERTIFICATE, certificate), *_unreadable(config, _KEY, key)]
    if unreadable:
        raise ConfigError(unreadable)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A client that asks for a new handshake again and again costs us more than itself.
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(certificate, key, password=_refuse_passphrase)
    except (ssl.SSLError, _EncryptedError) as error:
        raise ConfigError([_fault(config, certificate, key, error)]) from error
    return context


def faults(config: Config) -> Iterator[Fault]:
    """Tell what keeps clients that verify from trusting us, or all from using TLS.

    None where no certificate is configured.
    """
    try:
        context = load(config)
    except ConfigError as error:
        yield from error.faults
        return
    certificate = config.relay.certificate_file
    if context is None or certificate is None:
        return
    if (refusal := _refusal(context, certificate)) is not None:
        message = f"clients that verify refuse {certificate}: {refusal}; renew it"
        yield config.fault(_CERTIFICATE, message)


class _EncryptedError(Exception):
    """The key asks for a passphrase."""


def _refuse_passphrase() -> str:
    # Without this OpenSSL would ask at the terminal, and a service would wait for ever.
    raise _EncryptedError


def _unreadable(config: Config, setting: str, path: Path) -> Iterator[Fault]:
    try:
        with path.open("rb"):
            return
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        remedy = "the gateway's user must be able to read it, now and at every SIGHUP"
        yield config.fault(setting, f"{path} can't be read: {reason}; {remedy}")


def _fault(config: Config, certificate: Path, key: Path, error: Exception) -> Fault:
    """Which of the two files OpenSSL means: its own words seldom say."""
    if isinstance(error, _EncryptedError):
        message = f"{key} has a passphrase, and nobody is there to type it; store it without"
        return config.fault(_KEY, message)
    reason = getattr(error, "reason", None) or "PEM_LIB"  # which has no name of its own here
    if reason == "KEY_VALUES_MISMATCH":
        message = f"{key} is not the key of the first certificate in {certificate}"
        return config.fault(_KEY, f"{message}; name the pair")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(certificate)
    except ssl.SSLError:
        return config.fault(_CERTIFICATE, f"{certificate} holds no certificate in PEM")
    if reason in {"PEM_LIB", "NO_START_LINE"}:
        return config.fault(_KEY, f"{key} holds no private key in PEM")
    # Too short a key, too old a signature: OpenSSL's reason is the best there is.
    message = f"OpenSSL does not take {certificate}: {reason.lower().replace('_', ' ')}"
    return config.fault(_CERTIFICATE, message)


def _refusal(server_context: ssl.SSLContext, certificate: Path) -> str | None:
    """Shake hands with ourselves as a client that trusts this very certificate.

    What is wrong then is wrong for every client: its dates, its purpose. Its name and its issuer
    are not looked at: whom clients know us as, and whom they trust, can't be seen from here.
    """
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname = False
    client_context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client_context.load_verify_locations(certificate)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server)
    for _ in range(_TRIAL_ROUNDS):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
            except ssl.SSLError as error:
                return (error.reason or str(error)).lower().replace("_", " ")
    return None
