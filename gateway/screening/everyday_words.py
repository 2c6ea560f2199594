"""Words that many a domain is named after, so that a namesake or a slip of one says nothing (S6).

Written down from the names of firms, banks, schools and places that lists name by their websites.
``tech`` is none of them: institutes of technology call themselves so, and few others do.
"""

from __future__ import annotations

from typing import Final

SHORTEST: Final = 4
"""Letters of a word below which a label only happens to end in it."""

_TEXT: Final = """
advisor advisors aero aerospace africa agency agro airline airlines airport airways alliance alpha
america analytics arab arms army arts asia associates association atlantic atom atomic auto
automotive avia aviation bank banka banking banque beauty beta biotech bird blue board boat body
book books bridge broker brokers brothers build builder builders building business cable camp
capital care cargo cars cell cement center central centre ceramic ceramics chain charity chem
chemical chemicals chemistry china church city class clean clinic cloud club coal coast coffee
color comfort commerce communication communications company computer computers computing concept
concrete connect construct construction consult consultant consultants consulting contact control
corp corporation cosmos council country craft creative credit cross crystal culture cyber daily
dance data defence defense delta dental design designs develop developer development diamond
digital direct director discovery distribution doctor door dragon dream drive dubai eagle earth
east eastern easy echo ecology economic economics economy edge education efficiency electric
electrical electronic electronics element elite embassy emirates energy engine engineer
engineering engineers engines enterprise enterprises environment equipment estate euro europe
european event events exchange expert experts expo export express factory fair family farm fashion
fast federal federation fiber film films filter finance financial fire first fish fleet flight
flower flowers flying food foods force forest forex forge form forum foundation freight fresh
friend friends front fruit fuel fund funds furniture future galaxy gallery game games gamma garden
gate gateway general geology giant glass global gold golden grain grand graphics green group
groupe guard guide harbor harbour health healthcare heart heavy help herald high hill hills hold
holding holdings home homes hope horizon hospital hosting hotel hotels house human idea ideas
image import impulse india industrial industries industry info information innovation innovations
instruments insurance integral integrated intelligence inter interior international internet
invest investment investments investor iran iron island jewelry journal junior king kitchen
knowledge label labor lake land language laser law learn learning leather legal lens life lift
light lighting lights limited line linear lines link links lion liquid live local lock logic
logistic logistics london look love lunar luxury machine machinery machines magazine magic magnet
mail maker mall management manager manufacturing marine maritime mark market marketing markets
master material materials math maths matrix maxim measure mechanic mechanics media medic medical
medicine mega member mental merchant mercury metal metallurgy metals meteor meter method metro
micro military mill mind mine mineral minerals mining ministry mirror mobile mobility model modern
money monitor moon morning motor motors mountain move multi museum music nano nation national
native natural nature naval navigation navy network networks news next night nord north northern
nova nuclear ocean office oilfield omega online open optic optical optics orbit organic orient
oriental original pacific pack packaging page paint palace panel paper park part partner partners
parts party pass path peace pearl people perfect petrol petroleum pharma pharmaceutical
pharmaceuticals pharmacy phone photo photon physics pilot pioneer pipe pipeline place plan planet
plant plants plast plastic plastics platform play plus point polar policy polymer port portal post
power precision premier premium press prime print printing private product production products
professional profit program progress project projects prom promo property protection public
publishing pulse pump pure quality quantum quick radar radio rail railway rain rapid real record
recycling region regional reliable rent republic rescue resource resources restaurant
review ring rise river road roads robot robotics rock rocket roof room root royal rubber russia
safe safety sail sale sales satellite scientific season secure security select semiconductor
senior sensor service services shell shield ship shipping ships shipyard shop shopping show signal
silk silver simple site skill sky skyline smart social society soft software soil solar solid
solution solutions sonic sound source south southern space spectrum speed spirit sport sports
spring square stadium staff stage standard star stars start state states station steel stock stone
storage store story strategy stream street structure studio studios style success sugar summit
super supply support sure surf survey swift switch synergy synthesis system systems table talent
tank target team technical technics technologies technology tele telecom telecommunication
telecommunications telegraph television term terminal test textile textiles theater theatre therm
thermal ticket tiger time times tire tools total touch tour tourism tours tower town toys track
trade trader traders trading traffic train training trans transit transport transportation travel
tree trend triumph truck trucks trust tube turbine turbo union unit united unity universal
universe urban vacuum valley value vector vehicle vehicles venture ventures venus video view villa
vision vista vital voice wall watch water wave wealth weapon weapons weather week weld welding
west western wheel white wild wind window wine wing winter wire wireless wise wood work workers
works workshop world yacht year young youth zone
"""
_WORDS: Final = frozenset(_TEXT.split())
# What institutions are called by kind: alone it says nothing, behind a name of its own it does not
# take anything from that name.
_KINDS: Final = frozenset(
    (
        *("academy", "college", "faculty", "institute", "institution", "laboratory"),
        *("research", "school", "science", "sciences", "university"),
    )
)


def is_or_ends_in_one(label: str) -> bool:
    """Whether a label, as a person reads it, is an everyday word or ends in one."""
    plain = label.replace("-", "")
    if plain in _KINDS:
        return True
    return any(plain[at:] in _WORDS for at in range(len(plain) - SHORTEST + 1))
