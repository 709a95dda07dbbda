"""Whatever is done to a chain past the trigger is found, and named."""

import pytest
from sqlalchemy.exc import DBAPIError

from tests.audit.chains import Chain

MOVE = (  # by way of numbers that are free
    "UPDATE audit_entries SET seq = -seq WHERE chain_id = :chain AND seq >= :first",
    "UPDATE audit_entries SET seq = -seq + :by WHERE chain_id = :chain AND seq < 0",
)
COPY = """
    INSERT INTO audit_entries
        (chain_id, seq, at, event, result, reason, request_id, tenant_id, diff, previous_hash, hash)
    SELECT chain_id, :to, at, event, result, reason, request_id, tenant_id, diff, previous_hash, hash
    FROM audit_entries WHERE chain_id = :chain AND seq = :source"""
FORGE = """
    INSERT INTO audit_entries (chain_id, seq, at, event, result, reason, tenant_id, diff, previous_hash, hash)
    SELECT chain_id, seq + 1, at, event, result, 'forged', tenant_id, diff, hash, sha256(hash)
    FROM audit_entries WHERE chain_id = :chain AND seq = :source"""
DELETE = "DELETE FROM audit_entries WHERE chain_id = :chain"
DELETE_HEAD = "DELETE FROM audit_chains WHERE id = :chain"
SET_BACK = (
    "DELETE FROM audit_entries WHERE chain_id = :chain AND seq > :last",
    """
    UPDATE audit_chains SET seq = :last,
        hash = (SELECT hash FROM audit_entries WHERE chain_id = :chain AND seq = :last)
    WHERE id = :chain""",
)


class TestTrigger:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE public.audit_entries SET reason = 'another'",
            "DELETE FROM public.audit_entries",
            "TRUNCATE public.audit_entries",
        ],
    )
    async def test_refuses_to_change_entries(self, chain: Chain, statement: str) -> None:
        await chain.write()
        with pytest.raises(DBAPIError, match="neither changed nor deleted"):
            async with chain.database.transaction() as session:
                await (await session.connection()).exec_driver_sql(statement)
        assert len(await chain.entries()) == 1


