"""Anybody's documents, wrapped in whatever way, get an answer or one clear line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.prove.foreign import documents, promise_file
from tableguard.prove.foreign.documents import ForeignDocument
from tableguard.settings import example

DENIAL = {"Sid": "NoDeletion", "Effect": "Deny", "Action": "dynamodb:DeleteTable", "Resource": "*"}
DOCUMENT = {"Version": "2012-10-17", "Statement": [DENIAL]}
VALUES: dict[str, str | tuple[str, ...]] = {
    "AWS::AccountId": "111122223333",
    "regions": ("eu-west-1", "eu-central-1"),
    "Account": "111122223333",
}
PROMISES = """
[[must-deny]]
name = "nobody deletes a table"
Action = ["dynamodb:DeleteTable"]

[[must-allow]]
name = "everybody describes tables"
Action = ["dynamodb:DescribeTable"]
"""


def written(folder: Path, content: Any, name: str = "policy.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def template(**resource: Any) -> dict[str, Any]:
    return {"Resources": {"Guard": resource}}


def organization_policy(content: Any) -> dict[str, Any]:
    properties = {"Type": "SERVICE_CONTROL_POLICY", "Content": content}
    return template(Type="AWS::Organizations::Policy", Properties=properties)


SUMMARY = {"Type": "SERVICE_CONTROL_POLICY"}
WRAPPED: list[tuple[str, dict[str, Any]]] = [
    ("bare", DOCUMENT),
    ("one statement without a list", {**DOCUMENT, "Statement": DENIAL}),
    ("content", {"Content": DOCUMENT}),
    ("content as text", {"Content": json.dumps(DOCUMENT)}),
    ("as Organizations returns it", {"Policy": {"PolicySummary": SUMMARY, "Content": json.dumps(DOCUMENT)}}),
    ("template", organization_policy(DOCUMENT)),
    ("template with text", organization_policy(json.dumps(DOCUMENT))),
]


@pytest.mark.parametrize(("why", "content"), WRAPPED, ids=[why for why, _ in WRAPPED])
def test_a_document_is_found_in_its_wrapping(why: str, content: Any, tmp_path: Path) -> None:
    (found,) = documents.read(written(tmp_path, content), VALUES).documents
    assert found.kind == "scp"
    assert found.document["Statement"] in (DENIAL, [DENIAL])


def test_yaml_templates_are_read_with_their_short_intrinsics(tmp_path: Path) -> None:
    text = (
        "Resources:\n  Guard:\n    Type: AWS::Organizations::Policy\n    Properties:\n"
        "      Type: RESOURCE_CONTROL_POLICY\n"
        "      Content:\n        Version: '2012-10-17'\n        Statement:\n"
        "          - Sid: S\n            Effect: Deny\n"
        "            Principal: '*'\n            Action: dynamodb:*\n"
        "            Resource: !Sub 'arn:aws:dynamodb:*:${AWS::AccountId}:table/x'\n"
    )
    (found,) = documents.read(written(tmp_path, text, "guard.yaml"), VALUES).documents
    assert found.kind == "rcp"
    assert found.document["Statement"][0]["Resource"] == "arn:aws:dynamodb:*:111122223333:table/x"


def test_placeholders_of_terraform_and_of_the_samples_take_their_values(tmp_path: Path) -> None:
    regions = {"StringNotEquals": {"aws:RequestedRegion": ["<regions>"]}}
    resource = "arn:aws:dynamodb:*:${Account}:table/*"
    document = {**DOCUMENT, "Statement": [{**DENIAL, "Resource": resource, "Condition": regions}]}
    (found,) = documents.read(written(tmp_path, document), VALUES).documents
    (statement,) = found.document["Statement"]
    assert statement["Resource"] == "arn:aws:dynamodb:*:111122223333:table/*"
    assert statement["Condition"]["StringNotEquals"]["aws:RequestedRegion"] == ["eu-west-1", "eu-central-1"]


def test_a_variable_of_iam_is_no_placeholder(tmp_path: Path) -> None:
    document = {**DOCUMENT, "Statement": [{**DENIAL, "Resource": "arn:aws:s3:::home/${aws:username}"}]}
    (found,) = documents.read(written(tmp_path, document), VALUES).documents
    assert found.document["Statement"][0]["Resource"] == "arn:aws:s3:::home/${aws:username}"


def test_several_documents_of_a_folder_are_found_and_other_files_named(tmp_path: Path) -> None:
    written(tmp_path, DOCUMENT, "one.json")
    written(tmp_path, {"Content": DOCUMENT}, "two.json")
    written(tmp_path, {"name": "not a policy"}, "package.json")
    collection = documents.read(tmp_path, VALUES)
    assert [Path(found.place).name for found in collection.documents] == ["one.json", "two.json"]
    assert [Path(other).name for other in collection.others] == ["package.json"]


def test_documents_are_found_whatever_the_case_of_their_suffix_and_hidden_ones_are_left_out(tmp_path: Path) -> None:
    written(tmp_path, DOCUMENT, "one.JSON")
    written(tmp_path, DOCUMENT, ".hidden.json")
    (tmp_path / ".git").mkdir()
    written(tmp_path / ".git", DOCUMENT, "two.json")
    collection = documents.read(tmp_path, VALUES)
    assert [found.name for found in collection.documents] == ["one.JSON"]
    assert [Path(other).name for other in collection.others] == [".git", ".hidden.json"]


NOT_READ: list[tuple[str, Any]] = [
    ("b.tf", 'statement {\n  effect = "Deny"\n}'),
    ("b.tpl", DOCUMENT),
    ("b.json.tpl", DOCUMENT),
    ("b.tftpl", DOCUMENT),
    ("b.txt", DOCUMENT),
    ("b.jsonc", DOCUMENT),
    ("b.policy", DOCUMENT),
    ("b", DOCUMENT),
    ("b.json", {"statement": [DENIAL]}),
    ("b.json", {"Policies": [{"Content": DOCUMENT}]}),
    ("b.json", {"Policies": [{"Content": json.dumps(DOCUMENT)}]}),
    ("b.json", {"one": DOCUMENT, "two": DOCUMENT}),
    ("b.json", {"Content": DOCUMENT, "Other": DOCUMENT}),
]


@pytest.mark.parametrize(("name", "content"), NOT_READ)
def test_what_looks_like_a_policy_and_is_not_read_is_refused(name: str, content: Any, tmp_path: Path) -> None:
    written(tmp_path, DOCUMENT, "a.json")
    written(tmp_path, content, name)
    with pytest.raises(PolicyError, match=r"looks like a policy|can be read"):
        documents.read(tmp_path, VALUES)


@pytest.mark.parametrize("name", ["README.md", "notes.txt", "main.tf", "package.json"])
def test_what_does_not_look_like_a_policy_is_left_out_and_named(name: str, tmp_path: Path) -> None:
    written(tmp_path, DOCUMENT, "a.json")
    written(tmp_path, '{"why": "an effect of the statement"}', name)
    assert [Path(other).name for other in documents.read(tmp_path, VALUES).others] == [name]


def test_links_that_lead_nowhere_or_to_folders_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    written(folder, DOCUMENT, "a.json")
    assert len(documents.read(folder, VALUES).documents) == 1
    (folder / "b.json").symlink_to(tmp_path / "absent.json")
    with pytest.raises(PolicyError, match="a link to nothing"):
        documents.read(folder, VALUES)
    (folder / "b.json").unlink()
    (tmp_path / "more").mkdir()
    (folder / "more").symlink_to(tmp_path / "more")
    with pytest.raises(PolicyError, match="a link to a folder is not followed"):
        documents.read(folder, VALUES)


def principals(**elements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", **elements}]}


def test_every_policy_of_a_template_is_found_with_its_kind(tmp_path: Path) -> None:
    role = {
        "AssumeRolePolicyDocument": principals(Action="sts:AssumeRole"),
        "Policies": [{"PolicyName": "own", "PolicyDocument": DOCUMENT}],
    }
    bucket = principals(Action="s3:*", Resource="*")
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": principals(Action="kms:*", Resource="*")}},
        "Bucket": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "x", "PolicyDocument": bucket}},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "ResourcePolicy": {"PolicyDocument": bucket},
                "StreamSpecification": {"ResourcePolicy": {"PolicyDocument": bucket}},
            },
        },
    }
    written(tmp_path, {"Resources": resources}, "t.json")
    assert [(found.name, found.kind) for found in documents.read(tmp_path, VALUES).documents] == [
        ("t.json: Role: AssumeRolePolicyDocument", "trust"),
        ("t.json: Role: own", "role"),
        ("t.json: Key", "key"),
        ("t.json: Bucket", "resource"),
        ("t.json: Table", "resource"),
        ("t.json: Table (2)", "resource"),
    ]


def test_a_policy_that_exists_under_a_condition_only_is_refused(tmp_path: Path) -> None:
    content = organization_policy(DOCUMENT)
    assert documents.read(written(tmp_path, content), VALUES).documents
    content["Resources"]["Guard"]["Condition"] = "Never"
    with pytest.raises(PolicyError, match="under the condition Never only; render the template first"):
        documents.read(written(tmp_path, content), VALUES)


def test_content_that_only_one_kind_has_is_said_to_tell_it(tmp_path: Path) -> None:
    assert documents.read(written(tmp_path, DOCUMENT), VALUES).notes == (
        "policy.json is taken for an SCP: it only denies and names no Principal",
    )
    assert documents.read(written(tmp_path, DOCUMENT), VALUES, "scp").notes == ()


LONG = [f"s3:{'x' * 100}{number}" for number in range(100)]


@pytest.mark.parametrize(
    ("broken", "right", "said"),
    [
        ([{**DENIAL, "Action": "s*:*"}], [{**DENIAL, "Action": "s3:*"}], "no wildcard in the name of a service"),
        ([DENIAL, DENIAL], [DENIAL, {**DENIAL, "Sid": "Other"}], "2 statements have this Sid"),
        ([{**DENIAL, "Action": LONG}], [{**DENIAL, "Action": LONG[:50]}], "at most 10240"),
    ],
)
def test_a_document_that_aws_refuses_is_refused(broken: Any, right: Any, said: str, tmp_path: Path) -> None:
    assert documents.read(written(tmp_path, {**DOCUMENT, "Statement": right}), VALUES).documents
    with pytest.raises(PolicyError, match=said):
        documents.read(written(tmp_path, {**DOCUMENT, "Statement": broken}), VALUES)


EVERYBODY = {**DENIAL, "Principal": "*"}
TAKING = {"Sid": "Taken", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}
# kind, what is right of it, what differs, and what is said then
REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("scp", DENIAL, {"Resource": None}, "neither Resource nor NotResource; AWS refuses it as an SCP"),
    ("rcp", EVERYBODY, {"Resource": None}, "neither Resource nor NotResource; AWS refuses it as an RCP"),
    ("role", DENIAL, {"Resource": None}, "neither Resource nor NotResource; AWS refuses it as a role's policy"),
    ("key", EVERYBODY, {"Resource": None}, "neither Resource nor NotResource; AWS refuses it as a key's policy"),
    ("scp", DENIAL, {"Action": None}, "neither Action nor NotAction"),
    ("scp", DENIAL, {"NotAction": "s3:*"}, "both Action and NotAction"),
    ("scp", DENIAL, {"Action": []}, "Action: empty"),
    ("scp", DENIAL, {"Principal": "*"}, "a policy that is attached to principals names none"),
    ("role", DENIAL, {"Principal": "*"}, "a policy that is attached to principals names none"),
    ("scp", DENIAL, {"Sid": 7}, "7 is not a text"),
    ("resource", EVERYBODY, {"Sid": 7}, "7 is not a text"),
    ("role", DENIAL, {"Sid": "No deletion"}, "other characters than letters and digits"),
    ("rcp", EVERYBODY, {"Action": "*"}, "'*' alone: an RCP of a customer names the services"),
    ("rcp", EVERYBODY, {"Action": None, "NotAction": "s3:*"}, "an RCP takes no such element"),
    ("rcp", EVERYBODY, {"Principal": None, "NotPrincipal": "*"}, "None is not '*'"),
    ("rcp", EVERYBODY, {"Effect": "Allow"}, "only RCPFullAWSAccess allows"),
    ("rcp", EVERYBODY, {"Principal": {"AWS": "111122223333"}}, "is not '*'"),
    ("resource", EVERYBODY, {"Principal": None}, "no Principal"),
    ("trust", TAKING, {"Resource": "*"}, "Resource: a trust policy is about its own role and names no resource"),
    ("trust", TAKING, {"Action": "s3:GetObject"}, "a trust policy is about STS's actions only"),
]


@pytest.mark.parametrize(("kind", "right", "differs", "problem"), REFUSED)
def test_a_document_is_refused_that_aws_refuses_as_one_of_its_kind(
    kind: str, right: dict[str, Any], differs: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    broken = {key: value for key, value in {**right, **differs}.items() if value is not None}
    assert documents.read(written(tmp_path, {**DOCUMENT, "Statement": [right]}), VALUES, kind).documents
    with pytest.raises(PolicyError) as raised:
        documents.read(written(tmp_path, {**DOCUMENT, "Statement": [broken]}), VALUES, kind)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "version", "refused"),
    [
        ("scp", "2012-10-17", False),
        ("scp", "2026-01-01", True),
        ("scp", "2008-10-17", True),
        ("role", "2008-10-17", False),
        ("role", "2026-01-01", True),
    ],
)
def test_a_version_is_refused_that_aws_does_not_take(kind: str, version: str, refused: bool, tmp_path: Path) -> None:
    path = written(tmp_path, {**DOCUMENT, "Version": version})
    if refused:
        with pytest.raises(PolicyError, match=f"Version: '{version}'"):
            documents.read(path, VALUES, kind)
    else:
        assert documents.read(path, VALUES, kind).documents


@pytest.mark.parametrize(
    ("key", "close"),
    [
        ("aws:requestedregoin", "like it: aws:RequestedRegion"),
        ("aws:PrincipalTags/team", "like it: aws:PrincipalTag/team"),
        ("dynamodb:LeadingKey", "like it: dynamodb:LeadingKeys"),
    ],
)
def test_a_key_that_aws_does_not_have_is_named_with_those_that_are_like_it(
    key: str, close: str, tmp_path: Path
) -> None:
    existing = close.removeprefix("like it: ")
    for name, works in ((existing, True), (key, False)):
        path = written(tmp_path, {**DOCUMENT, "Statement": [{**DENIAL, "Condition": {"StringLike": {name: "x*"}}}]})
        if works:
            assert documents.read(path, VALUES, "scp").notes == ()
        else:
            with pytest.raises(PolicyError, match=f"{key}: AWS knows no such context key.*{close}"):
                documents.read(path, VALUES, "scp")


def test_a_variable_that_is_no_key_is_named_too(tmp_path: Path) -> None:
    statement = {**DENIAL, "Resource": "arn:aws:dynamodb:*:*:table/${aws:principaltags/team}"}
    with pytest.raises(PolicyError, match="Resource: aws:principaltags/team: AWS knows no such context key"):
        documents.read(written(tmp_path, {**DOCUMENT, "Statement": [statement]}), VALUES, "scp")


def test_what_is_not_known_of_services_and_actions_is_noted(tmp_path: Path) -> None:
    condition = {"StringEquals": {"token.actions.githubusercontent.com:sub": "x", "rds:DatabaseEngine": "x"}}
    statement = {**DENIAL, "Action": ["dynamodb:DeletTable", "rds:*", "bedrock:*"], "Condition": condition}
    path = written(tmp_path, {**DOCUMENT, "Statement": [statement]})
    assert documents.read(path, VALUES, "scp").notes == (
        "policy.json: statement NoDeletion: Action: dynamodb:DeletTable: no action of AWS's is called so; like it: "
        "dynamodb:DeleteTable, dynamodb:DeleteTableReplica, dynamodb:ListTables",
        "actions of these services are taken as written, because they are not known here: rds, bedrock",
        "any request may have these keys, because their services' are not known here: "
        "token.actions.githubusercontent.com:sub, rds:DatabaseEngine",
    )


@pytest.mark.parametrize(
    ("broken", "right", "note"),
    [
        (
            {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b/*"},
            {"Resource": "arn:aws:s3:::b"},
            "s3:ListBucket acts on accesspoint, bucket, requests that name none (Resource *), and none is among these",
        ),
        (
            {"Condition": {"Bool": {"aws:SecureTransport": "true"}, "BoolIfExists": {"aws:SecureTransport": "false"}}},
            {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
            "no request meets this and the other conditions on the key: the statement never matches",
        ),
    ],
)
def test_what_a_statement_says_in_vain_is_noted(
    broken: dict[str, Any], right: dict[str, Any], note: str, tmp_path: Path
) -> None:
    for change, noted in ((broken, [note]), ({**broken, **right}, [])):
        path = written(tmp_path, {**DOCUMENT, "Statement": [{**DENIAL, **change}]})
        notes = documents.read(path, VALUES, "scp").notes
        assert [one.split(": ", 3)[-1] for one in notes] == noted


def test_a_promise_about_a_key_that_aws_does_not_have_is_not_answered(tmp_path: Path) -> None:
    found = [ForeignDocument("a", "scp", DOCUMENT)]
    for key, works in (("aws:RequestedRegion", True), ("aws:requestedregoin", False)):
        text = f"[must-deny.Condition.StringEquals]\n'{key}' = 'eu-west-1'\n"
        promise = PROMISES.replace("[[must-allow]]", f"{text}[[must-allow]]")
        file = promise_file.load(written(tmp_path, promise, "promises.toml"), example())
        if works:
            assert list(promise_file.answers(file, found))
        else:
            with pytest.raises(PolicyError, match=r"nobody deletes a table: .*requestedregoin: AWS knows no such"):
                list(promise_file.answers(file, found))


@pytest.mark.parametrize("name", ["policy.json", "promises.toml"])
def test_a_byte_order_mark_is_named_as_one(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff" + (json.dumps(DOCUMENT) if name.endswith("json") else PROMISES), name)
    with pytest.raises(PolicyError, match="begins with a byte order mark"):
        documents.read(path, VALUES) if name.endswith("json") else promise_file.load(path, example())


UNREADABLE = [
    ("not JSON", '{"Version": ', "not JSON"),
    ("terraform without quotes", '{"Statement": ${jsonencode(x)}}', "not JSON"),
    ("junk", "x" * 5_000_000, "5000000 bytes"),
    ("a placeholder without a value", {**DOCUMENT, "Id": "<organization-root>"}, "no value for the placeholder"),
    ("terraform without a value", {**DOCUMENT, "Id": "${var.root}"}, "no value for the placeholder ${var.root}"),
    ("an intrinsic", organization_policy({"Statement": {"Fn::GetAtt": ["A", "B"]}}), "render the template first"),
    ("text with an element twice", {"Content": '{"Statement": [], "Statement": []}'}, "Statement"),
    ("text that is no document", {"Content": "{'Version': 1}"}, "is not JSON"),
    ("nothing", {"name": "x"}, "no policy document found"),
]


@pytest.mark.parametrize(("why", "content", "said"), UNREADABLE, ids=[why for why, _, _ in UNREADABLE])
def test_what_cannot_be_read_is_one_clear_line(why: str, content: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as raised:
        documents.read(written(tmp_path, content), VALUES)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_bytes_that_are_no_text_are_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(PolicyError, match="not UTF-8"):
        documents.read(path, VALUES)


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no such file or folder"):
        documents.read(tmp_path / "absent", VALUES)


@pytest.mark.parametrize(
    ("element", "verdicts"),
    [
        ({"Action": "dynamodb:DeleteTable"}, ["proved", "proved"]),
        ({"Action": "dynamodb:DeleteTabel"}, ["refuted", "proved"]),
        ({"Action": "dynamodb:*"}, ["proved", "refuted"]),
        ({"NotAction": "dynamodb:Describe*"}, ["proved", "proved"]),
        ({"NotAction": "dynamodb:*"}, ["refuted", "proved"]),
    ],
)
def test_promises_about_foreign_documents_are_proved_or_refuted(
    element: dict[str, str], verdicts: list[str], tmp_path: Path
) -> None:
    file = promise_file.load(written(tmp_path, PROMISES, "promises.toml"), example())
    statement = {key: value for key, value in DENIAL.items() if key != "Action"} | element
    found = [ForeignDocument("a", "scp", {**DOCUMENT, "Statement": [statement]})]
    assert [answer.proof.verdict for answer in promise_file.answers(file, found)] == verdicts


def test_not_resource_leaves_out_what_it_names(tmp_path: Path) -> None:
    file = promise_file.load(written(tmp_path, PROMISES, "promises.toml"), example())
    statement = {key: value for key, value in DENIAL.items() if key != "Resource"}
    statement["NotResource"] = "arn:aws:dynamodb:*:*:table/scratch"
    first, _ = promise_file.answers(file, [ForeignDocument("a", "scp", {**DOCUMENT, "Statement": [statement]})])
    assert first.proof.counterexample is not None
    assert first.proof.counterexample.resource.endswith("table/scratch")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing to prove"),
        ("kind = 'nonsense'" + PROMISES, "kind"),
        (PROMISES + "colour = 'red'", "colour: unknown key; accepted: Action, Condition, NotAction"),
        (
            "colour = 'red'" + PROMISES,
            "accepted: account, full-access, goals, kind, level, management-account, must-allow, must-deny",
        ),
        ("[roles]\nr = 3\n" + PROMISES, "roles: r: accepted"),
        ("[values]\nx = 3\n" + PROMISES, "values: x"),
        ("[[must-deny]]\nname = 'x'\nResource = '*'\n", "has an Action or a NotAction"),
        ("[[must-deny", "not TOML"),
    ],
)
def test_a_promises_file_that_says_something_else_is_one_clear_line(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as raised:
        promise_file.load(written(tmp_path, text, "promises.toml"), example())
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_unknown_element_is_refused_when_the_world_is_made(tmp_path: Path) -> None:
    file = promise_file.load(written(tmp_path, PROMISES, "promises.toml"), example())
    document = {**DOCUMENT, "Statement": [{**DENIAL, "Actions": "x"}]}
    with pytest.raises(PolicyError, match="unknown element 'Actions'"):
        list(promise_file.answers(file, [ForeignDocument("a", "scp", document)]))


def test_a_list_inside_a_list_item_becomes_one_item_for_each_value(tmp_path: Path) -> None:
    denial = {**DENIAL, "Resource": ["arn:aws:dynamodb:<regions>:<Account>:table/*", "arn:aws:dynamodb:${regions}:*:*"]}
    path = written(tmp_path, {"Version": "2012-10-17", "Statement": [denial]})
    (found,) = documents.read(path, VALUES, "scp").documents
    assert found.document["Statement"][0]["Resource"] == [
        "arn:aws:dynamodb:eu-west-1:111122223333:table/*",
        "arn:aws:dynamodb:eu-central-1:111122223333:table/*",
        "arn:aws:dynamodb:eu-west-1:*:*",
        "arn:aws:dynamodb:eu-central-1:*:*",
    ]


def test_a_list_inside_a_text_of_its_own_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, {"Version": "2012-10-17", "Statement": [{**DENIAL, "Resource": "arn:<regions>"}]})
    with pytest.raises(PolicyError, match="<regions> is a list and stands inside a text"):
        documents.read(path, VALUES, "scp")


@pytest.mark.parametrize(
    ("differs", "problem"),
    [
        ({"Effect": "deny"}, "statement 1 (NoDeletion): Effect is 'deny'; accepted: 'Allow', 'Deny'"),
        ({"Condition": {"StringEquals": {"aws:username": "${aws:username"}}}, "begins no variable; accepted: ${key}"),
    ],
)
def test_what_is_wrong_in_a_statement_is_told_with_its_file(
    differs: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    old, new = tmp_path / "old" / "scp", tmp_path / "new" / "scp"
    for folder, statement in ((old, DENIAL), (new, {**DENIAL, **differs})):
        folder.mkdir(parents=True)
        written(folder, {**DOCUMENT, "Statement": [statement]})
    assert documents.read(old.parent, VALUES).documents
    with pytest.raises(PolicyError) as refusal:
        documents.read(new.parent, VALUES)
    assert str(refusal.value).startswith(f"{new}/policy.json: statement 1 ")
    assert problem in str(refusal.value)
