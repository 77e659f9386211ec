"""Names of people, places, organizations and peoples: known ones, and any number of made-up ones."""

import random
from dataclasses import dataclass

from seqtasks.data.builtin.phrases import phrases, words

FIRST = words("""
Ada Alan Albert Alice Amelia Ana Andrei Anna Arthur Astrid Boris Carla Carlos Carmen Chen Clara Daniel David
Diana Dmitri Edith Elena Emma Erik Esther Fatima Felix Fiona Frida George Giulia Grace Hannah Hans Hassan
Helen Hiroshi Igor Ines Ingrid Isaac Ivan James Jana Javier John Jose Julia Karim Karl Kenji Laura Leila
Leon Liam Lin Lucia Luis Magnus Marco Maria Marie Martin Mehmet Mei Michael Miguel Mina Mohammed Nadia Niels
Nina Olga Omar Oscar Pablo Paolo Patricia Paul Pedro Petra Peter Pierre Priya Rafael Rana Robert Rosa Ruth
Samir Sara Sergei Simon Sofia Stefan Susan Tariq Thomas Tomas Ursula Vera Victor Walter Wei Yasmin Yuki
Yusuf Zoe
""")

SURNAMES = words("""
Lovelace Turing Hopper Lamarr Johnson Smith Brown Miller Davis Garcia Martinez Lopez Fischer Weber Schmidt
Wagner Becker Hoffmann Rossi Ferrari Bianchi Romano Dubois Moreau Laurent Bernard Petit Ivanov Petrov
Sokolov Volkov Novak Horvat Kowalski Nowak Nielsen Hansen Larsen Johansson Lindberg Berg Virtanen Korhonen
Silva Santos Oliveira Pereira Costa Tanaka Suzuki Yamamoto Watanabe Nakamura Wang Zhang Chen Liu Huang Kim
Park Lee Nguyen Tran Singh Kumar Sharma Patel Khan Ahmed Hussein Haddad Mansour Yilmaz Demir Okafor Adeyemi
Mensah Mbeki Dlamini Abebe O'Brien O'Connor Murphy Kelly Walsh Campbell Stewart MacLeod McKenzie Evans
Griffiths Baker Turner Parker Cooper Fletcher Mason Hughes Wright Clarke Hill Wood Palmer Grant Bell Reed
Cole Shaw Webb Stone Rhodes
""")

PLACES = words("""
London Berlin Madrid Rome Vienna Prague Warsaw Budapest Athens Lisbon Dublin Oslo Stockholm Helsinki
Copenhagen Brussels Amsterdam Zurich Geneva Munich Hamburg Milan Naples Venice Barcelona Seville Porto Lyon
Marseille Moscow Kiev Minsk Riga Tallinn Vilnius Belgrade Zagreb Sofia Bucharest Istanbul Ankara Cairo Tunis
Algiers Rabat Lagos Accra Nairobi Kampala Harare Pretoria Durban Tehran Baghdad Riyadh Karachi Lahore Delhi
Mumbai Dhaka Bangkok Hanoi Manila Jakarta Singapore Seoul Tokyo Osaka Kyoto Beijing Shanghai Taipei Perth
Melbourne Brisbane Auckland Toronto Montreal Vancouver Boston Chicago Detroit Seattle Denver Miami Atlanta
Havana Bogota Lima Quito Santiago Caracas Germany France Spain Italy Poland Norway Sweden Finland Denmark
Portugal Greece Egypt Kenya Nigeria Ghana Iran Iraq India China Japan Vietnam Australia Canada Mexico Brazil
Argentina Chile Peru Colombia Ukraine Russia
""")

COMPOUND_PLACES = phrases("""
New York
San Francisco
Los Angeles
Hong Kong
New Zealand
South Africa
Sri Lanka
Costa Rica
Buenos Aires
Rio de Janeiro
Cape Town
Kuala Lumpur
Saudi Arabia
North Korea
St. Petersburg
Tel Aviv
Las Vegas
El Salvador
New Orleans
Abu Dhabi
Addis Ababa
Sierra Leone
Baton Rouge
Isle of Wight
Papua New Guinea
U.S.
U.K.
""")

PEOPLES = words("""
German French Spanish Italian Polish Norwegian Swedish Finnish Danish Portuguese Greek Egyptian Kenyan
Nigerian Iranian Iraqi Indian Chinese Japanese Vietnamese Australian Canadian Mexican Brazilian Argentine
Chilean Peruvian Colombian Ukrainian Russian British Irish Scottish Welsh Dutch Belgian Swiss Austrian
Hungarian Czech Turkish Israeli Palestinian Pakistani American Korean Thai Cuban African European Asian Arab
Latin
""")