class TestVerify:
    async def test_an_untouched_chain_is_intact(self, chain: Chain) -> None:
        await chain.write(3, diff={"methods": {"from": None, "to": ["pwd", "totp"]}, "place": "Vienna"})
        report = await chain.verify()
        assert (report.entries, report.finding) == (3, None)

    async def test_a_chain_that_never_was_is_intact(self, chain: Chain) -> None:
        assert await chain.finding() is None

    async def test_walks_many_batches(self, chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.audit.verification._BATCH", 2)
        await chain.write(5)
        assert await chain.finding() is None
        await chain.tamper("UPDATE audit_entries SET reason = 'another' WHERE chain_id = :chain AND seq = 4")
        assert await chain.finding() == ("changed", 4)

    @pytest.mark.parametrize(
        "edit",
        [
            "UPDATE audit_entries SET reason = 'another' WHERE chain_id = :chain AND seq = 2",
            "UPDATE audit_entries SET reason = NULL WHERE chain_id = :chain AND seq = 2",
            "UPDATE audit_entries SET result = 'denied' WHERE chain_id = :chain AND seq = 2",
            "UPDATE audit_entries SET at = at + interval '1 microsecond' WHERE chain_id = :chain AND seq = 2",
            "UPDATE audit_entries SET diff = '[]' WHERE chain_id = :chain AND seq = 2",
            "UPDATE audit_entries SET actor_id = chain_id WHERE chain_id = :chain AND seq = 2",
            "UPDATE audit_entries SET status = 200 WHERE chain_id = :chain AND seq = 2",
            "UPDATE audit_entries SET hash = sha256(hash) WHERE chain_id = :chain AND seq = 2",
            "UPDATE audit_entries SET previous_hash = sha256(previous_hash) WHERE chain_id = :chain AND seq = 2",
            "UPDATE audit_entries SET reason = 'another', hash = sha256(hash) WHERE chain_id = :chain AND seq = 2",
        ],
    )
    async def test_an_edit_is_found(self, chain: Chain, edit: str) -> None:
        await chain.write(4)
        await chain.tamper(edit)
        assert await chain.finding() == ("changed", 2)

    @pytest.mark.parametrize("seq", [1, 2, 3])
    async def test_a_deletion_is_found(self, chain: Chain, seq: int) -> None:
        await chain.write(4)
        await chain.tamper(f"{DELETE} AND seq = :seq", seq=seq)
        assert await chain.finding() == ("deleted", seq)

    async def test_a_deletion_of_several_is_found(self, chain: Chain) -> None:
        await chain.write(5)
        await chain.tamper(f"{DELETE} AND seq IN (2, 3)")
        found = (await chain.verify()).finding
        assert found is not None
        assert (found.seq, found.detail) == (2, "It and all up to 3 are missing.")

    async def test_a_deletion_is_found_though_the_rest_was_renumbered(self, chain: Chain) -> None:
        await chain.write(4)
        await chain.tamper(
            f"{DELETE} AND seq = 2",
            *MOVE,
            "UPDATE audit_chains SET seq = 3 WHERE id = :chain",
            first=3,
            by=-1,
        )
        assert await chain.finding() == ("deleted", 2)

    async def test_an_insertion_is_found(self, chain: Chain) -> None:
        await chain.write(4)
        await chain.tamper(*MOVE, FORGE, first=3, by=1, source=2)
        assert await chain.finding() == ("inserted", 3)

    async def test_an_inserted_copy_is_found(self, chain: Chain) -> None:
        await chain.write(4)
        await chain.tamper(*MOVE, COPY, first=3, by=1, source=1, to=3)
        found = (await chain.verify()).finding
        assert found is not None
        assert (found.fault, found.seq, found.detail) == ("inserted", 3, "It is a copy of entry 1.")

    @pytest.mark.parametrize("seq", [0, -7])
    async def test_an_insertion_before_the_first_is_found(self, chain: Chain, seq: int) -> None:
        await chain.write(2)
        await chain.tamper(COPY, source=1, to=seq)
        assert await chain.finding() == ("inserted", seq)

    async def test_an_insertion_at_the_end_is_found(self, chain: Chain) -> None:
        await chain.write(2)
        await chain.tamper(FORGE, source=2)
        assert await chain.finding() == ("inserted", 3)

    async def test_a_new_order_is_found(self, chain: Chain) -> None:
        await chain.write(5)
        await chain.tamper(
            "UPDATE audit_entries SET seq = -seq WHERE chain_id = :chain AND seq IN (2, 4)",
            "UPDATE audit_entries SET seq = 6 + seq WHERE chain_id = :chain AND seq < 0",
        )
        assert await chain.finding() == ("reordered", 2)

    async def test_entries_of_another_chain_are_found(self, chain: Chain, other_chain: Chain) -> None:
        await chain.write(2)
        await other_chain.write(2)
        await chain.tamper(
            f"{DELETE} AND seq = 2",
            "UPDATE audit_entries SET chain_id = :chain WHERE chain_id = :other AND seq = 2",
            other=other_chain.id,
        )
        assert await chain.finding() == ("changed", 2)
        assert await other_chain.finding() == ("tail-cut", 2)


class TestHead:
    async def test_a_tail_that_was_cut_off_is_found(self, chain: Chain) -> None:
        await chain.write(4)
        await chain.tamper(f"{DELETE} AND seq > 2")
        found = (await chain.verify()).finding
        assert found is not None
        assert (found.fault, found.seq) == ("tail-cut", 3)
        assert "entry 4" in found.detail

    async def test_all_entries_cut_off_are_found(self, chain: Chain) -> None:
        await chain.write(2)
        await chain.tamper(DELETE)
        assert await chain.finding() == ("tail-cut", 1)

    async def test_a_head_set_back_with_the_tail_is_found(self, chain: Chain) -> None:
        await chain.write(4)
        await chain.tamper(*SET_BACK, last=2)
        assert await chain.finding() == ("head-altered", 2)

    async def test_later_entries_do_not_hide_that_a_tail_was_cut_off(
        self, chain: Chain, caplog: pytest.LogCaptureFixture
    ) -> None:
        await chain.write(4)
        await chain.tamper(*SET_BACK, last=2)
        await chain.write(2)
        assert [entry["seq"] for entry in await chain.entries()] == [1, 2, 3, 4]
        assert await chain.finding() == ("head-altered", 4)
        assert str(chain.id) in caplog.text

    @pytest.mark.parametrize(
        "edit",
        [
            "UPDATE audit_chains SET seq = 7 WHERE id = :chain",
            "UPDATE audit_chains SET seq = 2 WHERE id = :chain",
            "UPDATE audit_chains SET hash = sha256(hash) WHERE id = :chain",
            "UPDATE audit_chains SET mac = sha256(mac) WHERE id = :chain",
            "UPDATE audit_chains SET mac = '' WHERE id = :chain",
        ],
    )
    async def test_an_altered_head_is_found_and_written_on(self, chain: Chain, edit: str) -> None:
        await chain.write(3)
        await chain.tamper(edit)
        assert await chain.finding() == ("head-altered", 3)
        await chain.write()
        assert await chain.finding() == ("head-altered", 4)

    async def test_a_head_of_before_is_found(self, chain: Chain) -> None:
        await chain.write(2)
        value, mac = await chain.head()
        await chain.write(2)
        restore = "UPDATE audit_chains SET seq = 2, hash = :hash, mac = :mac WHERE id = :chain"
        await chain.tamper(restore, hash=value, mac=mac)
        assert await chain.finding() == ("head-altered", 4)

    async def test_a_missing_head_is_found_and_the_chain_goes_on(self, chain: Chain) -> None:
        await chain.write(3)
        await chain.tamper(DELETE_HEAD)
        assert await chain.finding() == ("head-altered", 3)
        await chain.write()
        assert [entry["seq"] for entry in await chain.entries()] == [1, 2, 3, 4]
        assert await chain.finding() == ("head-altered", 4)

    async def test_a_head_without_its_entries_is_not_signed_again(self, chain: Chain) -> None:
        await chain.write(3)
        await chain.tamper(DELETE, "UPDATE audit_chains SET mac = '' WHERE id = :chain")
        await chain.write()
        assert await chain.finding() == ("head-altered", 1)


class TestAnchors:
    async def test_a_chain_that_went_on_is_intact(self, chain: Chain) -> None:
        await chain.write(2)
        anchors = {**await chain.anchor()}
        await chain.write(2)
        assert await chain.finding({**anchors, **await chain.anchor()}) is None

    async def test_a_chain_that_is_gone_is_missing(self, chain: Chain) -> None:
        await chain.write(2)
        anchors = await chain.anchor()
        await chain.tamper(DELETE, DELETE_HEAD)
        assert await chain.finding() is None
        assert await chain.finding(anchors) == ("chain-missing", 0)

    async def test_a_chain_that_was_set_back_whole_is_cut(self, chain: Chain) -> None:
        await chain.write(2)
        anchors = {4: bytes(32)}
        assert await chain.finding(anchors) == ("tail-cut", 3)

    async def test_a_chain_that_was_begun_anew_is_rewritten(self, chain: Chain) -> None:
        await chain.write(2)
        anchors = await chain.anchor()
        await chain.tamper(DELETE, DELETE_HEAD)
        await chain.write(3)
        assert await chain.finding() is None
        assert await chain.finding(anchors) == ("rewritten", 2)
