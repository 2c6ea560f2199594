"""Words that names of institutions share: what each is called in common, and how little it tells.

``University``, ``Universität``, ``Daneshgah`` and ``大学`` are one word here, and so are ``OAO``,
``Open Joint Stock Company`` and ``Aktsionernoe Obshchestvo``: replaced, never deleted, so that a
name made of nothing else still is a name. All keys are lower-case ASCII as transliteration
(anyascii) gives it, but for ``HAN``, which is looked up before.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.screening.names.phrases import FORMS

FORM, KIND, QUALITY, SUBJECT, PLACE = 0.06, 0.15, 0.35, 0.45, 0.55
"""What a common word weighs, where a word that nobody else bears weighs 1."""


class CommonWord(NamedTuple):
    """A common word: the form that stands for all its spellings, and what it weighs."""

    common: str
    weight: float


def _table(weight: float, text: str) -> dict[str, CommonWord]:
    """Each line: the common form, then other spellings and other languages' words for it.

    A line that begins with a space goes on with the one before.
    """
    found: dict[str, CommonWord] = {}
    for line in text.replace("\n ", " ").strip().splitlines():
        common, *others = line.split()
        for spelling in (common, *others):
            # A word in two places counts for more where it stands first.
            found.setdefault(spelling, CommonWord(common, weight))
    return found


KINDS = _table(
    KIND,
    """
university universitet universitat universitaet universite universidad universidade universita
    universiteit universitesi uniwersytet universitas universiti universiteti universitate
    univerzitet univerzita visvvidyaly daneshgah danishgah dnshgh daneshgahi jamia jamiat jamiah
    daxue daigaku univ universiteta universities
institute institut instituto istituto instytut inst instituta instituti enstitusu insitute
    instituut institution uchrezhdenie muassasa pajuheshgah pazhouheshgah pzhwhshgh yanjiuyuan
    yanjiusuo daehagwon
academy akademiya akademii akademia akademie academie academia accademia akademi
college kollej xueyuan kolej colegio kulliyat
school shkola ecole escuela escola schule hochschule scuola skola
faculty fakultet faculte facultad fakultat
department departament departement departamento kafedra
center centre centro tsentr centrum zentrum centar merkez markaz markez mrkz zhongxin centru
    tsentra
laboratory laboratoriya laboratoire laboratorio lab labs laboratories
group gruppa grup gruppe grupo groupe jituan goruh grouping
holding holdings kholding
bank banka banque banco banca bankasi sandik
enterprise enterprises predpriyatie predpriyatiye entreprise
plant zavod works factory fabrika karkhaneh gongchang
organization organisation organizatsiya sazeman sazman sazmane organizations organisations
association assotsiatsiya anjoman verein asociacion
agency agentstvo agence agencia
ministry ministerstvo vezarat wizarat
bureau byuro buro
office ofis idare
foundation fond fonds fondation fundacion stiftung fundacao fondazione vaqf bonyad
trust
fund
society obshchestvo gesellschaft societe sociedad societa
union soyuz
committee komitet
commission komissiya
service services sluzhba servis
concern kontsern konzern
complex kompleks
branch filial
division
unit
team
club
hospital bolnitsa bimarestan
ras
""",
)

QUALITIES = _table(
    QUALITY,
    """
national natsionalnyy natsionalnyi natsionalny natsional nationale nacional natsionalnaya melli
    wataniya natsionalniy
state gosudarstvennyy gosudarstvenny gosudarstvennyi gosudarstvennoe gosudarstvennaya
    gosudarstvennogo staatlich dowlati derzhavnyy
federal federalnyy federalny federalnyi federalnoe federalnaya federalnogo federation federatsii
central tsentralnyy tsentralny tsentralnyi tsentralnoe markazi
international mezhdunarodnyy mezhdunarodny internatsional internacional internationale
    beynolmelali int intl internazionale
scientific nauchno nauchnyy nauchny nauchnoe elmi
research issledovatelskiy issledovatelskii issledovatelsky issledovaniy recherche forschung
    investigacion tahghighat tahqiqat tahghighati issledovatelskogo
production proizvodstvennoe proizvodstvennyy proizvodstvenno proizvodstvo manufacturing tolidi
general generale obshchiy
global
world
public narodnyy people peoples
private chastnyy
new novyy nouveau nuevo
united obedinennyy obyedinyonnyy unity
special
royal
higher vysshiy
open
north northern severnyy severo shomal
south southern yuzhnyy yug jonub
east eastern vostochnyy sharq
west western zapadnyy gharb
middle
young
design proektnyy konstruktorskoe konstruktorskiy tarahi
development razvitiya razvitie tosee
experimental opytnyy
planning
""",
)

SUBJECTS = _table(
    SUBJECT,
    """
technology technologies tekhnologii tekhnologiy tekhnologiya tekhnologicheskiy tecnologia
    technologie technological technologiczny fanavari sanati sanaati snty jishu keji
