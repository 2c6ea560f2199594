"""What stands for several words in a name, and words that say nothing.

Beside :mod:`gateway.screening.names.common_words`, which has the single words.

All but the Han characters is lower-case ASCII, as transliteration gives it.
"""

from __future__ import annotations

_STOP = """
a after al an and by d da dan das de del della den der des di die dlya do dos du e ee el et
for from fuer fur i im imeni in iz l la las le les los na named o ob of og on po pri s the
to ul und v va van ve von with y ye zu zum
"""

STOP = frozenset(_STOP.split())
"""Words that say nothing at all. Left out, unless a name is made of nothing else."""

_FORMS = """
llc | limited liability company | limited liability | society with limited liability | ooo | tov
    | obshchestvo s ogranichennoy otvetstvennostyu | obshchestvo s ogranichennoi
    otvetstvennostyu | obschestvo s ogranichennoi otvetstvennostyu | obschestvo s ogranichennoy
    otvetstvennostyu | gmbh | gesellschaft mit beschrankter haftung | gesellschaft mit
    beschraenkter haftung | sarl | srl | societatea cu raspundere limitata | sociedad de
    responsabilidad limitada | sociedad limitada | doo | ood | eood | sp z o o | sp zoo | sp z
    oo | spolka z ograniczona odpowiedzialnoscia | ltd sti | limited sirketi | limited sti |
    ltda | limitada | sro | s r o | kft | oy | bv | b v | besloten vennootschap | bvba | sprl |
    pte | pvt | fzc | fzco | fze | fz llc | dmcc | ab | aps | sia | uab | tovarystvo z
    obmezhenoyu vidpovidalnistyu
ltd | limited | co ltd | company limited | corporation limited | pte ltd | pvt ltd | private
    limited | pty ltd
plc | public limited company | p l c
jsc | joint stock company | open joint stock company | closed joint stock company
    | public joint stock company | joint stock co | ojsc | cjsc | pjsc | oao | zao | pao
    | ao | nao | jsco | aktsionernoye obshchestvo | aktsionernoe obshchestvo | aktsionernoe
    obschestvo | otkrytoye aktsionernoye obshchestvo | otkrytoe aktsionernoe obshchestvo |
    zakrytoye aktsionernoye obshchestvo | zakrytoe aktsionernoe obshchestvo | publichnoye
    aktsionernoye obshchestvo | publichnoe aktsionernoe obshchestvo | otkrytoe aktsionernoe
    obschestvo | ag | aktiengesellschaft | sa | s a | societe anonyme | sociedad anonima |
    societa per azioni | spa | anonim sirketi | as | asa | nv | n v | naamloze vennootschap |
    oyj | se | societas europaea | private joint stock company | sherkat sahami | private stock
    company | sa de cv | sociedad anonima de capital variable | sas
company | co | corp | corporation | inc | incorporated | kompaniya | korporatsiya | sherkat |
    sirketi | sharikat | compagnie | compania | companhia | gongsi | cia | firma
unitary | federal state unitary enterprise | fgup | fsue | state unitary enterprise | gup |
    federalnoe gosudarstvennoe unitarnoe predpriyatie | federal state budgetary institution |
    fgbu | federalnoe gosudarstvennoe byudzhetnoe uchrezhdenie | unitary enterprise | sue |
    federal state autonomous institution | fgau | federal state enterprise | state enterprise |
    federal state budgetary educational institution of higher education | federal state
    budgetary educational institution of higher professional education | federal state
    autonomous educational institution of higher education | federal state budgetary educational
    institution | federal state autonomous educational institution | federalnoe gosudarstvennoe
    byudzhetnoe obrazovatelnoe uchrezhdenie vysshego obrazovaniya | federal state budgetary
    institution of science | federal state institution
nonprofit | ano | autonomous non profit organization | autonomous nonprofit organization |
    avtonomnaya nekommercheskaya organizatsiya | ngo | noncommercial organization
lp | limited partnership | llp | limited liability partnership | kg | gmbh co kg | l p
"""

