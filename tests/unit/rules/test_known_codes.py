"""What a prover keeps of one set for the next: it saves work and changes nothing."""

import marshal
from types import CodeType

import pytest

from rules_engine.compile import formulas
from tests.unit.rules.test_prover import SET
from worker.rules.known_codes import CodesOfOne, KnownCodes
from worker.rules.proof import Ask, Experience, Good, Request, answer


def code(text: str) -> CodeType:
    return compile(text, "<generated>", "exec")


def proven(text: str, experience: Experience) -> Good:
    reply = answer(Request(Ask.PROVE, text, "izi.yaml"), experience)
    assert isinstance(reply, Good)
    return reply


def test_a_set_like_an_earlier_one_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another organization with the same rules, but for one amount."""
    compiled: list[str] = []

    def counting(text: str, file: str, mode: str) -> CodeType:
        compiled.append(text)
        return compile(text, file, mode)

    monkeypatch.setattr(formulas, "compile", counting, raising=False)
    experience = Experience()
    proven(SET, experience)
    first = len(compiled)
    compiled.clear()
    proven(SET.replace("organizationId: izi", "organizationId: pro"), experience)
    assert compiled == []
    proven(SET.replace("* 2 > 900", "* 2 > 900 and hour < 5"), experience)
    assert 0 < len(compiled) < first


def test_the_answer_is_that_of_a_prover_without_experience() -> None:
    experience, other = Experience(), SET.replace("percent: 12", "percent: 14")
    proven(SET, experience)
    again, fresh = proven(other, experience), proven(other, Experience())
    assert (again.checked, again.rules) == (fresh.checked, fresh.rules)
    assert [text for text, _ in again.codes] == [text for text, _ in fresh.codes]
    ready = [marshal.loads(each) for _, each in again.codes]
    assert ready == [marshal.loads(each) for _, each in fresh.codes]


def test_what_no_set_had_for_longest_is_forgotten() -> None:
    known = KnownCodes(most=30)
    texts = [f"x = {number}" for number in range(10_000, 10_004)]
    known.keep({text: code(text) for text in texts[:3]})
    assert known[texts[0]] == code(texts[0])
    known.keep({texts[3]: code(texts[3])})
    with pytest.raises(KeyError):
        known[texts[1]]
    assert [known[text] for text in (texts[0], texts[2], texts[3])]
    known.keep({"y = 1": code("y = 1"), "z" * 40: code("z" * 40)})
    with pytest.raises(KeyError):
        known["z" * 40]


def test_those_of_one_set_are_all_that_it_used() -> None:
    known = KnownCodes()
    known.keep({"x = 1": code("x = 1"), "x = 2": code("x = 2")})
    used = CodesOfOne(known)
    assert used["x = 2"] == code("x = 2")
    with pytest.raises(KeyError):
        used["x = 3"]
    assert list(used) == ["x = 2"]
