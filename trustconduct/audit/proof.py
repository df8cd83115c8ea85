"""Check a proof bundle: the standard library alone, for somebody who does not trust the service.

A copy of this file lies in every bundle as verify.py. The service makes its seals by the
very functions below, so that what it says and what a stranger checks cannot drift apart.

    python verify.py proof.zip
    python verify.py proof.zip --head 123:9f86d0…   a seal's head, as the Trust had it by mail
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

FORMAT = "trustconduct-proof-1"
FILES = ("README.txt", "files.json", "proof.json", "text.html", "text.json", "verify.py")
LARGEST, LARGEST_OF_ALL = 20_000_000, 50_000_000  # bytes
NO_SEAL = "0" * 64  # what the first seal follows
MOMENTS_APART = timedelta(minutes=1)  # an answer and its event are written in one commit

KEYED = "answer.keyed"  # by staff, from paper or by voice
STRUCK_OUT = "answer.struck"  # it had been noted for the wrong person
ANSWERS = {"signed": "policy.signed", "declined": "policy.declined", "talk": "talk.asked"}
SAID = {
    "signed": "acknowledged the text",
    "declined": "answered that they would rather not sign",
    "talk": "asked to talk first",
}


def canonical(value: Any) -> bytes:
    """The one way in which a value is written down before its hash is taken."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def details_hash(salt: str, details: dict[str, Any]) -> str:
    """The hash that an event keeps of its details: salted, so that it gives nothing away."""
    return sha256(salt.encode() + b"\n" + canonical(details))


# A Merkle tree as in RFC 9162 (2.1): a leaf and a branch can't be taken for each other.


def leaf_hash(event: dict[str, Any]) -> str:
    """The leaf that stands for an event, as hex."""
    return sha256(b"\x00" + canonical(event))


def branch(left: str, right: str) -> str:
    return sha256(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right))


def root_of(leaves: list[str]) -> str:
    """The root over one leaf or more, from below: an odd one out moves up as it is."""
    level = leaves
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path_to(leaves: list[str], at: int) -> list[list[str]]:
    """What the leaf at this place needs to reach the root: [side, hash], from below."""
    path, level = [], leaves
    while len(level) > 1:
        beside = at ^ 1
        if beside < len(level):
            path.append(["left" if beside < at else "right", level[beside]])
        level, at = _above(level), at // 2
    return path


def _above(level: list[str]) -> list[str]:
    pairs = [branch(*level[n : n + 2]) for n in range(0, len(level) - 1, 2)]
    return pairs + level[len(level) - len(level) % 2 :]


def climbed(leaf: str, path: list[list[str]]) -> str:
    """The root that a leaf reaches by its path."""
    for side, other in path:
        leaf = branch(other, leaf) if side == "left" else branch(leaf, other)
    return leaf


def head_of(seal: dict[str, Any]) -> str:
    """The head of a seal: over its number, day, tree and the head before it."""
    named = {name: seal[name] for name in ("of", "number", "sealed_at", "leaves", "root")}
    return sha256(b"\x02" + canonical({**named, "previous": seal["previous"]}))


@dataclass
class Findings:
    """What a check came to, in words. `wrong` empty: everything holds."""

    proved: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.wrong


class No(ValueError):
    """What was given can't be checked. The message says why, and what to give."""


class NoHead(No):
    """What was given as the head of a seal is none. The message says what to write."""


class NoBundle(No):
    """The file is no proof bundle, or can't be read. The message says what is the matter."""


def check(file: Any, heads: dict[int, str] | None = None) -> Findings:
    """Check a bundle, a path or an open file, against itself and against heads known elsewhere.

    Raises NoBundle where there is nothing to check.
    """
    found = Findings()
    files = _read(file)
    _files(files, found)
    try:
        proof = json.loads(files["proof.json"])
        if not isinstance(proof, dict) or proof.get("format") != FORMAT:
            raise NoBundle("This bundle is of a kind that this program does not know.")
        _text(files, proof, found)
        _chain(proof, found)
        _events(files, proof, found)
        _answers(proof, found)
        _heads(proof, heads or {}, found)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        if isinstance(error, NoBundle):
            raise
        found.wrong.append("The file proof.json is not whole: something in it is missing.")
    return found


def _read(file: Any) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(file) as bundle:
            listed = bundle.infolist()
            if sorted(each.filename for each in listed) != sorted(FILES):
                raise NoBundle(f"A proof bundle holds these files: {', '.join(FILES)}.")
            if sum(each.file_size for each in listed) > LARGEST_OF_ALL:
                raise NoBundle("The bundle says that it is larger than any that we make.")
            return {each.filename: _one(bundle, each) for each in listed}
    except NoBundle:
        raise
    except Exception as error:  # a damaged zip file breaks in many ways; all mean the same here
        raise NoBundle(f"The file can't be read as a zip file: {type(error).__name__}") from None


