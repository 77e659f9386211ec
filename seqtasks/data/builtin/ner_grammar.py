"""The sentences, clauses and forms of names that `ner_sentences` puts together.

A slot in braces becomes an entity, a number, or is expanded further.
"""

from seqtasks.data.builtin.phrases import phrases, words

SENTENCES = phrases("""
{clause} .
{clause} .
{clause} .
{when} , {clause} .
{clause} , {aside} .
{clause} and {clause} .
{clause} after {clause} .
{clause} , {PER} said {when} .
" {clause} , " said {PER} , {role} .
{PER} told {ORG} that {clause} .
According to {PER} of {ORG} , {clause} .
{role} {PER} said {clause} .
{result}
{ranking}
{headline}
{distractor}
""")

CLAUSES = phrases("""
{PER} was born in {LOC} in {YEAR}
{PER} moved from {LOC} to {LOC}
{PER} , {NUMBER} , met {PER} in {LOC}
{PER} lived near {LOC} for {NUMBER} years
{PER} resigned as chairman of {ORG}
{PER} will join {ORG} next year
{PER} scored {NUMBER} goals for {CLUB}
{PER} beat {PER} {SCORE} in {LOC}
{PER} won the {EVENT} in {YEAR}
{PER} and {PER} were arrested in {LOC}
{PER} married {PER} in {LOC} {when}
{PER} wrote {NUMBER} books about {LOC}
{PER} 's lawyer rejected the {MISC} proposal
{MISC} {role} {PER} arrived in {LOC} {when}
{MISC} officials refused to comment
{MISC} troops crossed the border near {LOC}
a {MISC} journalist interviewed {PER}
the {MISC} government expelled {NUMBER} diplomats
two {MISC} tourists were hurt in {LOC}
she speaks {MISC} and a little {MISC}
the {EVENT} begins in {LOC} {when}
{NUMBER} people were killed in an explosion in {LOC}
heavy rain fell on {LOC} {when}
the mayor of {LOC} opened a bridge to {LOC}
the road between {LOC} and {LOC} is closed
a train from {LOC} derailed near {LOC}
{LOC} , a city of {NUMBER} people , is quiet
the prime minister of {LOC} flew to {LOC} {when}
{ORG} shares rose {NUMBER} percent to {MONEY}
{ORG} reported a net loss of {MONEY} for {YEAR}
{ORG} agreed to buy {ORG} for {MONEY}
{ORG} opened a factory in {LOC}
{ORG} named {PER} as its chief executive
{ORG} will cut {NUMBER} jobs in {LOC}
shares in {ORG} fell in early trading
a spokesman for {ORG} denied the report
analysts at {ORG} expect profits of {MONEY}
the merger of {ORG} and {ORG} was approved {when}
{CLUB} beat {CLUB} {SCORE} {when}
{CLUB} signed {MISC} striker {PER} for {MONEY}
coach {PER} left {CLUB} after {NUMBER} games
the {INSTITUTION} raised rates {when}
{PER} studied at the {INSTITUTION}
""")

OTHERS = {
    "when": phrases("""
on {WEEKDAY}
on {DATE}
in {MONTH}
in {YEAR}
last week
yesterday
this morning
late on {WEEKDAY}
"""),
    "aside": phrases("""
which surprised {PER}
officials in {LOC} said
as {ORG} had predicted
despite the rain
the {MISC} press reported
sources close to {PER} said
"""),
    "role": [
        "president",
        "minister",
        "striker",
        "captain",
        "spokeswoman",
        "professor",
        "judge",
        "novelist",
        "goalkeeper",
        "senator",
        "Mr.",
        "Dr.",
    ],
    "result": ["{CLUB} {DIGIT} {CLUB} {DIGIT}", "{CLUB} v {CLUB}", "{LOC} {DIGIT} {LOC} {DIGIT}"],
    "ranking": ["{DIGIT} . {PER} ( {LOC} ) {TIME}", "{PER} ( {LOC} ) beat {PER} ( {LOC} ) {SCORE}"],
    "headline": ["{SPORT} - {CLUB} beat {CLUB} in {LOC} .", "{LOC} {DATE}", "{SPORT} - {PER} wins {EVENT} ."],
    "distractor": phrases("""
Apple prices fell in {MONTH} .
Orange juice futures rose {NUMBER} cents .
An apple a day keeps the doctor away .
It may rain {when} .
May is the wettest month in {LOC} .
Will they mark the anniversary ?
Mark the date in your diary .
The bill was rejected {when} .
Bill payments are due {when} .
They hope to sign the deal {when} .
Hope is fading for the {NUMBER} missing miners .
Rose gardens opened {when} .
The shell hit a house near {LOC} .
The target was missed by {NUMBER} percent .
The next meeting is {when} .
The gap between rich and poor widened .
Turkey and ham were served at dinner .
Prices rose {NUMBER} percent in {MONTH} .
No decision was taken {when} .
Frank talks were held {when} .
"""),
}

PLAIN = {
    "WEEKDAY": words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "MONTH": words("January February March April May June July August September October November December"),
    "SPORT": words("SOCCER TENNIS BASEBALL CRICKET GOLF ATHLETICS CYCLING RUGBY"),
}

EVENTS = phrases("""
World Cup
Olympics
Davis Cup
Tour de {place}
{place} Open
{people} Open
Nobel Prize
{place} Marathon
{people} Grand Prix
{place} Festival
Champions League
{people} Championship
Ryder Cup
{surname} Trophy
{surname} Prize
""")
INSTITUTIONS = phrases("""
University of {place}
{place} University
Bank of {place}
{people} Central Bank
{place} Chamber of Commerce
{people} Football Association
Ministry of Finance
Supreme Court
{place} Stock Exchange
{surname} Institute
{people} Medical Association
{surname} Foundation
{place} City Council
""")
COMPANY_FORMS = phrases("""
{company}
{company}
{company}
{company}
{company} Corp
{company} Inc
{company} Ltd
{company} Group
{surname} & {surname}
{surname} Brothers
{people} Airlines
{company} Bank
{company} {place}
{place} Steel
{place} Times
{surname} Pharmaceuticals
{company} Holdings
""")
CLUB_FORMS = phrases("""
{club}
{club}
{club}
{place}
{place} United
{place} City
{place} FC
Real {place}
{club} {place}
""")
