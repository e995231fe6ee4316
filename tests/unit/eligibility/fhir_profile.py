"""JP Core and R4 as a table, written down from their sources and not from our code; `broken` says what a bundle breaks.

JP Core: github.com/jami-fhir-jp-wg/jp-core-v1x. Read were the sources of November 2024, which have what the guide's
history names for 1.2.0, and the generated differentials of 1.3.0-dev: the same in all lines. R4: hl7.org/fhir/R4.
A path is the id of the element in its StructureDefinition, a slice after a colon; `SLICES` has what tells a slice.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

Part = dict[str, Any]
PROFILE: Final = "http://jpfhir.jp/fhir/core/StructureDefinition/"
EXTENSION: Final = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
CATEGORY: Final = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/InsuredPersonCategory"

WIDE: Final = r"[^\x00-\x7f｡-ﾟ\s]+"
"""全角: no ASCII, no half-width kana, no blank of either width."""
DAY: Final = r"\d{4}-\d\d-\d\d"
TIME: Final = DAY + r"T\d\d:\d\d:\d\d\+09:00"
FINANCIAL: Final = "active|cancelled|draft|entered-in-error"
MANY: Final = 1_000

SLICES: Final = {
    "insuredPersonSymbol": ("url", f"{EXTENSION}JP_Coverage_InsuredPersonSymbol"),
    "insuredPersonNumber": ("url", f"{EXTENSION}JP_Coverage_InsuredPersonNumber"),
    "insuredPersonSubNumber": ("url", f"{EXTENSION}JP_Coverage_InsuredPersonSubNumber"),
    "insuranceIdentifier": ("system", "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"),
    "insuranceCsvIdentifier": ("system", "http://jpfhir.jp/fhir/core/IdSystem/JP_Coverage_id"),
    "insurerNumber": ("system", "http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber"),
    "medicalInstitutionCode": ("system", "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no"),
    "nameRepresentationUse": ("url", "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"),
}
KNOWN: Final = {value for _, value in SLICES.values()} | {
    CATEGORY,
    *(f"{PROFILE}{name}" for name in ("JP_Coverage", "JP_Patient", "JP_Organization")),
}
"""Slices are open: an address with a wrong letter is in none. So each address of JP Core must be one of these."""


class Line(NamedTuple):
    """How often a member stands in its parent; the form of its value, or what a reference may refer to."""

    path: str
    least: int
    most: int
    form: str = ""
    to: tuple[str, ...] = ()


# input/fsh/profiles/JP_Coverage.fsh; the form of the member id: 「被保険者個人識別子」の文字列仕様 in
# input/intro-notes/StructureDefinition-jp-coverage-notes.md. Of `dependent` the profile still says full width; but
# input/pagecontent/update_history.md changed the branch to half width with 1.2.0, and so has the guide's example.
JP_COVERAGE: Final = (
    Line("Coverage.meta.profile", 1, 1, f"{PROFILE}JP_Coverage"),
    Line("Coverage.extension:insuredPersonSymbol.valueString", 1, 1, WIDE),
    Line("Coverage.extension:insuredPersonSymbol.extension", 0, 0),
    Line("Coverage.extension:insuredPersonNumber.valueString", 1, 1, WIDE),
    Line("Coverage.extension:insuredPersonNumber.extension", 0, 0),
    Line("Coverage.extension:insuredPersonSubNumber.valueString", 1, 1, "[0-9]{2}"),
    Line("Coverage.extension:insuredPersonSubNumber.extension", 0, 0),
    Line("Coverage.identifier:insuranceIdentifier", 0, 1),
    Line("Coverage.identifier:insuranceIdentifier.value", 1, 1, f"[0-9A-Za-z]{{8}}:(?:{WIDE})?:{WIDE}:(?:[0-9]{{2}})?"),
    Line("Coverage.identifier:insuranceIdentifier.assigner", 0, 1, to=("JP_Organization",)),
    Line("Coverage.identifier:insuranceCsvIdentifier", 0, 1),
    Line(
        "Coverage.identifier:insuranceCsvIdentifier.value",
        1,
        1,
        f'"[0-9A-Za-z]{{8}}","(?:{WIDE})?","{WIDE}","(?:[0-9]{{2}})?"',
    ),
    Line("Coverage.identifier:insuranceCsvIdentifier.assigner", 0, 1, to=("JP_Organization",)),
    Line("Coverage.subscriber", 0, 1, to=("JP_Patient", "RelatedPerson")),
    Line("Coverage.subscriberId", 0, 1, f"(?:{WIDE})?:{WIDE}"),
    Line("Coverage.beneficiary", 1, 1, to=("JP_Patient",)),
    Line("Coverage.dependent", 0, 1, "[0-9]{2}"),
    Line("Coverage.relationship.coding.system", 0, 1, CATEGORY),
    Line("Coverage.relationship.coding.code", 0, 1, "1|2"),
    Line("Coverage.period.start", 0, 1, DAY),
    Line("Coverage.period.end", 0, 1, DAY),
    Line("Coverage.payor", 1, MANY, to=("JP_Organization", "JP_Patient", "RelatedPerson")),
)

# input/fsh/profiles/JP_Patient.fsh; names: input/intro-notes/StructureDefinition-jp-humanname-notes.md (IDE and SYL in
# full width, the parts divided by a half-width blank, SHALL); a value that is missing but required:
# input/pagecontent/guide-handlingOfNonExistentData.md (the extension data-absent-reason, SHALL).
JP_PATIENT: Final = (
    Line("Patient.meta.profile", 1, 1, f"{PROFILE}JP_Patient"),
    Line("Patient.identifier", 1, MANY),
    Line("Patient.identifier.value", 1, 1),
    Line("Patient.name.extension:nameRepresentationUse", 0, 1),
    Line("Patient.name.extension:nameRepresentationUse.valueCode", 1, 1, "IDE|SYL|ABC"),
    Line("Patient.name.text", 0, 1, f"{WIDE}(?: {WIDE})*"),
    Line("Patient.gender", 0, 1, "male|female|other|unknown"),
    Line("Patient.birthDate", 0, 1, DAY),
)

# input/fsh/profiles/JP_Organization.fsh: insurers are resources, facilities logical references.
JP_ORGANIZATION: Final = (
    Line("Organization.meta.profile", 1, 1, f"{PROFILE}JP_Organization"),
    Line("Organization.identifier:insurerNumber.value", 0, 1, "[0-9A-Za-z]+"),
    Line("CoverageEligibilityResponse.insurer.identifier:insurerNumber.value", 0, 1, "[0-9A-Za-z]+"),
    Line("CoverageEligibilityResponse.requestor.identifier:medicalInstitutionCode.value", 0, 1, "[0-9]{10}"),
    Line("Consent.organization.identifier:medicalInstitutionCode.value", 0, 1, "[0-9]{10}"),
)

# R4's coverage.html, coverageeligibilityresponse.html
R4_COVERAGE: Final = (
    Line("Coverage.status", 1, 1, FINANCIAL),
    Line("CoverageEligibilityResponse.status", 1, 1, FINANCIAL),
    Line("CoverageEligibilityResponse.purpose", 1, MANY, "auth-requirements|benefits|discovery|validation"),
    Line("CoverageEligibilityResponse.patient", 1, 1, to=("Patient",)),
    Line("CoverageEligibilityResponse.servicedDate", 0, 1, DAY),
    Line("CoverageEligibilityResponse.created", 1, 1, TIME),
    Line("CoverageEligibilityResponse.requestor", 0, 1, to=("Organization",)),
    Line("CoverageEligibilityResponse.request", 1, 1, to=("CoverageEligibilityRequest",)),
    Line("CoverageEligibilityResponse.outcome", 1, 1, "queued|complete|error|partial"),
    Line("CoverageEligibilityResponse.insurer", 1, 1, to=("Organization",)),
    Line("CoverageEligibilityResponse.insurance.coverage", 1, 1, to=("Coverage",)),
    Line("CoverageEligibilityResponse.insurance.benefitPeriod.start", 0, 1, DAY),
    Line("CoverageEligibilityResponse.insurance.benefitPeriod.end", 0, 1, DAY),
    Line("CoverageEligibilityResponse.insurance.item.benefit.type", 1, 1),
    Line("CoverageEligibilityResponse.insurance.item.benefit.allowedUnsignedInt", 0, 1, "[0-9]{1,9}"),
    Line("CoverageEligibilityResponse.insurance.item.benefit.allowedMoney.currency", 0, 1, "JPY"),
    Line("CoverageEligibilityResponse.error.code", 1, 1),
)

# R4's consent-definitions.html (provision.type: not permitted in the root rule, required in all nested rules),
# bundle.html (bdl-1 to bdl-5: what a collection has not), operationoutcome.html
R4_OTHERS: Final = (
    Line("Consent.status", 1, 1, "draft|proposed|active|rejected|inactive|entered-in-error"),
    Line("Consent.scope", 1, 1),
    Line("Consent.category", 1, MANY),
    Line("Consent.patient", 0, 1, to=("Patient",)),
    Line("Consent.dateTime", 0, 1, TIME),
    Line("Consent.organization", 0, MANY, to=("Organization",)),
    Line("Consent.provision.type", 0, 0),
    Line("Consent.provision.period.start", 0, 1, TIME),
    Line("Consent.provision.period.end", 0, 1, TIME),
    Line("Consent.provision.provision.type", 1, 1, "deny|permit"),
    Line("Bundle.type", 1, 1, "collection"),
    Line("Bundle.timestamp", 1, 1, TIME),
    Line("Bundle.total", 0, 0),
    Line("Bundle.entry.fullUrl", 1, 1, "urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    Line("Bundle.entry.resource", 1, 1),
    Line("Bundle.entry.search", 0, 0),
    Line("Bundle.entry.request", 0, 0),
    Line("Bundle.entry.response", 0, 0),
    Line("OperationOutcome.issue", 1, MANY),
    Line("OperationOutcome.issue.severity", 1, 1, "fatal|error|warning|information"),
    Line("OperationOutcome.issue.code", 1, 1, "value|invariant|conflict|business-rule"),
)
TABLE: Final = JP_COVERAGE + JP_PATIENT + JP_ORGANIZATION + R4_COVERAGE + R4_OTHERS


def broken(bundle: Part) -> list[str]:
    """Path of each line of the table, and key of each invariant, that does not hold."""
    found = [
        line.path
        for line in TABLE
        for resource in resources(bundle)
        for parent in parents(line, resource)
        if not _holds(line, members(parent, line.path.rpartition(".")[2]), resource, bundle)
    ]
    addresses = [str(each.get("fullUrl")) for each in bundle["entry"]]
    found += [] if len(set(addresses)) == len(addresses) else ["bdl-7"]
    far = {each for each in _references(bundle) if not each.startswith("#")}
    found += ["reference without its resource"] if far - set(addresses) else []
    return found + [each for resource in resources(bundle) for each in _of_resource(resource)] + list(_walk(bundle, ""))


def resources(bundle: Part) -> list[Part]:
    """The bundle itself, what it holds, and what that contains."""
    held = [each["resource"] for each in _full(bundle)]
    return [bundle, *held, *(inner for each in held for inner in each.get("contained", []))]


def _full(bundle: Part) -> list[Part]:
    return [each for each in bundle["entry"] if isinstance(each.get("resource"), dict)]


def parents(line: Line, resource: Part) -> list[Part]:
    """What the member of `line` stands in, in this resource."""
    kind, *steps = line.path.split(".")
    found = [resource] if resource["resourceType"] == kind else []
    for step in steps[:-1]:
        found = [inner for each in found for inner in members(each, step) if isinstance(inner, dict)]
    return found


def members(parent: Part, step: str) -> list[Any]:
    """What `parent` has under this name and slice. A value that is said to be absent counts as there (`_name`)."""
    name, _, part = step.partition(":")
    value: Any = parent.get(name, parent.get(f"_{name}", []))
    values: list[Any] = value if isinstance(value, list) else [value]
    if not part:
        return values
    key, address = SLICES[part]
    return [each for each in values if each.get(key) == address]


def _holds(line: Line, values: list[Any], resource: Part, bundle: Part) -> bool:
    if not line.least <= len(values) <= line.most:
        return False
    if line.to:
        return all(_leads_to(each, line.to, resource, bundle) for each in values)
    return not line.form or all(
        each["extension"][0]["url"] == ABSENT if isinstance(each, dict) else re.fullmatch(line.form, str(each))
        for each in values
    )


def _leads_to(reference: Part, kinds: tuple[str, ...], resource: Part, bundle: Part) -> bool:
    """To one of these profiles or types, inside (then it is there, and says so itself) or logically (then its type)."""
    address = reference.get("reference")
    if address is None:
        named = reference.get("type")
        return named in {each.removeprefix("JP_") for each in kinds} or (named is None and "display" in reference)
    near = {f"#{each['id']}": each for each in resource.get("contained", [])}
    far = {str(each.get("fullUrl")): each["resource"] for each in _full(bundle)}
    target = (near | far).get(address, {})
    says = {target.get("resourceType"), *target.get("meta", {}).get("profile", [])}
    return any(each in says or f"{PROFILE}{each}" in says for each in kinds)


def _of_resource(resource: Part) -> Iterator[str]:
    """Invariants of R4 that hold for a resource as a whole."""
    kind = resource["resourceType"]
    contained = resource.get("contained", [])
    for inner in contained:
        if "contained" in inner:
            yield "dom-2"
        if f"#{inner['id']}" not in _references(resource):
            yield "dom-3"
        if {"versionId", "lastUpdated", "security"} & set(inner.get("meta", {})):
            yield "dom-4, dom-5"
    if kind != "Bundle" and {each for each in _references(resource) if each.startswith("#")} - {
        f"#{each['id']}" for each in contained
    }:
        yield "ref-1"
    if kind == "Organization" and not {"identifier", "name", "_name"} & set(resource):
        yield "org-1"
    if kind == "Consent" and not {"policy", "policyRule"} & set(resource):
        yield "ppc-1"
    if kind == "Consent" and "patient" not in resource:
        yield "ppc-2 to ppc-5"


def _references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {each for inner in value for each in _references(inner)}
    if not isinstance(value, dict):
        return set()
    own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
    return own | {each for inner in value.values() for each in _references(inner)}


def _walk(value: Any, name: str) -> Iterator[str]:
    """Invariants of R4 that hold for every element."""
    if value is None or value in ("", [], {}):
        yield "ele-1"
    if isinstance(value, str) and value.startswith("http://jpfhir.jp/") and value not in KNOWN:
        yield "address of JP Core"
    for inner in value if isinstance(value, list) else []:
        yield from _walk(inner, name)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        yield from _walk(inner, key)
    if name == "extension" and sum(key == "extension" or key.startswith("value") for key in value) != 1:
        yield "ext-1"
    if name == "item" and ("category" in value) == ("productOrService" in value):
        yield "ces-1"
    if {"start", "end"} <= set(value) and str(value["start"]) > str(value["end"]):
        yield "per-1"
