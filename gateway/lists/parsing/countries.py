"""Countries as lists name them, and the code that stands for each: ISO 3166-1 alpha-2.

The names are ISO's English short names and, behind a bar, other forms that lists use. ``XK`` is no
code of ISO's but the one in common use for Kosovo.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NAMES = """
AD Andorra
AE United Arab Emirates | UAE
AF Afghanistan
AG Antigua and Barbuda
AI Anguilla
AL Albania
AM Armenia
AO Angola
AQ Antarctica
AR Argentina
AS American Samoa
AT Austria
AU Australia
AW Aruba
AX Åland Islands
AZ Azerbaijan
BA Bosnia and Herzegovina | Bosnia
BB Barbados
BD Bangladesh
BE Belgium
BF Burkina Faso
BG Bulgaria
BH Bahrain
BI Burundi
BJ Benin
BL Saint Barthélemy
BM Bermuda
BN Brunei Darussalam | Brunei
BO Bolivia | Bolivia, Plurinational State of
BQ Bonaire, Sint Eustatius and Saba
BR Brazil
BS Bahamas
BT Bhutan
BV Bouvet Island
BW Botswana
BY Belarus
BZ Belize
CA Canada
CC Cocos (Keeling) Islands | Cocos Islands
CD Democratic Republic of the Congo | Congo, Democratic Republic of the | Congo, Democratic Republic
CD Congo, The Democratic Republic of the | DRC
CF Central African Republic
CG Congo | Congo, Republic of the | Republic of the Congo
CH Switzerland
CI Côte d'Ivoire | Cote d Ivoire | Ivory Coast
CK Cook Islands
CL Chile
CM Cameroon
CN China | China, People's Republic of | People's Republic of China
CO Colombia
CR Costa Rica
CU Cuba
CV Cabo Verde | Cape Verde
CW Curaçao
CX Christmas Island
CY Cyprus
CZ Czechia | Czech Republic
DE Germany
DJ Djibouti
DK Denmark
DM Dominica
DO Dominican Republic
DZ Algeria
EC Ecuador
EE Estonia
EG Egypt
EH Western Sahara
ER Eritrea
ES Spain
ET Ethiopia
FI Finland
FJ Fiji
FK Falkland Islands (Malvinas) | Falkland Islands
FM Micronesia | Micronesia, Federated States of
FO Faroe Islands
FR France
GA Gabon
GB United Kingdom | United Kingdom of Great Britain and Northern Ireland | Great Britain | UK
GD Grenada
GE Georgia
GF French Guiana
GG Guernsey
GH Ghana
GI Gibraltar
GL Greenland
GM Gambia
GN Guinea
GP Guadeloupe
GQ Equatorial Guinea
GR Greece
GS South Georgia and the South Sandwich Islands
GT Guatemala
GU Guam
GW Guinea-Bissau
GY Guyana
HK Hong Kong | China (Hong Kong) | Hong Kong (SAR) | Hong Kong SAR, China
HK China, Hong Kong Special Administrative Region
HM Heard Island and McDonald Islands
HN Honduras
HR Croatia
HT Haiti
HU Hungary
ID Indonesia
IE Ireland
IL Israel
IM Isle of Man | Man, Isle of
IN India
IO British Indian Ocean Territory
IQ Iraq
IR Iran | Iran, Islamic Republic of | Islamic Republic of Iran
IS Iceland
IT Italy
JE Jersey
JM Jamaica
JO Jordan
JP Japan
KE Kenya
KG Kyrgyzstan | Kyrgyz Republic
KH Cambodia
KI Kiribati
KM Comoros
KN Saint Kitts and Nevis
KP Korea, North | North Korea | Democratic People's Republic of Korea | DPRK
KP Korea, Democratic People's Republic of
KR Korea, South | South Korea | Republic of Korea | Korea, Republic of
KW Kuwait
KY Cayman Islands
KZ Kazakhstan
LA Lao People's Democratic Republic | Laos
LB Lebanon
LC Saint Lucia
LI Liechtenstein
LK Sri Lanka
LR Liberia
LS Lesotho
LT Lithuania
LU Luxembourg
LV Latvia
LY Libya | State of Libya | Libyan Arab Jamahiriya
MA Morocco
MC Monaco
MD Moldova | Moldova, Republic of | Republic of Moldova
ME Montenegro
MF Saint Martin | Saint Martin (French part)
MG Madagascar
MH Marshall Islands
MK North Macedonia | North Macedonia, The Republic of | Republic of North Macedonia | Macedonia
ML Mali
MM Myanmar | Burma | Burma, Myanmar | Myanmar, Burma
MN Mongolia
MO Macao | Macau | China, Macao Special Administrative Region
MP Northern Mariana Islands
MQ Martinique
MR Mauritania
MS Montserrat
MT Malta
MU Mauritius
MV Maldives
MW Malawi
MX Mexico
MY Malaysia
MZ Mozambique
NA Namibia
NC New Caledonia
NE Niger
NF Norfolk Island
NG Nigeria
NI Nicaragua
NL Netherlands | Netherlands, Kingdom of the | Kingdom of the Netherlands
NO Norway
NP Nepal
NR Nauru
NU Niue
NZ New Zealand
OM Oman
PA Panama
PE Peru
PF French Polynesia
PG Papua New Guinea
PH Philippines
PK Pakistan
PL Poland
PM Saint Pierre and Miquelon
PN Pitcairn
PR Puerto Rico
PS Palestine | Palestine, State of | State of Palestine | Palestinian | West Bank
PS Occupied Palestinian Territories | Palestinian Territory, Occupied
PT Portugal
PW Palau
PY Paraguay
QA Qatar
RE Réunion
RO Romania
RS Serbia
RU Russian Federation | Russia
RW Rwanda
SA Saudi Arabia
SB Solomon Islands
SC Seychelles
SD Sudan
SE Sweden
SG Singapore
SH Saint Helena, Ascension and Tristan da Cunha | Saint Helena
SI Slovenia
SJ Svalbard and Jan Mayen
SK Slovakia | Slovak Republic
SL Sierra Leone
SM San Marino
SN Senegal
SO Somalia
SR Suriname
SS South Sudan
ST Sao Tome and Principe
SV El Salvador
SX Sint Maarten
SY Syrian Arab Republic | Syria
SZ Eswatini | Swaziland
TC Turks and Caicos Islands
TD Chad
TF French Southern Territories
TG Togo
TH Thailand
TJ Tajikistan
TK Tokelau
TL Timor-Leste | East Timor
TM Turkmenistan
TN Tunisia
TO Tonga
TR Türkiye | Turkey
TT Trinidad and Tobago
TV Tuvalu
TW Taiwan | Taiwan, Province of China
TZ Tanzania | Tanzania, United Republic of | United Republic of Tanzania
UA Ukraine
UG Uganda
UM United States Minor Outlying Islands
US United States | United States of America | USA
UY Uruguay
UZ Uzbekistan
VA Holy See | Vatican City
VC Saint Vincent and the Grenadines
VE Venezuela | Venezuela, Bolivarian Republic of
VG Virgin Islands, British | British Virgin Islands
VI Virgin Islands, U.S. | US Virgin Islands | United States Virgin Islands
VN Viet Nam | Vietnam
VU Vanuatu
WF Wallis and Futuna
WS Samoa
XK Kosovo
YE Yemen
YT Mayotte
ZA South Africa
ZM Zambia
ZW Zimbabwe
"""

_APART = re.compile(r"[\s'\u2019.-]+")


@lru_cache(maxsize=1024)
def country_code(text: str) -> str | None:
    """Give the code of a country, from its name or the code itself; ``None`` for anything else.

    Case, accents and an article do not matter (``Bahamas, The``). Regions that are no country of
    ISO's (``Region: Crimea``) have no code.
    """
    return _codes().get(_plain(text)) if len(text) < 100 else None


def _plain(text: str) -> str:
    spaced = _APART.sub(" ", unicodedata.normalize("NFKD", text))
    name = spaced.encode("ascii", "ignore").decode("ascii").casefold().strip()
    name = name.removesuffix(", the").removesuffix(" (the)").removeprefix("the ")
    return "saint " + name[3:] if name.startswith("st ") else name


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for line in _NAMES.strip().splitlines():
        alpha2, _, names = line.partition(" ")
        codes[_plain(alpha2)] = alpha2
        codes |= {_plain(name): alpha2 for name in names.split("|")}
    return codes
