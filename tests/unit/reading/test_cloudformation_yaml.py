"""CloudFormation's YAML is read with short forms written out and dates as texts; what is not YAML is refused."""

from typing import Any

import pytest
import yaml

from tableguard.reading.cloudformation_yaml import first_alias, load


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!Condition A", {"Condition": "A"}),
        ("!GetAtt A.Arn", {"Fn::GetAtt": "A.Arn"}),
        ("!Sub '${A}-b'", {"Fn::Sub": "${A}-b"}),
        ("!Join ['', [a, !Sub '${B}']]", {"Fn::Join": ["", ["a", {"Fn::Sub": "${B}"}]]}),
        ("!Sub [x, {A: !Ref B}]", {"Fn::Sub": ["x", {"A": {"Ref": "B"}}]}),
        ("!Transform {Name: AWS::Include}", {"Fn::Transform": {"Name": "AWS::Include"}}),
    ],
)
def test_a_short_form_is_its_long_form(text: str, content: Any) -> None:
    assert load(text) == content


def test_a_date_stays_a_text_and_other_scalars_have_their_types() -> None:
    assert load("{Version: 2012-10-17, Count: 3, Flag: true, Text: '3'}") == {
        "Version": "2012-10-17",
        "Count": 3,
        "Flag": True,
        "Text": "3",
    }


@pytest.mark.parametrize("text", ["{", "a: b: c", "a:\n\t- b"])
def test_what_is_not_yaml_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        load(text)


def test_a_tag_that_makes_objects_is_no_short_form_and_is_refused() -> None:
    with pytest.raises(yaml.YAMLError):
        load("!!python/object/apply:os.getcwd []")


def test_the_first_alias_is_where_a_value_is_repeated() -> None:
    mark = first_alias("a: &anchor 1\nb: 2\nc: *anchor\nd: *anchor\n")
    assert mark is not None
    assert (mark.line, mark.column) == (2, 3)


def test_an_anchor_alone_and_a_star_in_a_text_are_no_aliases() -> None:
    assert first_alias("a: &anchor 1\nb: '*anchor'\n") is None
