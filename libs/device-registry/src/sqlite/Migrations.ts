/**
 * The schema, one step per version of it; what is released is not changed but followed by another step. Plain SQL that
 * PostgreSQL takes as well, apart from `INTEGER PRIMARY KEY AUTOINCREMENT`.
 */
export const migrations: ReadonlyArray<string> = [
  `
  CREATE TABLE products (
    product_key TEXT PRIMARY KEY,
    product_name TEXT NOT NULL,
    secret BLOB NOT NULL,
    secret_key_id TEXT NOT NULL,
    data_format TEXT NOT NULL,
    dynamic_activate_enabled INTEGER NOT NULL,
    downlink TEXT NOT NULL,
    created_at INTEGER NOT NULL
  );

  CREATE TABLE devices (
    product_key TEXT NOT NULL REFERENCES products (product_key),
    device_key TEXT NOT NULL,
    asset_id TEXT NOT NULL UNIQUE,
    device_name TEXT NOT NULL,
    secret BLOB NOT NULL,
    secret_key_id TEXT NOT NULL,
    credential_version INTEGER NOT NULL,
    activation_request TEXT,
    enabled INTEGER NOT NULL DEFAULT 1,
    online INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    activated_at INTEGER,
    presence_at INTEGER,
    last_seen_at INTEGER,
    last_online_at INTEGER,
    last_offline_at INTEGER,
    lifetime_seconds INTEGER,
    address TEXT,
    suite TEXT,
    status TEXT NOT NULL GENERATED ALWAYS AS (
      CASE
        WHEN enabled = 0 THEN 'disabled'
        WHEN activated_at IS NULL THEN 'inactive'
        WHEN online = 1 THEN 'online'
        ELSE 'offline'
      END
    ) STORED,
    PRIMARY KEY (product_key, device_key)
  );
  CREATE INDEX devices_by_status ON devices (product_key, status, device_key);

  CREATE TABLE device_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    product_key TEXT NOT NULL,
    device_key TEXT NOT NULL,
    stranger INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    address TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT
  );
  CREATE INDEX device_events_by_device ON device_events (product_key, device_key, at);
  CREATE INDEX device_events_of_strangers ON device_events (id) WHERE stranger = 1;

  CREATE TABLE credential_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    change TEXT NOT NULL
  );
  `
]
