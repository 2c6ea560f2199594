"""The forms in which mailboxes are compared."""

from __future__ import annotations

import re

# BATV, draft-levine-smtp-batv-01: prvs=KDDDSSSSSS=mailbox, signed by the mailbox's own host. Met
# as well: a digit less, the two changed about, and Barracuda's and Momentum's own forms.
_SIGNATURE = "[0-9]{3}[0-9a-z]{6,7}"
_BATV = tuple(
    re.compile(form, re.IGNORECASE | re.DOTALL)
    for form in (
        rf"prvs=+{_SIGNATURE}=+(?P<mailbox>[^=].*)",
        rf"prvs=(?P<mailbox>.+)[=/]{_SIGNATURE}",
        r"prvs=[0-9a-z]{10}=(?P<mailbox>.+)",
        r"btv1==[^=]+=+(?P<mailbox>[^=].*)",
        r"msprvs1=[^=]+=+(?P<mailbox>[^=].*)",
    )
)
# Several hosts on the way may have signed; more than that is somebody's play.
_MOST_SIGNATURES = 4


def mailbox_key(local: str) -> str:
    """Give the form in which local parts are compared.

    Only the receiving host may say that case matters (RFC 5321 section 2.4), and hardly one does.
    """
    return local.casefold()


def without_tag(key: str) -> str:
    """Give a mailbox key without its ``+tag`` (RFC 5233), which the same person reads."""
    base, _, _ = key.partition("+")
    return base or key


def without_batv(local: str) -> str:
    """Give a local part without its BATV signature, if it has one, in any of the forms met."""
    if "=" not in local:
        return local
    for _ in range(_MOST_SIGNATURES):
        found = next(filter(None, (form.fullmatch(local) for form in _BATV)), None)
        if found is None:
            break
        local = found["mailbox"]
    return local
