"""`poise doctor`: what works on this machine, and what to do about what does not."""

from __future__ import annotations

from dataclasses import asdict

from poise.cli import options
from poise.cli.output import print_json, say, stdout_kept_clean

MARKS = {"good": "good", "missing": "-", "fault": "FAULT"}


def command(as_json: options.AsJson = False) -> int:
    """Try out every part of poise on this machine, and say what to do about what does not work."""
    from poise.runs.diagnosis import diagnose

    findings = []
    checks = diagnose()
    while True:
        with stdout_kept_clean():
            finding = next(checks, None)
        if finding is None:
            break
        findings.append(finding)
        if not as_json:
            say(f"{finding.part:<11} {MARKS[finding.state]:<5} {finding.said}")
            if finding.advice:
                say(f"{'':<17} → {finding.advice}")
    faults = sum(finding.state == "fault" for finding in findings)
    if as_json:
        print_json({"good": faults == 0, "findings": [asdict(finding) for finding in findings]})
    return 2 if faults else 0