technical tekhnicheskiy tekhnicheskii tekhnichesky technique technische tecnico fanni
    polytechnic polytechnical politekhnicheskiy politecnico polytechnique
science sciences nauk nauki wissenschaft ciencias ciencia ulum oloum olum
engineering engineers inzhenernyy ingenieria ingenierie muhandisi mohandesi gongcheng
physics fizika fiziki physique physik fisica physical fiziko fizicheskiy
chemistry chemical khimiya khimii khimicheskiy chimie
mathematics matematiki mathematical
mechanics mechanical mekhaniki
biology biological biologii biologie
medicine medical meditsinskiy medicina pezeshki health
aviation aviatsionnyy aviatsionny aeronautics aeronautical hangkong aviatsii havapeyma airlines
    airways airline
aerospace astronautics space kosmicheskiy hangtian havafaza cosmos
physiology
agriculture agricultural keshavarzi
mining gornyy gorny
oil neft nefti petroleum naft neftyanoy
gas gaz gaza
petrochemical petrochemicals patrushimi
energy energetika energeticheskiy energiya enerji
nuclear yadernyy atomic atomnyy hastei
power elektro
electric electrical elektricheskiy
electronics electronic elektronika elektronnyy elektronics
information informatsionnyy informatsii
system systems sistema sistemy sistem
computer computing
communication communications svyazi telecommunications telecom
radio
materials material materialov
machine machinery mashin mashinostroitelnyy
industry industries industrial promyshlennost promyshlennyy sanaye sanayi industrie industria
    gongye
instrument instruments priborostroitelnyy priborostroeniya
construction stroitelnyy stroitelstvo building insaat sakhteman construct
metal metallurgical metallurgicheskiy
steel stal foolad fulad
defense defence oborony difa defa
military voennyy voyennyy nezami harbi
security bezopasnosti amniyat
aircraft
marine maritime sea daryayi
naval
shipping shipbuilding sudostroitelnyy
transport transportation transportnyy haml
logistics logistik lojistik logistic
trading trade torgovyy ticaret tijarat bazargani commercial torgovlya comercial handel
export exports ihracat
import imports ithalat
investment investments invest investitsionnyy sarmayegozari investimentos inversiones
finance financial finansovyy capital
insurance
property properties estate real
humanities humanitarian gumanitarnyy
economics economic ekonomicheskiy ekonomiki economy business
education educational obrazovaniya obrazovanie pedagogical pedagogicheskiy amuzesh training
social
culture cultural
environment environmental
water
food
pharmaceutical pharmaceuticals pharma
digital
advanced
management
solutions
consulting
resources
equipment
air
innovation innovations innovatsii
studies
arts art
law
politics political
language languages
history
islamic islami eslami
revolution revolutionary enghelab
army armed forces
geology geological
optics optical
management- upravleniya
mortgage
properties-
media
data
software
""",
)

PLACES = _table(
    PLACE,
    """
russia russian rossiya rossiyskiy rossiyskaya rossii russland rossiiskaya rossiiskii
china chinese zhongguo prc
iran iranian
syria syrian suriye
korea korean dprk
belarus belarusian belorusskiy belarusskiy
ukraine ukrainian ukraina ukrainskiy
cuba cuban
venezuela
myanmar burma
germany german deutschland deutsch deutsche
france french
italy italian
spain spanish
britain british uk
usa us america american
japan japanese nippon
india indian
pakistan pakistani
turkey turkish turkiye turk
iraq iraqi
afghanistan afghan
lebanon lebanese
israel
egypt
arabia arab arabian saudi
emirates uae
kazakhstan kazakh
uzbekistan
armenia
georgia
canada canadian
australia australian
brazil
mexico mexican
europe european
asia asian
africa african
hongkong
taiwan
singapore
malaysia
switzerland swiss schweiz
netherlands nederland dutch
denmark
norway norge
sweden swedish
finland finnish
poland polish
england
london
paris
york
moscow moskva moskovskiy moskovskii moskovsky moskovskaya moskovskogo moskau
petersburg peterburg peterburgskiy
kazan kazanskiy
novosibirsk novosibirskiy
tomsk tomskiy
samara samarskiy
ural uralskiy
siberia siberian sibirskiy
crimea crimean krymskiy krym
sevastopol
tehran teheran tahran tihran thrn
isfahan esfahan
shiraz
tabriz
mashhad
beijing peking
shanghai
tianjin
nanjing
harbin haerbin
sichuan
guangdong
guangzhou
shenzhen
hunan
hubei
wuhan
xian
shaanxi
zhejiang
pyongyang
damascus dimashq dmshq
aleppo
minsk
kiev kyiv
donetsk
baghdad
istanbul
dubai
""",
)

COMMON: dict[str, CommonWord] = {
    **PLACES,
    **SUBJECTS,
    **QUALITIES,
    **KINDS,
    **{form: CommonWord(form, FORM) for form in FORMS},
}
"""Every common word by each of its spellings."""
