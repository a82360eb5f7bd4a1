"""What `deploy/`, `compose.yaml` and the Dockerfile say is true of the program."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from adapters.web.health import Backlog, Metrics
from bot.__main__ import cli
from bot.domain.chats import Channel
from bot.domain.deliveries import State
from bot.settings import DEFAULT_METRICS, NAMES
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
RULES = DEPLOY / "prometheus-rules.yml"


def tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}: install it (Debian: apt install {package})")
    return found


def ended(*command: str) -> str:
    """What a program says; it must be content."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


# --- figures ------------------------------------------------------------------------------


async def figures() -> set[str]:
    """The names of all figures that /metrics can give, and of their samples."""

    async def backlog() -> Backlog:
        return Backlog(oldest=None, items={}, missed={(State.DEAD, "sent"): 1})

    text = (await Metrics(backlog, {Channel.TELEGRAM: []}).text()).decode()
    families = text_string_to_metric_families(text)
    return {sample.name for family in families for sample in family.samples}


def asked(expression: str) -> set[str]:
    """The metrics that an expression of PromQL reads."""
    return set(re.findall(r"\b(?:tradebell|process)_\w+", expression))


async def test_every_figure_in_the_rules_exists():
    groups = yaml.safe_load(RULES.read_text())["groups"]
    read = {name for group in groups for rule in group["rules"] for name in asked(rule["expr"])}

    assert read
    assert read <= await figures()


async def test_every_figure_on_the_dashboard_exists():
    panels = json.loads((DEPLOY / "grafana-dashboard.json").read_text())["panels"]
    read = [asked(target["expr"]) for panel in panels for target in panel["targets"]]

    assert set().union(*read) <= await figures()
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_the_rules_fire_when_they_should_and_only_then():
    promtool = tool("promtool", "prometheus")

    ended(promtool, "check", "rules", str(RULES))
    ended(promtool, "test", "rules", str(DEPLOY / "prometheus-rules.test.yml"))


def test_every_rule_has_a_test_in_which_it_fires():
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    tests = yaml.safe_load((DEPLOY / "prometheus-rules.test.yml").read_text())["tests"]

    cases = [case for test in tests for case in test["alert_rule_test"]]
    fired = {case["alertname"] for case in cases if case.get("exp_alerts")}
    assert fired == {rule["alert"] for rule in rules}


# --- compose ------------------------------------------------------------------------------


@pytest.fixture
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return content


def test_every_setting_in_the_compose_file_exists(compose):
    names = re.findall(r"\bTRADEBELL_(\w+)", (ROOT / "compose.yaml").read_text())

    assert set(names) <= NAMES
    assert set(compose["services"]["tradebell"]["environment"]) <= {
        f"TRADEBELL_{name}" for name in NAMES
    }


def test_the_figures_are_published_where_they_are_served(compose):
    ours = compose["services"]["tradebell"]

    given = ours["environment"]["TRADEBELL_METRICS_LISTEN"]
    port = DEFAULT_METRICS.port
    assert given == f"${{TRADEBELL_METRICS_LISTEN-0.0.0.0:{port}}}"
    assert f"127.0.0.1:{port}:{port}" in ours["ports"]


def test_the_database_comes_only_with_its_profile(compose):
    services = compose["services"]

    assert services["database"]["profiles"] == ["postgresql"]
    assert services["tradebell"]["depends_on"]["database"]["required"] is False
    assert "profiles" not in services["tradebell"]


def test_nothing_is_open_to_the_network_and_the_data_lasts(compose):
    ours = compose["services"]["tradebell"]

    assert [port.rsplit(":", 2)[0] for port in ours["ports"]] == ["127.0.0.1"] * 2
    volumes = [
        one.split(":") for service in compose["services"].values() for one in service["volumes"]
    ]
    assert {name for name, _ in volumes} == set(compose["volumes"])
    assert ["data", "/data"] in volumes


# --- systemd ------------------------------------------------------------------------------


def unit() -> str:
    return (DEPLOY / "tradebell.service").read_text()


def test_the_unit_is_understood_by_systemd(tmp_path: Path):
    analyze = tool("systemd-analyze", "systemd")
    copy = tmp_path / "tradebell.service"
    copy.write_text(unit().replace("/opt/tradebell/.venv/bin/tradebell", sys.executable))

    assert ended(analyze, "verify", "--man=no", str(copy)) == ""


def test_the_unit_starts_what_there_is_and_sets_what_exists():
    (start,) = re.findall(r"^ExecStart=(.*)$", unit(), re.MULTILINE)
    arguments = shlex.split(start)[1:]

    with_a_wrong_file = CliRunner().invoke(cli, [*arguments[:-1], "/nowhere.toml"])
    assert "/nowhere.toml cannot be read" in str(with_a_wrong_file.exception)
    assert set(re.findall(r"TRADEBELL_(\w+)=", unit())) <= NAMES


# --- the image ----------------------------------------------------------------------------


def test_the_image_is_built_on_an_exact_release_of_python_and_debian():
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-trixie", bases[0])


def test_the_image_sets_what_exists_and_runs_as_nobody_in_particular():
    text = (ROOT / "Dockerfile").read_text()

    assert set(re.findall(r"TRADEBELL_(\w+)=", text)) <= NAMES
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
