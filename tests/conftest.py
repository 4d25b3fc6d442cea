"""For all tests: under CI a test may be skipped for what the machine is, never for what somebody forgot to install."""

from __future__ import annotations

import os

import pytest

EXPECTED_SKIPS = ("root",)
"""Words in the reasons of skips that are right in CI too: permissions do not bind root, so some tests mean nothing."""


class UnexpectedSkips:
    """Collects skips, also from the processes of pytest-xdist, and fails the run for those nobody expects."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = str(report.longrepr[2])
            if not any(word in reason for word in EXPECTED_SKIPS):
                self.found.append(f"{report.nodeid}: {reason}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self.found:
            terminalreporter.write_line(f"unexpected skip: {line}", red=True)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")
    if os.environ.get("CI") == "true" and not is_worker:
        config.pluginmanager.register(UnexpectedSkips(), "unexpected-skips")
