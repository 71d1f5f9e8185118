"""Reads phrases that people write without commas.

separators.py    commas, semicolons, line ends, and the quotes that protect them
lists.py         `- dog - cat`, `1. dog 2. cat`, `dog | cat`, and `, or a bird` at the end
alternatives.py  `dog or cat?`, `dog vs cat`, `dog / cat`; choices.py: whether they are clear
enumerations.py  `is it a dog, a cat or a bird?`
wording.py       what single words look like
openers.py       `is it`, `options:`, `please`
language.py      the word lists of each language: en.toml, es.toml

`inference.protocol.labels` puts them together.
"""
