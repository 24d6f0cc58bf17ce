import { consoleSessionMillis, Grant, grantedProductsMax, grantsOfText, Setting } from "@roost/contracts"
import { Config, Effect, Redacted, Result, Schema } from "effect"
import { createHash } from "node:crypto"
import { mergedGrants } from "./ClaimedRoles.ts"

/** Where people sign in elsewhere (OpenID Connect Core 1.0), and their roles here. */
export interface Oidc {
  readonly issuer: URL
  /** The provider's name for people. */
  readonly name: string
  readonly clientId: string
  /** Undefined: a public client, which PKCE alone proves. */
  readonly clientSecret: Redacted.Redacted | undefined
  /** How the secret is sent: OpenID Connect Core, section 9, `client_secret_basic` or `client_secret_post`. */
  readonly clientAuth: "basic" | "post"
  readonly scopes: string
  /** At which browsers reach this registry; the provider sends them nowhere else. */
  readonly publicUrl: URL
  readonly claim: string
  /** By the claim's value. */
  readonly roles: ReadonlyMap<string, ReadonlyArray<Grant>>
  readonly sessionMillis: number
  /** Another one with each other issuer, client, claim or role: sessions are of one of them. */
  readonly version: number
}

/** Seconds that a session of the provider's people may be set to. */
const sessionSecondsMin = 300
const sessionSecondsMax = consoleSessionMillis / 1_000
/** Values of the claim that may be mapped to roles. */
const mappedValuesMax = 200

const text = (name: string, meaning: string, otherwise?: string) =>
  Setting.optional(name, meaning, Config.NonEmptyString, otherwise === undefined ? {} : { otherwise })

/** Undefined without ROOST_OIDC_ISSUER: nobody signs in by a provider. */
export const OidcSetting: Setting<Oidc | undefined> = Setting.check(
  Setting.all({
    issuer: text("ROOST_OIDC_ISSUER", "OpenID Connect issuer at which people sign in, such as https://id.example.org"),
    clientId: text("ROOST_OIDC_CLIENT_ID", "the client that Roost is at the issuer"),
    clientSecret: Setting.optional(
      "ROOST_OIDC_CLIENT_SECRET",
      "the client's secret, where it has one",
      (name) => Config.map(Config.NonEmptyString(name), (secret) => Redacted.make(secret)),
      { secret: true }
    ),
    clientAuth: Setting.withDefault(
      "ROOST_OIDC_CLIENT_AUTH",
      "how the secret is sent: `basic` or `post`",
      (name) => Config.Literals(["basic", "post"], name),
      "basic"
    ),
    scopes: Setting.withDefault(
      "ROOST_OIDC_SCOPES",
      "scopes that are asked for, with spaces between",
      Config.NonEmptyString,
      "openid profile email"
    ),
    publicUrl: text(
      "ROOST_PUBLIC_URL",
      "address of the console for browsers, such as https://roost.example.org; …/v1/console/oidc/callback is registered at the issuer"
    ),
    claim: Setting.withDefault(
      "ROOST_OIDC_ROLES_CLAIM",
      "claim that names a person's roles or groups; dots lead into objects",
      Config.NonEmptyString,
      "groups"
    ),
    roles: text(
      "ROOST_OIDC_ROLES",
      "what each value of the claim may do, such as `ops=operator;fw=firmware:meters viewer`"
    ),
    name: text("ROOST_OIDC_NAME", "what the sign-in page calls the provider", "the issuer's host"),
    sessionSeconds: Setting.withDefault(
      "ROOST_OIDC_SESSION_SECONDS",
      "after so many seconds a person signs in at the provider again",
      Setting.wholeNumber(sessionSecondsMin, sessionSecondsMax),
      sessionSecondsMax
    )
  }),
  Effect.fnUntraced(function* (given) {
    const { claim, clientAuth, clientSecret, name, scopes } = given
    if (given.issuer === undefined) return undefined
    const issuer = yield* addressOf("ROOST_OIDC_ISSUER", given.issuer)
    const clientId = yield* wanted("ROOST_OIDC_CLIENT_ID", given.clientId)
    const publicUrl = yield* originOf("ROOST_PUBLIC_URL", yield* wanted("ROOST_PUBLIC_URL", given.publicUrl))
    const rolesText = yield* wanted("ROOST_OIDC_ROLES", given.roles)
    const roles = yield* rolesOf(rolesText)
    if (!scopes.split(/\s+/).includes("openid")) {
      return yield* Effect.fail(Setting.fault("ROOST_OIDC_SCOPES", "expected openid among them"))
    }
    return {
      issuer,
      name: name ?? issuer.host,
      clientId,
      clientSecret,
      clientAuth,
      scopes: scopes.trim().split(/\s+/).join(" "),
      publicUrl,
      claim,
      roles,
      sessionMillis: given.sessionSeconds * 1_000,
      version: versionOf([issuer.href, clientId, claim, rolesText])
    }
  })
)

