"""The words of `small_languages`, English and invented."""

from dataclasses import dataclass

from seqtasks.data.builtin.phrases import phrases


@dataclass(frozen=True)
class Noun:
    """A noun: English singular and plural, the invented stem, its gender, and whether it lives."""

    singular: str
    plural: str
    other: str
    gender: str
    alive: bool


@dataclass(frozen=True)
class Verb:
    """A verb: three English forms, the invented stem, and whether it takes an object."""

    base: str
    third: str
    past: str
    other: str
    transitive: bool

    def english(self, past: bool, plural: bool) -> str:
        """Returns the English form for a time and the number of the subject."""
        return self.past if past else self.base if plural else self.third


@dataclass(frozen=True)
class Determiner:
    """A determiner: English before singular and plural, and the invented stem."""

    english: tuple[str, str]
    other: str


def _rows(text: str) -> list[list[str]]:
    return [line.split() for line in phrases(text)]


NOUNS = [
    Noun(*row, alive)
    for alive, text in (
        (
            True,
            """
man men tarol o
woman women sulim a
child children beket e
teacher teachers mirad a
farmer farmers govan o
king kings rusek o
doctor doctors palin a
friend friends dovet e
dog dogs harun a
cat cats nimor o
horse horses yalet e
bird birds pirel a
fox foxes kesh e
cow cows mubor o
mouse mice tivin e
""",
        ),
        (
            False,
            """
house houses domel a
tree trees arvik o
book books lisan e
boat boats navur o
table tables stolam e
lamp lamps fanar a
stone stones grod o
apple apples yabim a
letter letters pismor e
bridge bridges zelun a
""",
        ),
    )
    for row in _rows(text)
]

VERBS = [
    Verb(*row, transitive)
    for transitive, text in (
        (
            True,
            """
see sees saw vid
hear hears heard oyk
like likes liked lub
follow follows followed sek
find finds found nash
carry carries carried borg
paint paints painted kras
buy buys bought tamz
want wants wanted zhel
lose loses lost perd
watch watches watched glad
remember remembers remembered pamet
""",
        ),
        (
            False,
            """
sleep sleeps slept durm
wait waits waited shak
laugh laughs laughed rig
fall falls fell kadr
run runs ran trek
sing sings sang pevk
""",
        ),
    )
    for row in _rows(text)
]

ADJECTIVES = dict(
    _rows("""
old vetr
young nuvel
small mikl
big gromn
red rozh
white belk
black shernt
good dobr
bad zlav
happy felik
tired kansad
quiet tihk
strong fort
new nyor
""")
)

ADVERBS = dict(
    _rows("""
today dansem
again povtar
often chastom
here zdeka
slowly lentim
""")
)

DETERMINERS = {
    "the": Determiner(("the", "the"), "l"),
    "a": Determiner(("a", "some"), "un"),
    "this": Determiner(("this", "these"), "tis"),
    "my": Determiner(("my", "my"), "mey"),
}

# By gender, for singular and plural.
ENDINGS = {"o": ("o", "oi"), "a": ("a", "ai"), "e": ("e", "ei")}
PLURALS = {"o": "ir", "a": "es", "e": "um"}
# By time, present and past, for singular and plural.
VERB_ENDINGS = (("u", "uma"), ("evu", "evuma"))
THAT, NEGATED, ASKED = "k", "ni", "ce"