COMPANIES = words("""
Siemens Volvo Nokia Philips Renault Fiat Bosch Bayer Nestle Unilever Toyota Honda Sony Canon Hitachi Samsung
Intel Oracle Boeing Lockheed Chrysler Exxon Chevron Pfizer Merck Kodak Xerox Motorola Cisco Netscape Reuters
Vodafone Barclays Lufthansa Aeroflot Qantas IBM BMW BBC CNN ABN AT&T BASF SAP NATO OPEC UNESCO UEFA FIFA IMF
EU UN WHO OECD
""")

CLUBS = words("""
Arsenal Everton Fulham Ajax Feyenoord Benfica Juventus Lazio Sampdoria Celtic Rangers Galatasaray Fenerbahce
Olympiakos Spartak Dynamo Lokomotiv Botafogo Flamengo Santos Bulls Lakers Knicks Celtics Yankees Braves
Orioles Mariners Dodgers Cubs Bruins Canucks Penguins Packers Cowboys
""")

# Words that are a person, a place, an organization or nothing of these, by what stands around them.
PERSON_OR_PLACE = words("""
Washington Jordan Lincoln Houston Georgia Paris Sydney Austin Charlotte Florence Madison Dallas Victoria
Chelsea Jackson Hamilton Wellington Lawrence Kent Stafford Preston Alexandria Israel Chad
""")
PERSON_OR_WORD = words("May Will Mark Bill Rose Hope Frank Grace Jack Pat Sue Drew Dean Miles Rich Gene")
COMPANY_OR_WORD = words("Apple Shell Target Orange Gap Visa Sprint Next Delta Corona Puma Dove Ford Mars Oracle Amazon")

_ONSETS = words("b br c ch d dr f fl g gr h j k kl kr l m n p pr r s sh sk st t tr v w z")
_VOWELS = words("a e i o u ai au ea ei ie oa oo ou")
_CODAS = ["", "", "", "l", "m", "n", "nd", "r", "rk", "s", "st", "t", "x"]
_SURNAME_ENDS = ["", "", "", "", "a", "ov", "ez", "sen", "man", "ski", "ini", "er", "o", "ic"]
_PLACE_ENDS = ["", "", "", "", "a", "ton", "burg", "ville", "ia", "grad", "abad", "o", "mouth", "stan"]
_COMPANY_ENDS = ["", "", "", "", "a", "ex", "tek", "co", "on", "is", "o", "cor", "al"]


@dataclass(frozen=True)
class Names:
    """Pools of names, of which a part is kept from the training split.

    Args:
        pools: Names by kind.
    """

    pools: dict[str, list[str]]

    @classmethod
    def make(cls, rng: random.Random, held_out: float = 0.35) -> tuple["Names", "Names"]:
        """Returns the names for training, and others that training never sees.

        Args:
            rng: Source of made-up names and of the choice.
            held_out: Part of each pool that is kept from training.
        """
        known = {word.lower() for words in (FIRST, SURNAMES, PLACES, PEOPLES, COMPANIES, CLUBS) for word in words}
        known |= {word.lower() for words in (PERSON_OR_PLACE, PERSON_OR_WORD, COMPANY_OR_WORD) for word in words}
        pools = {
            "first": FIRST + _invent(rng, 80, ["", "", "a", "o", "in", "ie"], known),
            "surname": SURNAMES + _invent(rng, 350, _SURNAME_ENDS, known),
            "place": PLACES + _invent(rng, 250, _PLACE_ENDS, known),
            "compound": COMPOUND_PLACES,
            "people": PEOPLES,
            "company": COMPANIES + _invent(rng, 250, _COMPANY_ENDS, known) + _acronyms(rng, 60, known),
            "club": CLUBS + _invent(rng, 60, ["", "", "a", "ers", "o"], known),
        }
        seen, unseen = {}, {}
        taken: set[str] = set()
        for kind, names in pools.items():
            # A name of two kinds, as Santos, must not be unseen as one and seen as the other.
            names = [name for name in dict.fromkeys(names) if name not in taken]
            taken.update(names)
            rng.shuffle(names)
            cut = round(len(names) * held_out)
            unseen[kind], seen[kind] = names[:cut], names[cut:]
        return cls(seen), cls(unseen)


def _invent(rng: random.Random, count: int, ends: list[str], known: set[str]) -> list[str]:
    names = []
    while len(names) < count:
        syllables = rng.choice((1, 2, 2))
        stem = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(syllables))
        name = stem + rng.choice(ends)
        if 4 <= len(name) <= 12 and name not in known:
            known.add(name)
            names.append(name.capitalize())
    return names


def _acronyms(rng: random.Random, count: int, known: set[str]) -> list[str]:
    names = []
    while len(names) < count:
        name = "".join(rng.choice("ABCDEFGHIKLMNOPRSTUVW") for _ in range(rng.choice((3, 3, 4))))
        if name.lower() not in known:
            known.add(name.lower())
            names.append(name)
    return names
