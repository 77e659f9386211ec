"""The words of `agreement`, by what can do what: people, animals and things.

A noun has two forms, singular and plural. A verb has the plural, the singular, the past and, where
it is another word, the participle.
"""

from seqtasks.data.builtin.phrases import phrases, words

Forms = tuple[str, ...]


def _forms(text: str) -> list[Forms]:
    return [tuple(line.split()) for line in phrases(text)]


PERSON, ANIMAL, THING = KINDS = ("person", "animal", "thing")

NOUNS = {
    PERSON: _forms("""
boy boys
girl girls
man men
woman women
child children
teacher teachers
doctor doctors
farmer farmers
driver drivers
singer singers
nurse nurses
student students
"""),
    ANIMAL: _forms("""
dog dogs
cat cats
horse horses
cow cows
bird birds
fox foxes
goat goats
mouse mice
rabbit rabbits
goose geese
lion lions
snake snakes
"""),
    THING: _forms("""
house houses
garden gardens
tree trees
table tables
box boxes
car cars
boat boats
book books
lamp lamps
wall walls
tower towers
picture pictures
"""),
}

_REST = _forms("""
sleep sleeps slept
eat eats ate eaten
rest rests rested
wait waits waited
listen listens listened
jump jumps jumped
""")
_MEET = _forms("""
see sees saw seen
hear hears heard
like likes liked
fear fears feared
chase chases chased
follow follows followed
""")
_FIND = _forms("""
see sees saw seen
like likes liked
find finds found
pass passes passed
""")
_TOUCH = _forms("""
surprise surprises surprised
please pleases pleased
protect protects protected
""")

INTRANSITIVE = {
    PERSON: _REST
    + _forms("""
smile smiles smiled
work works worked
talk talks talked
"""),
    ANIMAL: _REST,
    THING: _forms("""
fall falls fell fallen
burn burns burned
vanish vanishes vanished
remain remains remained
"""),
}

# By subject and object.
TRANSITIVE = {
    (PERSON, PERSON): _MEET,
    (PERSON, ANIMAL): [*_MEET, ("feed", "feeds", "fed")],
    (PERSON, THING): _FIND
    + _forms("""
paint paints painted
buy buys bought
sell sells sold
"""),
    (ANIMAL, PERSON): _MEET,
    (ANIMAL, ANIMAL): _MEET,
    (ANIMAL, THING): _FIND,
    (THING, PERSON): _TOUCH,
    (THING, ANIMAL): _TOUCH,
    (THING, THING): _forms("""
protect protects protected
hide hides hid hidden
cover covers covered
"""),
}

ADJECTIVES = {
    PERSON: _forms("""
young
tired
happy
hungry
rich
busy
"""),
    ANIMAL: _forms("""
young
tired
hungry
wild
quiet
full
"""),
    THING: _forms("""
old
new
empty
heavy
dirty
green
"""),
}

ARE: Forms = ("are", "is")
WERE: Forms = ("were", "was")
HAVE: Forms = ("have", "has")
DO: Forms = ("do", "does")

DETERMINERS = {
    False: words("the the the the the my your our this every another"),
    True: words("the the the the the my your our these many some"),
}
WHERE = phrases("""
near
behind
beside
with
next to
across from
far from
""")
ADVERBS = words("often never always")
OPENINGS = phrases("""
i think that
we know that
they say that
it seems that
of course ,
""")
ENDINGS = words("today again here")
