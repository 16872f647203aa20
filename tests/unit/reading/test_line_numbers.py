"""Lines of keys and items in JSON and YAML: as an editor counts them, and of the last part that exists."""

import pytest

from tableguard.reading.line_numbers import Key, LineNumbers, line_with

JSON = """{
\t"Version": "2012-10-17",
  "Statement": [
    {"Sid": "One"},
    {
      "Sid": "Two",
      "Condition": {"StringLike": {
        "aws:PrincipalTag/Team": ["a", "b"]}}
    }
  ]
}
"""
YAML = """# made by hand
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Sub '${AWS::StackName}-t'
  topic:
    Type: AWS::SQS::Queue
"""


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        (JSON, (), 1),
        (JSON, ("Version",), 2),
        (JSON, ("Statement",), 3),
        (JSON, ("Statement", 0), 4),
        (JSON, ("Statement", 1), 5),
        (JSON, ("Statement", 1, "Sid"), 6),
        (JSON, ("Statement", 1, "Condition", "StringLike", "aws:principaltag/team"), 8),
        (JSON, ("Statement", 1, "Action"), 5),
        (JSON, ("Statement", 7), 3),
        (JSON, ("Version", "nothing below"), 2),
        (YAML, (), 2),
        (YAML, ("Resources", "Topic", "Properties", "TopicName", "Fn::Sub"), 6),
        (YAML, ("Resources", "topic"), 7),
        (YAML, ("Outputs",), 2),
        ("", ("Resources",), 1),
        ("{broken", ("Resources",), 1),
    ],
)
def test_a_path_leads_to_a_line(text: str, path: tuple[Key, ...], line: int) -> None:
    assert LineNumbers(text).line_of(path) == line


def test_the_first_text_that_is_there_has_the_line() -> None:
    assert line_with("a\nb\nc\n", "absent", "c", "a") == 3
    assert line_with("a\nb\n", "absent") == 1
