"""The simulated terminal by itself: what it fetches, how it answers, and as a process."""

import asyncio
import subprocess
import sys
from pathlib import Path

from firmware.sim.gateway.insured import Insured
from firmware.sim.terminal.quirks import Quirk
from tests.unit.eligibility.oqs_exchange import PEOPLE, terminal, until

REQUEST = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="no"?><XmlMsg><MessageHeader>'
    b"<QualificationConfirmationDate>20260401</QualificationConfirmationDate>"
    b"<MedicalInstitutionCode>1319999999</MedicalInstitutionCode>"
    b"<ArbitraryFileIdentifier>DEV01-000123</ArbitraryFileIdentifier></MessageHeader>"
    b"<MessageBody><QualificationConfirmSearchInfo><InsurerNumber>06130017</InsurerNumber>"
    b"<InsuredIdentificationNumber>100000</InsuredIdentificationNumber><Birthdate>19721103</Birthdate>"
    b"</QualificationConfirmSearchInfo></MessageBody></XmlMsg>"
)


async def test_it_fetches_answers_and_marks_its_folders(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        assert {(tmp_path / each / "madoguchi-env").read_text() for each in ("req", "res", "face")} == {"sim"}
        (tmp_path / "req" / "OQSsiquc01req_202604010001.xml").write_bytes(REQUEST)
        await until(lambda: played.seen.answered)
        answer = (tmp_path / "res" / "OQSsiquc01res_202604010001.xml").read_bytes().decode("cp932")
        assert "<ArbitraryFileIdentifier>DEV01-000123<" in answer
        assert "<Name>例 100000<" in answer
        assert not (tmp_path / "req" / "OQSsiquc01req_202604010001.xml").exists()


async def test_it_counts_whoever_asks_twice_and_refuses_what_is_no_request(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        left = [REQUEST, REQUEST, b"<XmlMsg/>"]
        while left:
            (tmp_path / "req" / "OQSsiquc01req_202604010001.xml").write_bytes(left.pop(0))
            await until(lambda: played.seen.requests == 3 - len(left))
        assert (played.seen.twice, played.seen.refused) == (2, 1)


async def test_a_request_that_was_taken_back_meanwhile_stops_nothing(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        (tmp_path / "req" / "OQSsiquc01req_202604010001.xml").symlink_to(tmp_path / "taken back")
        await asyncio.sleep(0.1)
        (tmp_path / "req" / "OQSsiquc01req_202604010002.xml").write_bytes(REQUEST)
        async with asyncio.timeout(5):
            await until(lambda: played.seen.answered)
    assert played.seen.requests == 1


async def test_a_face_result_lies_in_its_folder(tmp_path: Path) -> None:
    async with terminal(tmp_path) as played:
        paths = [await played.put_face(Insured("valid", PEOPLE[each].coverages)) for each in (0, 1)]
        assert len(set(paths)) == 2
        assert all(path.name.startswith("OQSsiquc01res_face_1319999999001") for path in paths)
        broken = await played.put_face(PEOPLE[2], Quirk.BROKEN)
        assert not broken.read_bytes().endswith(b"</XmlMsg>")


def test_as_a_process_it_says_when_it_is_ready(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "firmware.sim.terminal", "--root", str(tmp_path / "oqs"), "--delay", "0", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready ")
        process.terminate()
        assert process.wait(10) == 0
    assert (tmp_path / "oqs" / "req" / "madoguchi-env").exists()
