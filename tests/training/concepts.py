"""Five emoji for tests, with their meanings."""

from training.captions.meanings import find_meanings
from training.emoji.concepts import Concept
from training.words.language import Language


def concept(name: str, spanish: str, subgroup: str, *keywords: str) -> Concept:
    return Concept(
        codes=name,
        group="group",
        subgroup=subgroup,
        names={Language.ENGLISH: (name,), Language.SPANISH: (spanish,)},
        keywords={Language.ENGLISH: keywords, Language.SPANISH: ()},
        titles=(name,),
    )


CONCEPTS = [
    concept("cat", "gato", "animal-mammal", "pet"),
    concept("cat with tears", "gato llorando", "cat-face", "sad"),
    concept("dog", "perro", "animal-mammal", "pet"),
    concept("car", "coche", "transport-ground", "red"),
    concept("red heart", "corazón rojo", "heart", "love"),
]
CAT, CRYING_CAT, DOG, CAR, HEART = range(5)
MEANINGS = find_meanings(CONCEPTS)
