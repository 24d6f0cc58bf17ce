import { Config, type Redacted } from "effect"

/** How to reach and enter NATS (docs/architecture.md §7). */
export interface NatsConfig {
  /** Servers of one cluster; the client tries the others when one is gone. */
  readonly servers: ReadonlyArray<string>
  readonly user: string | undefined
  readonly password: Redacted.Redacted | undefined
  readonly token: Redacted.Redacted | undefined
  /** Path of a credentials file (JWT and nkey). */
  readonly credentials: string | undefined
  /** Paths of PEM files. Any of them turns TLS on, then a server without TLS is refused. */
  readonly tls:
    | {
        readonly caFile: string | undefined
        readonly certFile: string | undefined
        readonly keyFile: string | undefined
      }
    | undefined
}

const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  config.pipe(Config.withDefault(undefined))

export const NatsConfig: Config.Config<NatsConfig> = Config.all({
  url: Config.NonEmptyString("NATS_URL").pipe(Config.withDefault("nats://127.0.0.1:4222")),
  user: optional(Config.NonEmptyString("NATS_USER")),
  password: optional(Config.Redacted("NATS_PASSWORD")),
  token: optional(Config.Redacted("NATS_TOKEN")),
  credentials: optional(Config.NonEmptyString("NATS_CREDENTIALS")),
  caFile: optional(Config.NonEmptyString("NATS_TLS_CA")),
  certFile: optional(Config.NonEmptyString("NATS_TLS_CERT")),
  keyFile: optional(Config.NonEmptyString("NATS_TLS_KEY"))
}).pipe(
  Config.map(({ url, caFile, certFile, keyFile, user, password, token, credentials }) => ({
    servers: url
      .split(",")
      .map((server) => server.trim())
      .filter((server) => server !== ""),
    user,
    password,
    token,
    credentials,
    tls:
      caFile === undefined && certFile === undefined && keyFile === undefined
        ? undefined
        : { caFile, certFile, keyFile }
  }))
)

/** How the one that makes streams enters NATS, where it is not as its process does. */
export type NatsLogin = Pick<NatsConfig, "user" | "password" | "token" | "credentials">

const loginOf = (prefix: string): Config.Config<NatsLogin | undefined> =>
  Config.all({
    user: optional(Config.NonEmptyString(`${prefix}_USER`)),
    password: optional(Config.Redacted(`${prefix}_PASSWORD`)),
    token: optional(Config.Redacted(`${prefix}_TOKEN`)),
    credentials: optional(Config.NonEmptyString(`${prefix}_CREDENTIALS`))
  }).pipe(Config.map((login) => (Object.values(login).every((value) => value === undefined) ? undefined : login)))

export const NatsAdminLogin = loginOf("ROOST_NATS_ADMIN")

/** Of the system account, which alone is told what the servers are configured to do. */
export const NatsSystemLogin = loginOf("ROOST_NATS_SYSTEM")
