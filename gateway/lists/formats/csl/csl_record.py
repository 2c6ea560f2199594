"""A row of the US Consolidated Screening List, from CSV or JSON alike, and the lists it gathers.

Three departments' lists are in it, told apart by the words of ``source``, which are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.lists.formats.ofac.ofac_entry import SDN
from gateway.lists.formats.ofac.ofac_facts import NON_SDN


@dataclass(frozen=True, slots=True)
class CslRecord:
    """One row, its fields apart and not yet judged.

    ``number`` is ``entity_number``, ``kind`` is ``type``. ``countries`` are the codes of its
    addresses; ``starts`` and ``ends`` are days as ``2022-08-02``; ``ids`` are label, value and the
    code of the country that issued it.
    """

    place: str
    source: str
    number: str
    kind: str
    name: str
    programmes: list[str] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)
    other_names: list[str] = field(default_factory=list)
    starts: str = ""
    ends: str = ""
    ids: list[tuple[str, str, str | None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class UnnumberedList:
    """A list without numbers: the department its ids begin with, and what a listing says."""

    name: str
    department: str
    source: str
    is_of_people: bool = False


_COMMERCE = " - Bureau of Industry and Security"
_STATE = " - State Department"
_TREASURY = " - Treasury Department"

LISTS = {
    f"Entity List (EL){_COMMERCE}": UnnumberedList(
        "US-BIS-EL", "us-bis", "US Entity List, 15 CFR Part 744, Supplement No. 4"
    ),
    f"Military End User (MEU) List{_COMMERCE}": UnnumberedList(
        "US-BIS-MEU", "us-bis", "US Military End-User List, 15 CFR Part 744, Supplement No. 7"
    ),
    f"Unverified List (UVL){_COMMERCE}": UnnumberedList(
        "US-BIS-UVL", "us-bis", "US Unverified List, 15 CFR Part 744, Supplement No. 6"
    ),
    f"Denied Persons List (DPL){_COMMERCE}": UnnumberedList(
        "US-BIS-DPL", "us-bis", "US Denied Persons List", is_of_people=True
    ),
    f"Nonproliferation Sanctions (ISN){_STATE}": UnnumberedList(
        "US-STATE-ISN", "us-state", "US Department of State, nonproliferation sanctions"
    ),
    f"ITAR Debarred (DTC){_STATE}": UnnumberedList(
        "US-STATE-AECA",
        "us-state",
        "US Department of State, debarred under the Arms Export Control Act",
        is_of_people=True,
    ),
}

OFAC = {
    f"Specially Designated Nationals (SDN){_TREASURY}": SDN,
    f"Capta List (CAP){_TREASURY}": NON_SDN,
    f"Foreign Sanctions Evaders (FSE){_TREASURY}": NON_SDN,
    f"Non-SDN Chinese Military-Industrial Complex Companies List (CMIC){_TREASURY}": NON_SDN,
    f"Non-SDN Menu-Based Sanctions List (NS-MBS List){_TREASURY}": NON_SDN,
    f"Palestinian Legislative Council List (PLC){_TREASURY}": NON_SDN,
    f"Sectoral Sanctions Identifications List (SSI){_TREASURY}": NON_SDN,
}
