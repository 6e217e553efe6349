"""How older ledger files are brought up to the present tables. Postgres was first used with version 3."""

from __future__ import annotations

_STATES = "'intended', 'sent', 'unknown', 'accepted', 'partial', 'filled', 'rejected', 'cancelled'"
_CYCLE = "REFERENCES cycles (cycle_id)"
_INTENT = "REFERENCES intents (order_id)"

FROM_1 = (
    "CREATE TABLE intents_2 (order_id TEXT PRIMARY KEY, cycle_id TEXT NOT NULL REFERENCES cycles,"
    " position INTEGER NOT NULL, parent TEXT UNIQUE REFERENCES intents, payload TEXT NOT NULL,"
    f" state TEXT NOT NULL CHECK (state IN ({_STATES})),"
    " reason TEXT NOT NULL DEFAULT '', asked INTEGER NOT NULL DEFAULT 0, UNIQUE (cycle_id, position)) STRICT",
    "INSERT INTO intents_2 SELECT order_id, cycle_id, position, NULL, payload, state, '', 0 FROM intents"
    " ORDER BY rowid",
    "DROP TABLE intents",
    "ALTER TABLE intents_2 RENAME TO intents",
    "CREATE TABLE fills_2 (order_id TEXT NOT NULL REFERENCES intents, execution_id TEXT NOT NULL,"
    " payload TEXT NOT NULL, booked_by TEXT REFERENCES cycles, PRIMARY KEY (order_id, execution_id)) STRICT",
    "INSERT INTO fills_2 SELECT order_id, '', payload, booked_by FROM fills ORDER BY rowid",
    "DROP TABLE fills",
    "ALTER TABLE fills_2 RENAME TO fills",
    "CREATE TABLE disputes (order_id TEXT NOT NULL REFERENCES intents, execution_id TEXT NOT NULL,"
    " reason TEXT NOT NULL, payload TEXT NOT NULL, settled INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (order_id, execution_id, reason)) STRICT",
)
"""Version 1 knew one fill an order, and neither partial fills nor reasons."""

_TABLES_3 = {
    "decisions": (
        f"cycle_id TEXT PRIMARY KEY {_CYCLE}, sha256 TEXT NOT NULL, payload TEXT NOT NULL",
        "cycle_id, sha256, payload",
    ),
    "intents": (
        f"order_id TEXT PRIMARY KEY, cycle_id TEXT NOT NULL {_CYCLE}, position INTEGER NOT NULL,"
        f" parent TEXT UNIQUE {_INTENT}, payload TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ({_STATES})),"
        " reason TEXT NOT NULL DEFAULT '', asked INTEGER NOT NULL DEFAULT 0, UNIQUE (cycle_id, position)",
        "order_id, cycle_id, position, parent, payload, state, reason, asked",
    ),
    "fills": (
        f"seq INTEGER PRIMARY KEY NOT NULL, order_id TEXT NOT NULL {_INTENT}, execution_id TEXT NOT NULL,"
        f" quantity REAL NOT NULL, payload TEXT NOT NULL, booked_by TEXT {_CYCLE}, UNIQUE (order_id, execution_id)",
        "rowid, order_id, execution_id, json_extract(payload, '$.quantity'), payload, booked_by",
    ),
    "disputes": (
        f"seq INTEGER PRIMARY KEY NOT NULL, order_id TEXT NOT NULL {_INTENT}, execution_id TEXT NOT NULL,"
        " reason TEXT NOT NULL, payload TEXT NOT NULL, settled INTEGER NOT NULL DEFAULT 0,"
        " UNIQUE (order_id, execution_id, reason)",
        "rowid, order_id, execution_id, reason, payload, settled",
    ),
    "books": (
        f"name TEXT NOT NULL, version INTEGER NOT NULL, cycle_id TEXT {_CYCLE}, payload TEXT NOT NULL,"
        " PRIMARY KEY (name, version)",
        "name, version, cycle_id, payload",
    ),
    "records": (
        f"seq INTEGER PRIMARY KEY NOT NULL, cycle_id TEXT NOT NULL UNIQUE {_CYCLE}, sha256 TEXT NOT NULL,"
        " bytes BLOB NOT NULL",
        "rowid, cycle_id, sha256, bytes",
    ),
}
"""Columns, and what fills them, of the tables that version 3 made anew."""

FROM_2 = (
    *(
        statement
        for name, (columns, values) in _TABLES_3.items()
        for statement in (
            f"CREATE TABLE {name}_3 ({columns}) STRICT",
            f"INSERT INTO {name}_3 SELECT {values} FROM {name} ORDER BY rowid",
            f"DROP TABLE {name}",
            f"ALTER TABLE {name}_3 RENAME TO {name}",
        )
    ),
    "CREATE INDEX intents_by_state ON intents (state, asked)",
)
"""Version 3 numbers what is read oldest first, and has an execution's quantity beside its payload."""

UPGRADES = {1: FROM_1, 2: FROM_2}