/** Where the provider sends browsers back, as it is registered there. */
export const redirectUriOf = ({ publicUrl }: Pick<Oidc, "publicUrl">): URL =>
  new URL("/v1/console/oidc/callback", publicUrl)

const wanted = (name: string, value: string | undefined) =>
  value === undefined
    ? Effect.fail(Setting.fault(name, "expected a value, since there is ROOST_OIDC_ISSUER"))
    : Effect.succeed(value)

/** Anybody reads plain HTTP on its way; on the machine itself nobody does. */
const addressOf = (name: string, value: string) => {
  const url = URL.parse(value)
  const isLocal = url !== null && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname)
  const isPlain = url !== null && url.username === "" && url.search === "" && url.hash === ""
  return url !== null && isPlain && (url.protocol === "https:" || (url.protocol === "http:" && isLocal))
    ? Effect.succeed(url)
    : Effect.fail(
        Setting.fault(name, "expected an https address without login, ? and #; http only on this machine itself")
      )
}

const originOf = (name: string, value: string) =>
  Effect.flatMap(addressOf(name, value), (url) =>
    url.pathname === "/"
      ? Effect.succeed(url)
      : Effect.fail(Setting.fault(name, "expected an address without a path: the console is at its root"))
  )

const rolesOf = (value: string) =>
  Effect.try({
    try: () => {
      const roles = new Map<string, ReadonlyArray<Grant>>()
      for (const part of value.split(";").map((one) => one.trim())) {
        if (part === "") continue
        // Names of groups may have `=`: cn=ops,dc=example.
        const end = part.lastIndexOf("=")
        if (end < 1) throw new Error(`expected VALUE=ROLE, several with ; between; got ${JSON.stringify(part)}`)
        const group = part.slice(0, end)
        if (roles.has(group)) throw new Error(`expected each value once; got ${JSON.stringify(group)} twice`)
        const grants = grantsOfText(part.slice(end + 1))
        if (grants.length === 0) throw new Error(`expected a role behind =; got ${JSON.stringify(part)}`)
        for (const grant of grants) {
          if (Result.isFailure(decodeGrant(grant))) {
            throw new Error(`expected keys of products, each once; got ${JSON.stringify(part)}`)
          }
        }
        roles.set(group, grants)
      }
      if (roles.size === 0 || roles.size > mappedValuesMax) {
        throw new Error(`expected 1 to ${mappedValuesMax} values with their roles; got ${roles.size}`)
      }
      // Somebody may have every value.
      for (const grant of mergedGrants([...roles.values()].flat())) {
        if ("products" in grant && grant.products.length > grantedProductsMax) {
          throw new Error(`expected at most ${grantedProductsMax} products of ${grant.role}, or ${grant.role}:*`)
        }
      }
      return roles
    },
    catch: (error) => Setting.fault("ROOST_OIDC_ROLES", error instanceof Error ? error.message : String(error))
  })

const decodeGrant = Schema.decodeUnknownResult(Grant)

/** A whole number of 48 bits. */
const versionOf = (parts: ReadonlyArray<string>): number =>
  createHash("sha256").update(JSON.stringify(parts)).digest().readUIntBE(0, 6)