def _one(bundle: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A file of the bundle, never more of it than we would make, whatever its header says."""
    with bundle.open(member) as stream:
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise NoBundle(f"{member.filename} is larger than any that we make.")
    return content


def _files(files: dict[str, bytes], found: Findings) -> None:
    try:
        listed = json.loads(files["files.json"])
    except ValueError:
        listed = None
    wanted = {name: sha256(files[name]) for name in FILES if name != "files.json"}
    if not isinstance(listed, dict) or canonical(listed) + b"\n" != files["files.json"]:
        found.wrong.append("files.json, the list of the files, was changed.")
        listed = listed if isinstance(listed, dict) else {}
    for name in sorted(wanted.keys() | listed.keys()):
        if wanted.get(name) != listed.get(name):
            found.wrong.append(f"{name} is not the file that was put into the bundle.")


def _text(files: dict[str, bytes], proof: dict[str, Any], found: Findings) -> None:
    version = proof["version"]
    if sha256(files["text.json"]) != version["sha256"]:
        found.wrong.append("text.json is not the text with the fingerprint of this version.")
        return
    told = json.loads(files["text.json"])
    if (told["number"], told["in_force_on"]) != (version["number"], version["in_force_on"]):
        found.wrong.append("The version has another number, or another first day, in its text.")
    found.proved.append(
        f"text.json is, to the letter, the text of version {version['number']} with the"
        f" fingerprint {version['sha256']}."
    )


def _chain(proof: dict[str, Any], found: Findings) -> None:
    before = None
    of = proof["school"]["id"]
    for seal in proof["seals"]:
        where = f"Seal {seal['number']}"
        if seal["of"] != of:
            found.wrong.append(f"{where} is the seal of another school.")
        if head_of(seal) != seal["head"]:
            found.wrong.append(f"{where} was changed: its head is not the hash of what is in it.")
        if before is not None and seal["number"] <= before["number"]:
            found.wrong.append(f"{where} stands twice, or before its turn.")
        elif not _follows(seal, before):
            found.wrong.append(f"{where} does not follow the seal before it.")
        before = seal
    if before is None:
        found.wrong.append("There is no seal in the bundle.")


def _follows(seal: dict[str, Any], before: dict[str, Any] | None) -> bool:
    """Whether a seal is chained to the one before, where that one is in the bundle."""
    if before is None or seal["number"] != before["number"] + 1:
        return True
    return bool(seal["previous"] == before["head"])


def _events(files: dict[str, bytes], proof: dict[str, Any], found: Findings) -> None:
    seals = {seal["number"]: seal for seal in proof["seals"]}
    for one in proof["events"]:
        event, what = one["event"], f"The record “{one['event']['event']}” of {one['event']['at']}"
        if event["of"] != proof["school"]["id"]:
            found.wrong.append(f"{what} is a record of another school.")
        seal = seals.get(one["seal"])
        if seal is None or climbed(leaf_hash(event), one["path"]) != seal["root"]:
            found.wrong.append(f"{what} is not the one that was sealed.")
        if details_hash(one["salt"], one["details"]) != event["details_sha256"]:
            found.wrong.append(f"The details of {what[0].lower()}{what[1:]} were changed.")
        if event["event"] == "version.published":
            _published(files, proof, one, found)
    if not found.wrong:
        found.proved.append(
            f"{len(proof['events'])} records stand in the school’s sealed journal as they are here."
        )


def _published(
    files: dict[str, bytes], proof: dict[str, Any], one: dict[str, Any], found: Findings
) -> None:
    if one["details"].get("sha256") != proof["version"]["sha256"]:
        found.wrong.append("Another text was published under this version’s number.")
    shown = one["details"].get("html_sha256")
    if shown is None:
        found.open.append(
            "How the page looked (text.html) was not put under a seal for this version."
        )
    elif shown != sha256(files["text.html"]):
        found.wrong.append("text.html is not the page that was published.")
    else:
        found.proved.append("text.html is the page as it was published, sealed on that day.")


def _answers(proof: dict[str, Any], found: Findings) -> None:
    struck = {
        one["event"]["thing_id"]: one
        for one in proof["events"]
        if one["event"]["event"] == STRUCK_OUT
    }
    recorded = {
        one["event"]["thing_id"]: one
        for one in proof["events"]
        if one["event"]["event"] != STRUCK_OUT
    }
    for answer in proof["answers"]:
        one = recorded.get(answer["id"])
        if answer["sha256"] != proof["version"]["sha256"]:
            found.wrong.append("The answer was given to another text.")
        elif one is None or not _tells(one, answer["answer"]):
            found.wrong.append("No sealed record tells of this answer.")
        elif one["details"].get("sha256") != answer["sha256"]:
            found.wrong.append("The sealed record tells of another text.")
        elif abs(_moment(one["event"]["at"]) - _moment(answer["answered_at"])) > MOMENTS_APART:
            found.wrong.append("The sealed record tells of another moment.")
        elif one["details"].get("signed_as", answer["typed_name"]) != answer["typed_name"]:
            found.wrong.append("Another name was typed.")
        elif bool(answer.get("struck_out_at")) != (answer["id"] in struck):
            found.wrong.append("Whether the answer was struck out is not as it was sealed.")
        else:
            sealed = {each["number"]: _plain(each["sealed_at"]) for each in proof["seals"]}
            keyed = one["event"]["event"] == KEYED
            way = "Staff noted for" if keyed else "Through the link of"
            found.proved.append(
                f"{way} {proof['person']['name']}, on {_plain(answer['answered_at'])}:"
                f" somebody gave the name “{answer['typed_name']}” and {SAID[answer['answer']]}."
                f" It was sealed on {sealed.get(one['seal'])}."
            )
            if answer["id"] in struck:
                at = _plain(struck[answer["id"]]["event"]["at"])
                found.proved.append(
                    f"That answer was struck out on {at}: it had been noted for the wrong person"
                    " and counts for nothing."
                )
            if "signed_as" not in one["details"]:
                found.open.append("The name that was typed was not put under a seal then.")
    if not proof["answers"]:
        found.open.append("There is no answer: the bundle shows only what was sent.")


def _plain(at: str) -> str:
    """An instant as people read it, in UTC: on a summer's day that is an hour before London's."""
    moment = _moment(at)
    return f"{moment.day} {moment:%B %Y} at {moment:%H:%M:%S} UTC"


def _tells(one: dict[str, Any], answer: str) -> bool:
    if one["event"]["event"] == KEYED:
        return bool(one["details"].get("answer") == answer)
    return one["event"]["event"] == ANSWERS.get(answer)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _heads(proof: dict[str, Any], heads: dict[int, str], found: Findings) -> None:
    here = {seal["number"]: seal["head"] for seal in proof["seals"]}
    for number, head in sorted(heads.items()):
        if number not in here:
            found.open.append(f"Seal {number} is not in this bundle: nothing follows from it.")
        elif here[number] != head:
            found.wrong.append(f"The head of seal {number} is not the one that you gave.")
        else:
            found.proved.append(
                f"All was on record when seal {number} went out by mail: the head is the same."
            )
    if not heads:
        ends = [n for n in here if n + 1 not in here]
        found.open.append(
            "When it was on record. Compare these with the Trust’s daily mails of seals: "
            + ", ".join(f"{n}:{here[n]}" for n in ends)
        )
    found.open.append("That the person named is the one who opened the link, or read the text.")
    found.open.append("That a message which was sent was also read. Sent is not read.")


def told(found: Findings) -> str:
    """The findings as a page of plain words."""
    parts = []
    if found.wrong:
        parts += ["THIS BUNDLE DOES NOT HOLD. Do not rely on it.", ""]
        parts += [f"  - {line}" for line in found.wrong]
    else:
        parts += ["Everything in this bundle holds together.", "", "What it proves:"]
        parts += [f"  - {line}" for line in found.proved]
        parts += ["", "What it does not prove:"]
        parts += [f"  - {line}" for line in found.open]
    return "\n".join(parts)


def heads_in(texts: list[str]) -> dict[int, str]:
    """Heads as they are typed: 123:9f86…  Raises NoHead."""
    heads = {}
    for text in texts:
        match = re.fullmatch(r"([0-9]{1,9}):([0-9a-f]{64})", text.strip().lower())
        if match is None:
            raise NoHead("Write a head as NUMBER:HASH, as in the mail of seals.")
        heads[int(match[1])] = match[2]
    return heads


def main() -> int:
    parser = argparse.ArgumentParser(description="Check a proof bundle of trustconduct.")
    parser.add_argument("file", help="the bundle, a .zip file")
    parser.add_argument("--head", action="append", default=[], metavar="NUMBER:HASH")
    asked = parser.parse_args()
    try:
        found = check(asked.file, heads_in(asked.head))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(told(found))
    return 0 if found.holds else 1


if __name__ == "__main__":
    sys.exit(main())
