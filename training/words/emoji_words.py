"""Words for emoji that their names and keywords lack: synonyms, and words for kinds of things.

They are read from synonyms.toml, kinds.toml and fine_kinds.toml.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from training.words.language import Language, Words, read, strings, words


@dataclass(frozen=True)
class Kind:
    """A kind of thing such as "animal", and the Unicode subgroups of emoji that belong to it.

    One person would count the emoji of the `unsure` subgroups as of this kind, another would not.
    """

    words: Words
    subgroups: frozenset[str]
    unsure: frozenset[str]

    @property
    def english_words(self) -> frozenset[str]:
        """The single English words. An emoji with one of them as a keyword may be of this kind."""
        return frozenset(word for name in self.words[Language.ENGLISH] for word in name.split())


@dataclass(frozen=True)
class FineKind:
    """A kind of thing that no subgroup of Unicode stands for, such as "bird of prey".

    `fits` and `unsure` hold English labels of emoji. All other emoji are not of this kind.
    """

    words: Words
    fits: frozenset[str]
    unsure: frozenset[str]


@cache
def synonyms() -> Mapping[str, Words]:
    """Return what people type for a drawing, by the emoji's English label."""
    return {label: words(table, label) for label, table in read("synonyms").items()}


@cache
def kinds() -> tuple[Kind, ...]:
    """Return the kinds that Unicode's subgroups stand for.

    Raises:
        ValueError: a name such as "*faces" is not in the file's [sets].
    """
    data = read("kinds")

    def expanded(names: list[str], where: str) -> frozenset[str]:
        subgroups: set[str] = set()
        for name in strings(names, where):
            if not name.startswith("*"):
                subgroups.add(name)
            elif name[1:] in data["sets"]:
                subgroups.update(strings(data["sets"][name[1:]], name))
            else:
                raise ValueError(f"{where}: kinds.toml has no set {name[1:]!r}")
        return frozenset(subgroups)

    return tuple(
        Kind(
            words=words(table, f"kind {number}"),
            subgroups=expanded(table["subgroups"], f"kind {number}"),
            unsure=expanded(table.get("unsure", []), f"kind {number}"),
        )
        for number, table in enumerate(data["kind"])
    )


@cache
def fine_kinds() -> tuple[FineKind, ...]:
    """Return the kinds that list their emoji one by one."""
    return tuple(
        FineKind(
            words=words(table, f"fine kind {number}"),
            fits=frozenset(strings(table["fits"], f"fine kind {number}")),
            unsure=frozenset(strings(table["unsure"], f"fine kind {number}")),
        )
        for number, table in enumerate(read("fine_kinds")["kind"])
    )
