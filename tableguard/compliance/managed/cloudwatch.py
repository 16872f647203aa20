"""Managed rules about alarms."""

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken

_ALARM = "AWS::CloudWatch::Alarm"
_STATES = {
    "alarmActionRequired": ("alarmActions", "alarm"),
    "insufficientDataActionRequired": ("insufficientDataActions", "insufficient data"),
    "okActionRequired": ("okactions", "OK"),
}


@evaluates("CLOUDWATCH_ALARM_ACTION_CHECK", _ALARM)
def has_actions(item: ConfigurationItem, parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether an alarm acts in the states that must, by one of the actions named: cloudwatch-alarm-action-check.

    The page: "optionally, checks if any actions match a named ARN". Here each state that must act needs such an action.
    """
    named = {parameters.text(f"action{number}") for number in range(1, 6)} - {""}
    for parameter, (word, state) in _STATES.items():
        actions = item.fact(word) or []
        if not parameters.flag(parameter):
            continue
        if not actions:
            return broken(f"the alarm tells nobody of state {state}", "give it an action")
        if named and not named & set(actions):
            return broken(
                f"the alarm tells {', '.join(actions)} of state {state}", f"let it tell {' or '.join(sorted(named))}"
            )
    return COMPLIANT


@evaluates("CLOUDWATCH_ALARM_ACTION_ENABLED_CHECK", _ALARM)
def actions_enabled(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether an alarm's actions are enabled: cloudwatch-alarm-action-enabled-check."""
    if item.fact("actionsEnabled"):
        return COMPLIANT
    return broken("the alarm is muted", "enable its actions")