_ACADEMY = """
ras | russian academy of sciences | russian federation academy of sciences | ran | siberian
    branch of the russian academy of sciences | sb ras | so ran | siberian branch of
    russian academy of sciences | siberian branch russian academy of sciences | siberian
    branch of the ras | ural branch of the russian academy of sciences | ub ras | far
    eastern branch of the russian academy of sciences | feb ras | rossiyskoy akademii nauk
    | rossiiskoi akademii nauk | rossisskoi akademii nauk
"""


def _read(text: str) -> dict[str, list[str]]:
    """Each line: the common form, then what means the same, of one word or several.

    A line that begins with a space goes on with the one before.
    """
    found = {}
    for line in text.replace("\n ", " ").strip().splitlines():
        phrases = [" ".join(phrase.split()) for phrase in line.split("|")]
        found[phrases[0]] = phrases
    return found


FORMS = _read(_FORMS)
"""Legal forms: one common form for all that mean the same."""

ACADEMY = _read(_ACADEMY)
"""What one list puts behind the name of an institute of the Russian Academy, and another not."""

_SPELT = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
"""

NUMBERS = {
    **{word: str(number) for number, word in enumerate(_SPELT.split())},
    "first": "1",
    "second": "2",
    "third": "3",
    "fourth": "4",
    "fifth": "5",
    "1st": "1",
    "2nd": "2",
    "3rd": "3",
    "4th": "4",
    "5th": "5",
}
"""Numbers that are spelt out."""

TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fourty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}

HAN = {
    "大学": "university",
    "大學": "university",
    "学院": "college",
    "學院": "college",
    "研究院": "institute research",
    "研究所": "institute research",
    "研究": "research",
    "科学院": "academy science",
    "科学": "science",
    "科技": "science technology",
    "技术": "technology",
    "技術": "technology",
    "工业": "industry",
    "工業": "industry",
    "工程": "engineering",
    "工学": "engineering",
    "理工": "ligong",
    "航空": "aviation",
    "航天": "aerospace",
    "电子": "electronics",
    "電子": "electronics",
    "物理": "physics",
    "化学": "chemistry",
    "国防": "national defense",
    "國防": "national defense",
    "军事": "military",
    "邮电": "posts telecommunications",
    "中国": "china",
    "中國": "china",
    "北京": "beijing",
    "上海": "shanghai",
    "天津": "tianjin",
    "南京": "nanjing",
    "哈尔滨": "harbin",
    "四川": "sichuan",
    "西安": "xian",
    "西北": "northwestern",
    "东北": "northeastern",
    "华中": "huazhong",
    "香港": "hongkong",
    "国家": "national",
    "国立": "national",
    "國立": "national",
    "中央": "central",
    "实验室": "laboratory",
    "中心": "center",
    "集团": "group",
    "集團": "group",
    "公司": "company",
    "有限公司": "ltd",
    "股份有限公司": "jsc",
    "銀行": "bank",
    "银行": "bank",
}
"""Words in Han characters, which stand for more than the sounds of their signs."""


PHRASES: dict[tuple[str, ...], str] = {
    **{
        tuple(phrase.split()): common
        for common, phrases in {**FORMS, **ACADEMY}.items()
        for phrase in phrases
    },
    ("hong", "kong"): "hongkong",
    ("united", "kingdom"): "britain",
    ("great", "britain"): "britain",
    ("united", "states"): "usa",
    ("united", "states", "of", "america"): "usa",
    ("united", "arab", "emirates"): "emirates",
    ("co", "operation"): "cooperation",
    ("yanjiu", "suo"): "institute research",
    ("da", "xue"): "university",
    ("nauchno", "issledovatelskiy"): "scientific research",
    ("people", "s", "republic", "of", "china"): "china",
    ("russian", "federation"): "russia",
}
"""What stands for several words in a row, legal forms first of all."""

LONGEST_PHRASE = max(map(len, PHRASES))
PHRASE_STARTS = frozenset(words[0] for words in PHRASES)
