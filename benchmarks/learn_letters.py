"""Learns which letters stand together in German and which in English, for ``knowledge.search.letters``.

    python benchmarks/learn_letters.py [--output knowledge/search/letters.json]

German words are those of the portal's own German texts and of the stop words, English ones the whole words that
the model knows. Kept are the groups of three letters that tell most: those whose share of words differs most. The
printed figures are of a third of the words, which the groups were not chosen from.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

if __package__ in (None, ""):
    # Run as a file, the folder above is not among those that Python looks in.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from babel.messages.pofile import read_po
from tokenizers import Tokenizer

from knowledge.search.embedder import packaged_model_folder
from knowledge.search.letters import groups
from knowledge.search.words import STOP_WORDS, words

CATALOGUE = Path("portal/translations/de/LC_MESSAGES/messages.po")
ARTICLES = Path("portal/demo/articles")
KEPT = 250
_NO_WORD = re.compile(r"%\(\w+\)\w|%\w|&\w+;|<[^>]+>|\S*[/_@]\S*")


def plain(texts: Sequence[str]) -> set[str]:
    """The words of some texts that could be misspelled: letters alone."""
    found = (word for text in texts for word in words(_NO_WORD.sub(" ", text)))
    return {word for word in found if len(word) > 2 and word.isascii() and word.isalpha()}


def known_words() -> tuple[list[str], list[str]]:
    """German and English words, each in one language alone, in an order made by chance."""
    with CATALOGUE.open("rb") as file:
        texts = [text for message in read_po(file, locale="de") for text in _texts(message.string)]
    texts += [text for path in ARTICLES.rglob("*.md") if "\nlanguage: de" in (text := path.read_text("utf-8"))]
    english = plain(list(Tokenizer.from_file(str(packaged_model_folder() / "tokenizer.json")).get_vocab()))
    german = (plain(texts) - english) | (plain(list(STOP_WORDS["de"])) - STOP_WORDS["en"])
    shuffle = random.Random(1).shuffle
    lists = sorted(german), sorted(english - german)
    for one in lists:
        shuffle(one)
    return lists


def _texts(string: object) -> Sequence[str]:
    return [string] if isinstance(string, str) else list(string)  # type: ignore[call-overload]


def learn(german: Sequence[str], english: Sequence[str]) -> tuple[list[str], list[str]]:
    """The groups of letters that tell most for each language."""
    shares = []
    for one in (german, english):
        counts = Counter(group for word in one for group in set(groups(word)))
        shares.append({group: count / len(one) for group, count in counts.items()})
    more = {g: shares[0].get(g, 0.0) - shares[1].get(g, 0.0) for g in sorted({*shares[0], *shares[1]})}
    # What both languages use often tells little, however much more often one of them does.
    clear = [g for g in more if not 1 / 3 < (shares[0].get(g, 0) + 1e-4) / (shares[1].get(g, 0) + 1e-4) < 3]
    ordered = sorted(clear, key=lambda group: more[group])
    return sorted(ordered[-KEPT:]), sorted(ordered[:KEPT])


def score(word: str, german: Sequence[str], english: Sequence[str]) -> int:
    found = groups(word)
    return sum(group in german for group in found) - sum(group in english for group in found)


def main() -> None:
    parser = argparse.ArgumentParser(description="Learns which letters stand together in German and in English.")
    parser.add_argument("--output", type=Path, help="where to write the groups")
    arguments = parser.parse_args()
    german, english = known_words()
    learned = learn(german[: len(german) * 2 // 3], english[: len(english) * 2 // 3])
    for name, held in (("German", german[len(german) * 2 // 3 :]), ("English", english[len(english) * 2 // 3 :])):
        shares = (sum(score(word, *learned) >= least for word in held) / len(held) for least in (1, 2, 3))
        print(f"{name} words that were held out and look German: {'  '.join(f'{share:.3f}' for share in shares)}")
    learned = learn(german, english)
    if arguments.output:
        values = {language: " ".join(one) for language, one in zip(("de", "en"), learned, strict=True)}
        arguments.output.write_text(json.dumps(values, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
