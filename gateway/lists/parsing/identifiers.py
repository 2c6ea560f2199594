"""Numbers by which registers know an institution, and by which two lists mean the same one.

A wrong identifier would make two institutions one. What is read from free text is therefore taken
only where its check digits are right and its register is named.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_INN = re.compile(
    r"(?:\b(?:INN|ИНН|TIN)\b|\btax(?:payer)?s?\W{1,3}(?:id|identification|number|reg))[^\d\n]{0,40}"
    r"(?<!\d)(\d{10})(?!\d)",
    re.IGNORECASE,
)
_OGRN = re.compile(
    r"\b(?:OGRN|ОГРН|(?:primary )?state registration)[^\d\n]{0,40}(?<!\d)(\d{13})(?!\d)",
    re.IGNORECASE,
)
_BARE_OGRN = re.compile(r"(?<![\w.-])([15]\d{12})(?![\w-])", re.ASCII)
_LEI = re.compile(r"(?<![\w-])([0-9A-Z]{18}\d{2})(?![\w-])", re.ASCII)


def registered(text: str, country: str | None) -> Iterator[str]:
    """Give the identifiers that a text about registration holds, as ``scheme:value``.

    ``ru-inn`` (Russian tax number of a legal entity, ten digits) and ``ru-ogrn`` (Russian state
    registration, 13 digits) where the text names the register, or, for the second, where the
    country is Russia; ``lei`` (ISO 17442).
    """
    for found in _INN.finditer(text):
        if is_inn(found[1]):
            yield f"ru-inn:{found[1]}"
    numbers = [found[1] for found in _OGRN.finditer(text)]
    if country == "RU":
        numbers += [found[1] for found in _BARE_OGRN.finditer(text)]
    for number in numbers:
        if is_ogrn(number):
            yield f"ru-ogrn:{number}"
    for found in _LEI.finditer(text):
        if is_lei(found[1]):
            yield f"lei:{found[1].lower()}"


def is_inn(number: str) -> bool:
    """Whether ten digits are a Russian tax number of a legal entity: the last checks the others."""
    if not re.fullmatch(r"\d{10}", number, re.ASCII):
        return False
    weights = (2, 4, 10, 3, 5, 9, 4, 6, 8)
    total = sum(weight * int(digit) for weight, digit in zip(weights, number[:9], strict=True))
    return total % 11 % 10 == int(number[9])


def is_ogrn(number: str) -> bool:
    """Whether 13 digits are a Russian state registration number: the last checks the others."""
    if not re.fullmatch(r"\d{13}", number, re.ASCII):
        return False
    return int(number[:12]) % 11 % 10 == int(number[12])


def is_lei(code: str) -> bool:
    """Whether a text is a legal entity identifier: ISO 17442, check digits by ISO 7064."""
    if not re.fullmatch(r"[0-9A-Za-z]{18}\d{2}", code, re.ASCII):
        return False
    return int("".join(str(int(sign, 36)) for sign in code)) % 97 == 1
