"""The CRM's reader: bonuses and groups, applied exactly once.

The mark that a command was applied and its effect are written in one transaction of the CRM's own
database (SQLite here). There is no instant between them at which a crash could leave one of the
two, which no mark in another system can promise.
"""

import sqlite3
from datetime import timedelta
from pathlib import Path

from examples.consumer.commands import Command
from examples.consumer.reader import REPEAT_HORIZON_DAYS, NotNow

TOPICS = ("loyalty.bonus-commands", "loyalty.group-commands")
_TABLES = """
CREATE TABLE IF NOT EXISTS applied (
  command_id TEXT PRIMARY KEY, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS batches (
  batch_id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, client_id TEXT NOT NULL,
  amount_major TEXT NOT NULL, currency TEXT NOT NULL, expires_at TEXT
);
CREATE TABLE IF NOT EXISTS groups_of_clients (
  organization_id TEXT NOT NULL, client_id TEXT NOT NULL, group_id TEXT NOT NULL,
  PRIMARY KEY (organization_id, client_id, group_id)
);
"""


class Ledger:
    """`Effects` on the CRM's database."""

    def __init__(self, file: Path | str) -> None:
        self._database = sqlite3.connect(file)
        self._database.executescript(_TABLES)

    async def apply(self, command: Command) -> bool:
        try:
            with self._database:  # one transaction: the mark and the effect, or neither
                if not self._mark(command):
                    return False
                self._effect(command)
        except sqlite3.OperationalError as error:
            raise NotNow(str(error)) from error
        return True

    def _mark(self, command: Command) -> bool:
        """False where the command has been applied."""
        marked = self._database.execute(
            "INSERT INTO applied (command_id) VALUES (?) ON CONFLICT DO NOTHING",
            (command.command_id,),
        )
        return marked.rowcount == 1

    def _effect(self, command: Command) -> None:
        """Raises ValueError for a type that this CRM does not know: update it before going on."""
        body, client = command.body, (command.organization_id, command.client_id)
        if command.type == "ADD_BONUS":
            batch = (body["batchId"], *client, str(command.amount), body["currency"])
            self._database.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?)", (*batch, body["expiresAt"])
            )
        elif command.type == "ASSIGN_GROUP":
            self._database.execute(
                "INSERT INTO groups_of_clients VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (*client, body["groupId"]),
            )
        elif command.type == "UNASSIGN_GROUP":
            self._database.execute(
                "DELETE FROM groups_of_clients "
                "WHERE organization_id = ? AND client_id = ? AND group_id = ?",
                (*client, body["groupId"]),
            )
        else:
            raise ValueError(f"no effect is known for {command.type} ({command.command_id})")

    def forget_old_marks(self) -> int:
        """Run it daily. How many were forgotten; a day more than the horizon is kept."""
        days = timedelta(days=REPEAT_HORIZON_DAYS + 1).days
        with self._database:
            gone = self._database.execute(
                "DELETE FROM applied WHERE applied_at < datetime('now', ?)", (f"-{days} days",)
            )
        return gone.rowcount

    def credited(self, client_id: str) -> list[str]:
        """Amounts of the client's batches, in order of arrival."""
        rows = self._database.execute(
            "SELECT amount_major FROM batches WHERE client_id = ? ORDER BY rowid", (client_id,)
        )
        return [amount for (amount,) in rows]

    def groups(self, client_id: str) -> list[str]:
        rows = self._database.execute(
            "SELECT group_id FROM groups_of_clients WHERE client_id = ? ORDER BY 1", (client_id,)
        )
        return [group for (group,) in rows]

    def close(self) -> None:
        self._database.close()
