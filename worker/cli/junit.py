"""Results of rule tests in the XML that build servers read (JUnit's).

Nothing but what the schema junit-10.xsd of Jenkins' xUnit plugin knows, which refuses a file with
anything else: so a case has no `file` and `line`; they stand in front of a failure's message.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

if TYPE_CHECKING:
    from rules_engine.cases.run import CaseResult
    from rules_engine.diagnostics import Diagnostic

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(
    results: Iterable["CaseResult"],
    findings: Sequence["Diagnostic"],
    explained: dict[int, str],
) -> bytes:
    """One suite per file. `explained`: text by the id of a failure. What could not be tested, since
    a file has findings, is an error of a case `load`."""
    root = Element("testsuites", name="loyalty rules test")
    suites: dict[str, Element] = {}
    for result in results:
        suite = _suite(root, suites, result.file)
        case = SubElement(
            suite,
            "testcase",
            name=_clean(result.case.name),
            classname=_clean(result.file),
        )
        for failure in result.failures:
            finding = failure.finding
            told = _told(case, "failure", finding)
            told.text = _clean(f"{finding}\n{explained.get(id(failure), '')}".rstrip())
    for finding in findings:
        suite = _suite(root, suites, finding.file)
        case = SubElement(suite, "testcase", name="load", classname=_clean(finding.file))
        told = _told(case, "error", finding)
        told.text = _clean(str(finding))
    for suite in suites.values():
        _count(suite)
        suite.set("skipped", "0")
    _count(root)
    indent(root)
    text = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _suite(root: Element, suites: dict[str, Element], file: str) -> Element:
    if file not in suites:
        suites[file] = SubElement(root, "testsuite", name=_clean(file), file=_clean(file))
    return suites[file]


def _told(case: Element, kind: str, finding: "Diagnostic") -> Element:
    message = f"{finding.file}:{finding.line}: {finding.message}"
    return SubElement(case, kind, type=finding.code, message=_clean(message))


def _count(suite: Element) -> None:
    cases = list(suite.iter("testcase"))
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    suite.set("errors", str(sum(case.find("error") is not None for case in cases)))


def _clean(text: str) -> str:
    """XML has no way to write control characters."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
