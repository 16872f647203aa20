"""Our matcher of event patterns and Event Ruler, with which AWS matches them, asked the same.

TABLEGUARD_ORACLE_SEED chooses the random patterns and events. Without the engine (scripts/engines/event-ruler) the
comparison is skipped, unless TABLEGUARD_ENGINES_REQUIRED=1.
"""

import json
import os
from collections.abc import Sequence
from random import Random
from typing import Any

from tableguard.aws.patterns.event_pattern import AmbiguousEventPatternError, EventPatternError, parse
from tests.cases.event_patterns import AMBIGUOUS, CASES, REFUSED
from tests.engines.event_ruler import Answer, Question, ask, needs_event_ruler
from tests.oracle.event_patterns import (
    examples,
    of_templates,
    random_document,
    random_event,
    random_pattern,
    rule_by_rule,
)

pytestmark = needs_event_ruler
SEED = int(os.environ.get("TABLEGUARD_ORACLE_SEED", "20261201"))
EVENTS, PATTERNS, EVENTS_OF_A_PATTERN = 10_000, 2_000, 5
DOCUMENTS = 5_000


def _ours(question: Question) -> Answer:
    try:
        pattern = parse(question.pattern)
    except EventPatternError as error:
        return Answer(str(error), ())
    return Answer(None, tuple(pattern.matches(event) for event in question.events))


def _differences(questions: Sequence[Question], answers: Sequence[Answer]) -> list[str]:
    """Return where the two answer differently: refused or not, and what is matched."""
    return [
        f"{question.pattern}: ours {ours}, theirs {theirs}; {[json.dumps(event) for event in question.events][:5]}"
        for question, theirs in zip(questions, answers, strict=True)
        for ours in [_ours(question)]
        if (ours.refusal is None) != (theirs.refusal is None) or ours.matches != theirs.matches
    ]


def _share(answers: Sequence[Answer]) -> float:
    matches = [match for answer in answers for match in answer.matches]
    return sum(matches) / len(matches)


def test_the_documented_table_and_our_own_cases_are_theirs() -> None:
    questions = [Question(json.dumps(case.pattern), [case.event, case.twin, {}]) for case in CASES]
    answers = ask(questions)
    assert _differences(questions, answers) == []
    assert {answer.matches[:2] for answer in answers} == {(True, False)}


def test_what_we_refuse_they_refuse_but_for_what_they_forget() -> None:
    refused = ask([Question(pattern, []) for pattern in REFUSED])
    assert [pattern for pattern, answer in zip(REFUSED, refused, strict=True) if answer.refusal is None] == []
    taken = ask([Question(pattern, []) for pattern in AMBIGUOUS])
    assert [answer.refusal for answer in taken] == [None] * len(AMBIGUOUS)


def test_of_random_documents_the_same_are_patterns() -> None:
    random = Random(SEED)  # noqa: S311  # repeatable
    questions = [Question(random_document(random), [{"a": ""}, {"a": [{"a": 0}, True]}]) for _ in range(DOCUMENTS)]
    answers = ask(questions)
    assert _differences(questions, answers) == []
    assert DOCUMENTS // 20 < sum(answer.refusal is None for answer in answers) < DOCUMENTS // 2


def test_the_templates_patterns_match_alike_on_every_detections_examples() -> None:
    questions = [Question(json.dumps(pattern), examples()) for pattern in of_templates().values()]
    answers = ask(questions)
    assert _differences(questions, answers) == []
    with_matches = [name for name, answer in zip(of_templates(), answers, strict=True) if any(answer.matches)]
    # of no call: what a Config rule says of a resource, and the records of a stream
    assert set(of_templates()) - set(with_matches) == {"config.RuleBroken", "stream.Mapping"}


def test_the_templates_patterns_match_alike_on_random_events(record_property: Any) -> None:
    random, bases, patterns = Random(SEED), examples(), list(of_templates().values())  # noqa: S311  # repeatable
    questions = [
        Question(
            json.dumps(pattern),
            [random_event(random, pattern, random.choice(bases)) for _ in range(EVENTS // len(patterns) + 1)],
        )
        for pattern in patterns
    ]
    assert sum(len(question.events) for question in questions) >= EVENTS
    answers = ask(questions)
    assert _differences(questions, answers) == []
    record_property("matching", _share(answers))
    assert 0.25 < _share(answers) < 0.75


def test_random_patterns_match_alike_on_random_events(record_property: Any) -> None:
    """Where Event Ruler answers otherwise than we do, it does not answer as when it is asked rule by rule.

    Its automaton of several rules of one field goes wrong in a few: of ["Ä", {"numeric": [">", -1]}] it loses the Ä.
    """
    random = Random(SEED)  # noqa: S311  # repeatable
    questions = [_random_question(random) for _ in range(PATTERNS)]
    answers = ask(questions)
    assert [question.pattern for question, answer in zip(questions, answers, strict=True) if answer.refusal] == []
    differing = [question for question, answer in zip(questions, answers, strict=True) if _ours(question) != answer]
    assert _differences(differing, [_rule_by_rule(question) for question in differing]) == []
    record_property("contradicting itself", len(differing))
    assert len(differing) < PATTERNS // 100
    record_property("matching", _share(answers))
    assert 0.25 < _share(answers) < 0.75


def _rule_by_rule(question: Question) -> Answer:
    """Return what Event Ruler answers of patterns with one rule a field: together they mean the same."""
    simple = rule_by_rule(json.loads(question.pattern))
    answers = ask([Question(json.dumps(pattern), question.events) for pattern in simple])
    return Answer(None, tuple(any(matches) for matches in zip(*(answer.matches for answer in answers), strict=True)))


def _random_question(random: Random) -> Question:
    """Return a pattern that names no field twice, with events near it."""
    while True:
        pattern = random_pattern(random)
        text = json.dumps(pattern)
        try:
            parse(text)
        except AmbiguousEventPatternError:
            continue
        return Question(text, [random_event(random, pattern, {}) for _ in range(EVENTS_OF_A_PATTERN)])
