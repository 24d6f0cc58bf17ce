/** SQLite's and PostgreSQL's words, where they differ. */
export interface ColumnTypes {
  readonly bytes: string
  /** Milliseconds, versions, ids: up to 2^53. */
  readonly int64: string
  /** Text that is compared and ordered by its bytes. */
  readonly key: string
  /** The primary key of rows that are numbered as they come. */
  readonly serial: string
  /** Indexes of tables that may be large are made beside the service, without locking them. */
  readonly indexesLater: boolean
}

/** Indexes that the search goes by, beside what it keeps itself. A million devices take a second. */
export const searchIndexes: ReadonlyArray<{ readonly name: string; readonly on: string }> = [
  { name: "devices_by_last_seen", on: "devices (last_seen_at, device_key, product_key)" },
  {
    name: "device_tags",
    on: "device_properties (name, value, product_key, device_key) WHERE kind = 'tag' AND value IS NOT NULL"
  }
]

export const newerSchema = (version: number): Error =>
  new Error(`the database has schema ${version}, this registry knows up to ${migrations.length}: upgrade it`)

/** The schema, one step per version of it; what is released is not changed but followed by another step. */
export const migrations: ReadonlyArray<(types: ColumnTypes) => string> = [
  ({ bytes, int64, key, serial }) => `
  CREATE TABLE products (
    product_key ${key} PRIMARY KEY,
    product_name TEXT NOT NULL,
    secret ${bytes} NOT NULL,
    secret_key_id TEXT NOT NULL,
    data_format TEXT NOT NULL,
    dynamic_activate_enabled INTEGER NOT NULL,
    downlink TEXT NOT NULL,
    created_at ${int64} NOT NULL
  );

  CREATE TABLE devices (
    product_key ${key} NOT NULL REFERENCES products (product_key),
    device_key ${key} NOT NULL,
    asset_id TEXT NOT NULL UNIQUE,
    device_name TEXT NOT NULL,
    secret ${bytes} NOT NULL,
    secret_key_id TEXT NOT NULL,
    credential_version ${int64} NOT NULL,
    activation_request TEXT,
    enabled INTEGER NOT NULL DEFAULT 1,
    online INTEGER NOT NULL DEFAULT 0,
    created_at ${int64} NOT NULL,
    activated_at ${int64},
    presence_at ${int64},
    last_seen_at ${int64},
    last_online_at ${int64},
    last_offline_at ${int64},
    lifetime_seconds ${int64},
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
    id ${serial},
    product_key ${key} NOT NULL,
    device_key ${key} NOT NULL,
    stranger INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at ${int64} NOT NULL,
    address TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT
  );
  CREATE INDEX device_events_by_device ON device_events (product_key, device_key, at);
  CREATE INDEX device_events_of_strangers ON device_events (id) WHERE stranger = 1;

  CREATE TABLE credential_changes (
    id ${serial},
    change TEXT NOT NULL
  );
  `,
  ({ bytes, int64, key }) => `
  ALTER TABLE products ADD COLUMN secret_version ${int64} NOT NULL DEFAULT 0;
  ALTER TABLE products ADD COLUMN previous_secret ${bytes};
  ALTER TABLE products ADD COLUMN previous_secret_key_id TEXT;
  ALTER TABLE products ADD COLUMN previous_secret_version ${int64};
  ALTER TABLE products ADD COLUMN previous_secret_until ${int64};
  ALTER TABLE devices ADD COLUMN activates_from ${int64} NOT NULL DEFAULT 0;

  CREATE TABLE activation_attempts (
    product_key ${key} NOT NULL,
    device_key ${key} NOT NULL,
    since ${int64} NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (product_key, device_key)
  );
  `,
  ({ int64, key }) => `
  CREATE TABLE device_properties (
    product_key ${key} NOT NULL,
    device_key ${key} NOT NULL,
    kind TEXT NOT NULL,
    name ${key} NOT NULL,
    value TEXT,
    at ${int64} NOT NULL,
    PRIMARY KEY (product_key, device_key, kind, name),
    FOREIGN KEY (product_key, device_key) REFERENCES devices (product_key, device_key) ON DELETE CASCADE
  );
  `,
  ({ int64, key, serial }) => `
  CREATE TABLE thing_models (
    model_id ${key} PRIMARY KEY,
    model TEXT NOT NULL,
    version ${int64} NOT NULL,
    created_at ${int64} NOT NULL,
    updated_at ${int64} NOT NULL
  );
  ALTER TABLE products ADD COLUMN model_id ${key} REFERENCES thing_models (model_id);
  CREATE INDEX products_by_model ON products (model_id);

  CREATE TABLE profile_changes (
    id ${serial},
    product_key TEXT,
    model_id TEXT
  );
  `,
  ({ key }) => `
  CREATE TABLE device_points (
    product_key ${key} NOT NULL,
    device_key ${key} NOT NULL,
    points TEXT NOT NULL,
    PRIMARY KEY (product_key, device_key),
    FOREIGN KEY (product_key, device_key) REFERENCES devices (product_key, device_key) ON DELETE CASCADE
  );
  `,
  ({ int64, key }) => `
  CREATE TABLE product_scripts (
    product_key ${key} NOT NULL REFERENCES products (product_key),
    version ${int64} NOT NULL,
    source TEXT NOT NULL,
    published_at ${int64} NOT NULL,
    PRIMARY KEY (product_key, version)
  );
  ALTER TABLE products ADD COLUMN script_draft TEXT;
  ALTER TABLE products ADD COLUMN script_draft_tested INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE products ADD COLUMN script_version ${int64};
  `,
  () => `
  ALTER TABLE products ADD COLUMN piggyback_millis INTEGER NOT NULL DEFAULT 4000;
  ALTER TABLE products ADD COLUMN close_notify TEXT NOT NULL DEFAULT 'lifetime';
  `,
  ({ int64 }) => `
  ALTER TABLE products ADD COLUMN deleting_since ${int64};
  `,
  ({ indexesLater, key, serial }) => `
  CREATE TABLE search_changes (
    id ${serial},
    devices TEXT NOT NULL
  );
  ALTER TABLE device_points ADD COLUMN trail TEXT NOT NULL DEFAULT '';
  ${
    indexesLater
      ? `CREATE TABLE device_search (
    device_key ${key} NOT NULL,
    product_key ${key} NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (device_key, product_key)
  );
  CREATE TABLE search_progress (
    behind_product ${key} NOT NULL,
    behind_device ${key} NOT NULL,
    complete INTEGER NOT NULL
  );
  INSERT INTO search_progress VALUES ('', '', 0);`
      : ""
  }
  ${indexesLater ? "" : searchIndexes.map(({ name, on }) => `CREATE INDEX ${name} ON ${on};`).join("\n  ")}
  `,
  () => `
  ALTER TABLE device_events ADD COLUMN code TEXT;
  `,
  ({ int64, key }) => `
  ALTER TABLE device_points ADD COLUMN copied_at ${int64} NOT NULL DEFAULT 0;
  CREATE TABLE device_uplinks (
    product_key ${key} NOT NULL,
    device_key ${key} NOT NULL,
    copied_at ${int64} NOT NULL,
    uplinks TEXT NOT NULL,
    PRIMARY KEY (product_key, device_key),
    FOREIGN KEY (product_key, device_key) REFERENCES devices (product_key, device_key) ON DELETE CASCADE
  );
  CREATE INDEX device_uplinks_by_time ON device_uplinks (copied_at);
  `
]
