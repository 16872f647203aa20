"""One detection: the calls it is about, stated once and written as metric filter and as EventBridge pattern."""

from dataclasses import dataclass
from typing import Any

from tableguard.errors import TemplateError

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
FILTER_PATTERN_CHARACTERS = 1024
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
EVENT_PATTERN_CHARACTERS = 2048

Where = tuple[tuple[str, str | bool], ...]


@dataclass(frozen=True)
class Calls:
    """API calls of one service; a name ending in * is a prefix. `where` narrows by what the call asked for.

    A value of `where` ending in * is a prefix, and * alone means that the field is there.
    """

    service: str
    names: tuple[str, ...]
    where: Where = ()

    def expression(self) -> str:
        """The condition of a metric filter."""
        names = " || ".join(_is("eventName", name) for name in self.names)
        terms = [
            _is("eventSource", f"{self.service}.amazonaws.com"),
            f"({names})",
            *(_is(*term) for term in self.where),
        ]
        return " && ".join(terms)

    def pattern(self) -> dict[str, Any]:
        """The `detail` of an EventBridge pattern."""
        detail: dict[str, Any] = {
            "eventSource": [f"{self.service}.amazonaws.com"],
            "eventName": [_matcher(name) for name in self.names],
        }
        for path, value in self.where:
            _put(detail, path.replace("[0]", "").split("."), [_matcher(value)])
        return detail


@dataclass(frozen=True)
class Detection:
    """What happened, in words, and how a metric filter recognises it; `calls` if EventBridge shall too."""

    name: str
    says: str
    filter_pattern: str
    calls: tuple[Calls, ...] = ()
    threshold: int = 1  # in five minutes

    def __post_init__(self) -> None:
        if len(self.filter_pattern) > FILTER_PATTERN_CHARACTERS:
            raise TemplateError(
                f"detection {self.name}: its metric filter has {len(self.filter_pattern)} characters, CloudWatch Logs "
                f"takes {FILTER_PATTERN_CHARACTERS}; name fewer break-glass roles or regions in the settings"
            )

    def event_pattern(self) -> dict[str, Any]:
        """The EventBridge pattern for `calls`."""
        details = [call.pattern() for call in self.calls]
        return {
            # only AWS may send what begins so; a caller's own PutEvents cannot forge an alert
            "source": [{"prefix": "aws."}],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": details[0] if len(details) == 1 else {"$or": details},
        }


def both(name: str, says: str, *calls: Calls) -> Detection:
    """Calls that both channels watch."""
    return Detection(name, says, _any(calls), calls)


def filtered(name: str, says: str, *calls: Calls, threshold: int = 1) -> Detection:
    """Calls that the metric filter alone watches."""
    return Detection(name, says, _any(calls), threshold=threshold)


def _any(calls: tuple[Calls, ...]) -> str:
    if len(calls) == 1:
        return f"{{ {calls[0].expression()} }}"
    return "{ " + " || ".join(f"({call.expression()})" for call in calls) + " }"


def _is(path: str, value: str | bool) -> str:
    # a Boolean is not a string: $.x = "false" never matches false
    return f"($.{path} IS {str(value).upper()})" if isinstance(value, bool) else f'($.{path} = "{value}")'


def _matcher(value: str | bool) -> Any:
    if value == "*":
        return {"exists": True}
    return {"prefix": value[:-1]} if isinstance(value, str) and value.endswith("*") else value


def _put(detail: dict[str, Any], path: list[str], matchers: list[Any]) -> None:
    for key in path[:-1]:
        detail = detail.setdefault(key, {})
    detail[path[-1]] = matchers
