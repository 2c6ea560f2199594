"""The lists that can be imported: where they are published, under which terms, how they are read.

A list may be published in several forms; each has a reader of its own and gives the same
entities. The addresses are the publishers' own.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import Fault, ListError
from gateway.lists.formats import eu_fsf, ftm, own_table, uk, un
from gateway.lists.formats.csl import csl_csv, csl_json
from gateway.lists.formats.ofac import advanced_xml, sdn_csv, sdn_xml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.lists.parsing.entry import Reader

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ListFormat:
    """One form a list is published in: the files that make it whole, by role, and its reader.

    A role is a file's name as it is published (``sdn.csv``). ``addresses`` are where each role is
    fetched; empty where nobody publishes it.
    """

    reader: Reader
    roles: tuple[str, ...]
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A list in the catalogue. The first form is the one that is fetched.

    ``fewest`` is the number of institutions below which a fetched file is taken for a broken one;
    ``largest`` bounds each of its files, in bytes. ``notice`` is what an institution has to know
    before it takes the list.
    """

    name: str
    title: str
    publisher: str
    licence: str
    formats: tuple[ListFormat, ...]
    fewest: int = 1
    largest: int = 300 * MEGABYTE
    notice: str = ""

    @property
    def can_be_fetched(self) -> bool:
        """Whether its publisher's addresses are known."""
        return bool(self.formats[0].addresses)


_OFAC = "https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/"
_US = "US government work, public domain"

SOURCES = (
    Source(
        "us-ofac-sdn",
        "Specially Designated Nationals and Blocked Persons List",
        "US Treasury, Office of Foreign Assets Control",
        _US,
        (
            ListFormat(
                sdn_csv.read,
                ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv"),
                tuple(
                    _OFAC + name for name in ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv")
                ),
            ),
            ListFormat(sdn_xml.read, ("sdn.xml",)),
            ListFormat(advanced_xml.read, ("sdn_advanced.xml",)),
        ),
        fewest=3000,
    ),
    Source(
        "us-ofac-non-sdn",
        "Consolidated Non-SDN List",
        "US Treasury, Office of Foreign Assets Control",
        _US,
        (
            ListFormat(
                sdn_csv.read_consolidated,
                ("cons_prim.csv", "cons_alt.csv", "cons_add.csv", "cons_comments.csv"),
                tuple(
                    _OFAC + name
                    for name in (
                        "cons_prim.csv",
                        "cons_alt.csv",
                        "cons_add.csv",
                        "cons_comments.csv",
                    )
                ),
            ),
            ListFormat(sdn_xml.read_consolidated, ("consolidated.xml",)),
            ListFormat(advanced_xml.read_consolidated, ("cons_advanced.xml",)),
        ),
        fewest=50,
    ),
    Source(
        "us-csl",
        "Consolidated Screening List",
        "US Department of Commerce, International Trade Administration",
        _US,
        (
            ListFormat(
                csl_csv.read,
                ("consolidated.csv",),
                (
                    "https://data.trade.gov/downloadable_consolidated_screening_list/v1/consolidated.csv",
                ),
            ),
            ListFormat(csl_json.read, ("consolidated.json",)),
        ),
        fewest=3000,
    ),
    Source(
        "eu-fsf",
        "Consolidated list of persons, groups and entities subject to EU financial sanctions",
        "European Commission",
        "EU, reuse with attribution",
        (ListFormat(eu_fsf.read, ("eu.xml",)),),
        notice="Its address holds a token that the Commission gives each user: import the file, "
        "or name a mirror.",
    ),
    Source(
        "uk-sanctions",
        "UK Sanctions List",
        "Foreign, Commonwealth and Development Office",
        "Open Government Licence v3.0",
        (
            ListFormat(
                uk.read,
                ("UK-Sanctions-List.csv",),
                ("https://sanctionslist.fcdo.gov.uk/docs/UK-Sanctions-List.csv",),
            ),
        ),
        fewest=300,
    ),
    Source(
        "un-sc",
        "United Nations Security Council Consolidated List",
        "United Nations Security Council",
        "public",
        (
            ListFormat(
                un.read,
                ("consolidated.xml",),
                ("https://scsanctions.un.org/resources/xml/en/consolidated.xml",),
            ),
        ),
        fewest=50,
    ),
    Source(
        "opensanctions",
        "OpenSanctions, collection of sanctioned entities",
        "OpenSanctions",
        "CC BY-NC 4.0: free for non-commercial use, else by their licence",
        (
            ListFormat(
                ftm.read,
                ("entities.ftm.json",),
                ("https://data.opensanctions.org/datasets/latest/sanctions/entities.ftm.json",),
            ),
        ),
        fewest=3000,
        largest=4096 * MEGABYTE,
        notice="Its licence is between your institution and OpenSanctions; the data is fetched "
        "only where you name it.",
    ),
    Source(
        "own",
        "The institution's own list",
        "your institution",
        "your own",
        (ListFormat(own_table.read, ("own.csv",)),),
    ),
)
"""In the order in which their word counts where two of them disagree."""

_BY_NAME = {source.name: source for source in SOURCES}

ROR = "ror"
"""The name under which the Research Organization Registry is imported. It is no sanction list:
it offers domains for entities that have none."""


def find_source(name: str) -> Source:
    """Give a source by its name. Raises :class:`ListError`, which names the nearest known one."""
    source = _BY_NAME.get(name)
    if source is None:
        near = difflib.get_close_matches(name, _BY_NAME, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(_BY_NAME)}"
        raise ListError([Fault("--source", None, None, f"{name} is in no catalogue; {hint}")])
    return source


def rank(name: str) -> int:
    """Where a source stands, from 0, when two disagree; what the catalogue has not comes last."""
    return next(
        (index for index, source in enumerate(SOURCES) if source.name == name), len(SOURCES)
    )


def format_for(source: Source, names: Iterable[str]) -> tuple[ListFormat, dict[str, str]]:
    """Give the form that files of these names make, and for each role the name that plays it.

    Names are compared without folders and case. One file for a form of one role may be called
    anything with that role's ending. Raises :class:`ListError`, which names the files that the
    source is made of.
    """
    given = list(names)
    plain_names = {name.replace("\\", "/").rpartition("/")[2].lower(): name for name in given}
    for format_ in source.formats:
        roles = {role: plain_names.get(role.lower()) for role in format_.roles}
        if len(given) == len(format_.roles) and all(roles.values()):
            return format_, {role: name for role, name in roles.items() if name}
    for format_ in source.formats:
        ending = format_.roles[0].rpartition(".")[2].lower()
        if len(given) == len(format_.roles) == 1 and given[0].lower().endswith(f".{ending}"):
            return format_, {format_.roles[0]: given[0]}
    wanted = "; or ".join(", ".join(format_.roles) for format_ in source.formats)
    raise ListError(
        [Fault(", ".join(given), None, None, f"{source.name} is made of these files: {wanted}")]
    )
