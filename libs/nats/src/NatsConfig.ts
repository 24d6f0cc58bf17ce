import { certificateFault, fileSetting, keyFault, keyPairSetting, Setting } from "@roost/contracts"
import { Config, Effect, type Redacted, Result } from "effect"
import { parseServerAddresses } from "./ServerAddresses.ts"

/** How to reach and enter NATS (docs/variables.md). */
export interface NatsConfig extends NatsLogin {
  /** Servers of one cluster as `host:port`; the client tries the others when one is gone. */
  readonly servers: ReadonlyArray<string>
  /** Paths of PEM files. Any of them, or `tls://`, turns TLS on, then a server without TLS is refused. */
  readonly tls:
    | {
        readonly caFile: string | undefined
        readonly certFile: string | undefined
        readonly keyFile: string | undefined
      }
    | undefined
}

/** One of them, or none. */
export interface NatsLogin {
  readonly user: string | undefined
  readonly password: Redacted.Redacted | undefined
  readonly token: Redacted.Redacted | undefined
  /** Path of a credentials file (JWT and nkey). */
  readonly credentials: string | undefined
}

const secret = { secret: true }

const credentialsFault = (text: string): string | undefined =>
  text.includes("BEGIN NATS USER JWT") && text.includes("BEGIN USER NKEY SEED")
    ? undefined
    : "it has no JWT and nkey seed"

const loginNamed = (prefix: string, whose: string, otherwise: string): Setting<NatsLogin> =>
  Setting.check(
    Setting.all({
      user: Setting.optional(`${prefix}_USER`, `${whose}user`, Config.NonEmptyString, { otherwise }),
      password: Setting.optional(`${prefix}_PASSWORD`, `${whose}password of the user`, Config.Redacted, {
        ...secret,
        otherwise
      }),
      token: Setting.optional(`${prefix}_TOKEN`, `${whose}token, instead of a user`, Config.Redacted, {
        ...secret,
        otherwise
      }),
      credentials: fileSetting(
        `${prefix}_CREDENTIALS`,
        `${whose}a credentials file (JWT and nkey)`,
        credentialsFault,
        otherwise
      )
    }),
    (login) => {
      const { credentials, password, token, user } = login
      if (password !== undefined && user === undefined) {
        return Effect.fail(Setting.fault(`${prefix}_USER`, `expected a user for ${prefix}_PASSWORD`))
      }
      const ways = [user, token, credentials].filter((way) => way !== undefined).length
      if (ways < 2) return Effect.succeed(login)
      const names = `${prefix}_USER, ${prefix}_TOKEN and ${prefix}_CREDENTIALS`
      return Effect.fail(Setting.fault(`${prefix}_USER`, `expected one login: of ${names} several are set`))
    }
  )

const isLogin = (login: NatsLogin): boolean => Object.values(login).some((value) => value !== undefined)

const addresses = Setting.check(
  Setting.withDefault(
    "NATS_URL",
    "servers of NATS, several with commas between; user:password@ or token@ may stand before a host",
    Config.NonEmptyString,
    "nats://127.0.0.1:4222",
    { ...secret, shown: Setting.withoutLogin }
  ),
  (text) => {
    const parsed = parseServerAddresses(text)
    return Result.isSuccess(parsed)
      ? Effect.succeed(parsed.success)
      : Effect.fail(Setting.fault("NATS_URL", parsed.failure))
  }
)

const tlsFiles = Setting.map(
  Setting.all({
    caFile: fileSetting(
      "NATS_TLS_CA",
      "a certificate of the authority that signed the servers' (PEM)",
      certificateFault
    ),
    pair: keyPairSetting(
      fileSetting("NATS_TLS_CERT", "this app's certificate (PEM)", certificateFault),
      fileSetting("NATS_TLS_KEY", "the private key of this app's certificate (PEM)", keyFault)
    )
  }),
  ({ caFile, pair }) => ({ caFile, ...pair })
)

export const NatsConfig: Setting<NatsConfig> = Setting.check(
  Setting.all({ addresses, login: loginNamed("NATS", "", "–"), tlsFiles }),
  ({ addresses, login, tlsFiles }) => {
    const inUrl = addresses.login
    if (inUrl !== undefined && isLogin(login)) {
      const message = "expected one login: one stands in NATS_URL, and another is set"
      return Effect.fail(Setting.fault("NATS_URL", message))
    }
    const tls = addresses.tls || Object.values(tlsFiles).some((path) => path !== undefined)
    return Effect.succeed({
      ...(inUrl === undefined ? login : { ...withoutLogin, ...inUrl }),
      servers: addresses.servers,
      tls: tls ? tlsFiles : undefined
    })
  }
)

const withoutLogin: NatsLogin = { user: undefined, password: undefined, token: undefined, credentials: undefined }

const orNone = (login: NatsLogin): NatsLogin | undefined => (isLogin(login) ? login : undefined)

/** How the one that makes streams enters NATS, where it is not as its process does. */
export const NatsAdminLogin = Setting.map(
  loginNamed("ROOST_NATS_ADMIN", "who makes streams and buckets: ", "as the app's own"),
  orNone
)

/** Of the system account, which alone is told what the servers are configured to do. */
export const NatsSystemLogin = Setting.map(loginNamed("ROOST_NATS_SYSTEM", "of the system account: ", "–"), orNone)
