"""ARNs are taken apart into their parts and put together again; what is no ARN has no parts."""

import pytest

from tableguard.aws.arn import Arn, components, parse, require


@pytest.mark.parametrize(
    ("text", "arn"),
    [
        (
            "arn:aws:dynamodb:eu-central-1:111122223333:table/messages",
            Arn("aws", "dynamodb", "eu-central-1", "111122223333", "table/messages"),
        ),
        ("arn:aws-cn:s3:::bucket/key", Arn("aws-cn", "s3", "", "", "bucket/key")),
        ("arn:aws:sns:*:*:topic:with:colons", Arn("aws", "sns", "*", "*", "topic:with:colons")),
        ("arn:*:*:*:*:*", Arn("*", "*", "*", "*", "*")),
        ("arn:aws:iam::111122223333:", Arn("aws", "iam", "", "111122223333", "")),
    ],
)
def test_an_arn_has_five_parts_of_which_only_the_last_holds_colons(text: str, arn: Arn) -> None:
    assert parse(text) == require(text) == arn


@pytest.mark.parametrize(
    "text", ["", "*", "bucket", "arn", "arn:*", "arn:aws:s3::", "urn:aws:s3:::bucket", "Arn:aws:s3:::bucket"]
)
def test_a_text_with_another_prefix_or_too_few_parts_is_no_arn(text: str) -> None:
    assert parse(text) is None
    with pytest.raises(ValueError, match="is no ARN"):
        require(text)


@pytest.mark.parametrize("text", ["arn:aws:s3:::bucket/key", "arn:aws:states:eu-west-1:111122223333:execution:a:b"])
def test_the_parts_of_an_arn_make_the_same_text_again(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("arn:aws:s3:::bucket", ("arn", "aws", "s3", "", "", "bucket")),
        ("*:aws:sns:*:*:a:b", ("*", "aws", "sns", "*", "*", "a:b")),
        ("arn:aws:s3::", None),
        ("*", None),
    ],
)
def test_a_pattern_may_have_wildcards_in_its_prefix_and_has_six_components_or_none(
    pattern: str, parts: tuple[str, ...] | None
) -> None:
    assert components(pattern) == parts
