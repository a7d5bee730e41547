"""The guide on a terminal: close codes and causes, in both languages, from the patterns."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from conftest import patterns
from wslogs.cli import app
from wslogs.errors import PatternError
from wslogs.model import CloseCode
from wslogs.report.guide import codes, guide


def test_a_code_tells_its_meaning_and_what_may_stand_behind_it() -> None:
    told = codes(patterns(), 1012, "en")
    assert told.startswith("1012: service restart\n")
    assert "  server.shutdown             The app was restarted" in told.splitlines()
    assert codes(patterns(), 1012, "ru").startswith("1012: перезапуск сервиса\n")


def test_a_code_of_a_range_is_told_by_the_range() -> None:
    assert codes(patterns(), 4401, "en").startswith("4401: the app's own code")
    assert "4000-4999  the app's own code" in codes(patterns(), None, "en").splitlines()


def test_each_code_of_the_registry_is_known() -> None:
    assert {int(code) for code in CloseCode} == {close.code for close in patterns().closes if close.last == close.code}


@pytest.mark.parametrize("code", [0, 999, 1004, 1016, 2999, 5000])
def test_what_is_no_close_code_is_said_to_be_none(code: int) -> None:
    with pytest.raises(PatternError, match=r"is no close code.*1000, 1001"):
        codes(patterns(), code, "en")


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_each_cause_is_told_whole(lang: str) -> None:
    assert len(patterns().causes) > 30
    for cause in patterns().causes.values():
        told = guide(patterns(), cause.id, lang)
        assert " ".join(cause.remedy[lang].split()) in " ".join(told.split())
        for command in cause.confirm:
            assert f"  {command}" in told.splitlines(), "a command stands on one line, to be copied"
        assert all(" ".join(patterns().signals[name].says[lang].split()) in " ".join(told.split()) for name in cause.any)


def test_a_cause_names_the_close_codes_that_it_shows() -> None:
    lines = guide(patterns(), "application.exception", "en").splitlines()
    assert "  - 1011 server error" in lines[lines.index("Close codes:") :]


def test_a_family_is_told_by_its_name_and_by_its_number_in_the_guide() -> None:
    assert guide(patterns(), "4", "en") == guide(patterns(), "proxy", "en")
    assert guide(patterns(), "4", "en").splitlines()[0] == "4. Proxy (nginx) configuration (proxy)"


def test_all_causes_come_in_the_order_of_the_guide() -> None:
    heads = [line for line in guide(patterns(), None, "ru").splitlines() if line and not line.startswith(" ")]
    assert [head[:2] for head in heads[:6]] == ["1.", "2.", "3.", "4.", "5.", "6."]
    assert all("нет в руководстве" in head for head in heads[6:]) and len(heads) == 9


def test_a_cause_that_is_none_is_answered_by_the_nearest() -> None:
    with pytest.raises(PatternError, match=r"did you mean proxy\.read-timeout\?"):
        guide(patterns(), "proxy.readtimeout", "en")


def test_the_commands_print_it() -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["codes", "1006", "--lang", "ru"]).output.startswith("1006: аномальное закрытие")
    assert runner.invoke(app, ["guide", "tls.expired"]).output.startswith("tls.expired: ")
    wrong = runner.invoke(app, ["codes", "1004"])
    assert wrong.exit_code == 2 and "is no close code" in wrong.output
