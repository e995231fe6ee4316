"""`make measure-eligibility`: D1, D2 and D5's time. D3: `make measure-xml`, D4: `make bench-terminal`.

D1: the tests of the outcome matrix, the code tables, the codecs' round trips and golden files. D2: check digits. D5:
what this issue's part of `make test` takes; its other half is `make bench-lookup`. Records: docs/measurements.json.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.measure import record  # noqa: E402  # started as a script
from tools.measure_card import Tests, record_time  # noqa: E402  # as above

COMMAND = "make measure-eligibility"
UNIT = "tests/unit/eligibility"
TABLES = (f"{UNIT}/test_eligibility_outcome.py", f"{UNIT}/test_eligibility_codes.py")
CODECS = (
    "tests/property/eligibility",
    f"{UNIT}/test_oqs_xml_golden.py",
    f"{UNIT}/test_oqs_xml_roundtrip.py",
    f"{UNIT}/test_oqs_xml_terminal.py",
    f"{UNIT}/test_oqs_json.py",
)
NUMBERS = (f"{UNIT}/test_eligibility_numbers.py",)
# What a look-up by certificate and revocation had before: the gateway's pool, wire and visits, and OCSP.
OLDER = {f"test_eligibility_{name}.py" for name in ("ocsp", "patience", "pool", "visits", "wire")}
OURS = (
    *(f"{UNIT}/{path.name}" for path in sorted((ROOT / UNIT).glob("test_*.py")) if path.name not in OLDER),
    "tests/property/eligibility",
    "tests/contract/gateway/test_gateway_queries.py",
    "tests/contract/gateway/test_gateway_rude.py",
    "tests/contract/gateway/test_gateway_schemathesis.py",
    "tests/contract/gateway/test_gateway_strict.py",
    "tests/contract/gateway/test_gateway_values.py",
    "tests/contract/gateway/test_gateway_versions.py",
    "tests/flows/test_flows_late.py",
    "tests/flows/test_flows_pick_up.py",
    "tests/unit/app/test_eligibility_parts.py",
    "tests/unit/bench/test_lookup_bench.py",
    "tests/unit/publish/test_publish_answers.py",
    "tests/unit/publish/test_publish_fitting.py",
    "tests/unit/publish/test_publish_interrupted.py",
    "tests/unit/publish/test_publish_queries.py",
    "tests/unit/publish/test_publish_query_desk.py",
    "tests/unit/publish/test_publish_unseal.py",
    "tests/unit/reception/test_reception_queries.py",
    "tests/unit/runtime/test_queries.py",
    "tests/unit/settings/test_settings_eligibility.py",
    "tests/unit/sim_gateway",
    "tests/unit/sim_terminal",
    "tests/system/test_broker_queries.py",
    "tests/system/test_run_eligibility.py",
    "tests/system/test_terminal_smb.py",
)


def passed(name: str, what: str, places: tuple[str, ...]) -> bool:
    tests = Tests(places, "not long")
    record(id=name, what=what, figure=tests.passed, unit="tests", goal="all", met=tests.good, command=COMMAND)
    return tests.good


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.parse_args()
    good = [
        passed("D1-tables", "each row of the outcome matrix and each value of each code table", TABLES),
        passed(
            "D1-codecs",
            "round trips of the XML and JSON codecs, golden files in both encodings with and without each variant",
            CODECS,
        ),
        passed(
            "D2",
            "check digits: the numbers of eligibility.md 3.1 and 3.2, and 100,000 random ones against another formula",
            NUMBERS,
        ),
        record_time("D5-time", "eligibility", OURS, COMMAND, most=60),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
