"""What viewers and audiences hold."""

import subprocess
import sys
from pathlib import Path

from tenancy.viewer import EVERYONE, Audience, PersonId, Principal, TenantId, Viewer

HR = Principal("group:files:hr")


def viewer(*principals: Principal) -> Viewer:
    return Viewer(tenant=TenantId("t"), person=PersonId("p"), name="P", principals=frozenset(principals))


def test_members_who_hold_the_same_count_once() -> None:
    assert len(Audience.of([viewer(EVERYONE), viewer(EVERYONE), viewer(EVERYONE, HR)]).members) == 2


def test_an_audience_shares_what_all_of_it_holds() -> None:
    assert Audience.of([viewer(EVERYONE, HR), viewer(EVERYONE)]).shared() == {EVERYONE}
    assert Audience.of([viewer(EVERYONE), viewer()]).shared() == frozenset()
    assert Audience().shared() == frozenset()


def test_the_words_import_nothing_heavy() -> None:
    code = "import sys, tenancy.viewer, tenancy.errors; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert not {"sqlalchemy", "psycopg", "alembic", "asyncio"} & set(shown.stdout.split())
