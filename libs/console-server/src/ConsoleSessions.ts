import { Buckets, consoleSessionMillis, Principal, signInCodeMillis, tokenPrincipal } from "@roost/contracts"
import { ApiTokens, tokenCheck } from "@roost/http"
import { awaitStreams, type NatsError, openBucket } from "@roost/nats"
import { Clock, Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import { OidcSetting } from "./oidc/OidcSetting.ts"
import { People } from "./People.ts"

/** An entry of the bucket CONSOLE, at `code.{digest}` or `session.{digest}`. The bucket has no secret: see `digestBy`. */
const ConsoleEntry = Schema.Struct({
  expiresAt: Schema.Finite,
  /** The person who signs in by the code, or did; absent in entries of former versions. */
  principal: Schema.optionalKey(Principal),
  /** Of what the principal signed in with, then: a changed password ends its sessions. */
  version: Schema.optionalKey(Schema.Int),
  /** Of a code: when the session that it gives ends at the latest. */
  until: Schema.optionalKey(Schema.Finite),
  /** Of a code: only who has the verifier of this challenge takes it (RFC 7636). */
  challenge: Schema.optionalKey(Schema.String),
  /** HMAC of all that, so that nobody who writes to the bucket makes somebody else of who is signed in. */
  proof: Schema.optionalKey(Schema.String)
})
type ConsoleEntry = typeof ConsoleEntry.Type

/** The secret that a browser shows, with its end in milliseconds since 1970. */
export interface Ticket {
  readonly secret: string
  readonly expiresAt: number
  /** From now on. */
  readonly millis: number
}

/** The bounds that a code may have. */
export type CodeBounds = Pick<ConsoleEntry, "until" | "challenge">

/** The person who signs in, and the version of what they did it with. */
export interface SignedIn {
  readonly principal: Principal
  readonly version: number
}

/** The person who is signed in, until when: milliseconds since 1970. */
export interface Session {
  readonly principal: Principal
  readonly expiresAt: number
}

/** The people who are signed in at the console. All instances of the registry know, and restarts change nothing. */
export class ConsoleSessions extends Context.Service<
  ConsoleSessions,
  {
    /** A code that signs its maker in once within `signInCodeMillis`. */
    readonly makeCode: (maker: SignedIn, bounds?: CodeBounds) => Effect.Effect<Ticket, NatsError>
    /** The session of who signs in; none if the code or token is not good, or the code is of another verifier. */
    readonly byCode: (code: string, verifier?: string) => Effect.Effect<Option.Option<Ticket>, NatsError>
    readonly byToken: (token: string) => Effect.Effect<Option.Option<Ticket>, NatsError>
    /** Of who proved by other means who they are; for `consoleSessionMillis` at most. */
    readonly begin: (who: SignedIn, millis?: number) => Effect.Effect<Ticket, NatsError>
    /** The session of this secret, with what its principal may do now. */
    readonly find: (secret: string) => Effect.Effect<Option.Option<Session>, NatsError>
    readonly end: (secret: string) => Effect.Effect<void, NatsError>
  }
>()("@roost/console-server/ConsoleSessions") {
  static readonly layer = Layer.effect(
    ConsoleSessions,
    Effect.gen(function* () {
      const tokens = yield* ApiTokens
      const token = Redacted.value(tokens.current)
      // While the token is exchanged, what was made under the one before is known, too.
      const known = tokens.previous === undefined ? [token] : [token, Redacted.value(tokens.previous)]
      const people = Option.getOrUndefined(yield* Effect.serviceOption(People))
      const isToken = yield* tokenCheck
      yield* awaitStreams({ streams: [], buckets: [Buckets.console] })
      const bucket = yield* openBucket(Buckets.console, ConsoleEntry)

      const oidc = yield* OidcSetting

      const make = Effect.fnUntraced(function* (
        kind: Kind,
        millis: number,
        { principal, version }: SignedIn,
        bounds: CodeBounds = {}
      ) {
        const secret = randomBytes(secretBytes).toString("base64url")
        const expiresAt = (yield* Clock.currentTimeMillis) + millis
        const key = `${kind}.${digestBy(token)(kind, secret)}`
        const entry = { expiresAt, principal, version, ...bounds }
        yield* bucket.create(key, { ...entry, proof: proofOf(token, key, entry) })
        return { secret, expiresAt, millis }
      })
      const find = Effect.fnUntraced(function* (kind: Kind, secret: string) {
        const now = yield* Clock.currentTimeMillis
        for (const each of known) {
          const entry = yield* bucket.get(`${kind}.${digestBy(each)(kind, secret)}`)
          if (Option.isNone(entry)) continue
          return Option.filter(entry, ({ key, value }) => value.expiresAt > now && isProved(each, key, value))
        }
        return Option.none()
      })
      const signedInOf = ({ principal = tokenPrincipal, version = 0 }: ConsoleEntry): SignedIn => ({
        principal,
        version
      })
      const current = ({ principal, version }: SignedIn) => {
        // Another issuer, or other roles of its groups, end the sessions of before.
        if (principal.kind === "oidc") return Effect.succeed(version === oidc?.version ? principal : undefined)
        return people === undefined || principal.kind === "token"
          ? Effect.succeed<Principal | undefined>(principal)
          : people.current(principal, version)
      }
      const begin = (who: SignedIn, millis = consoleSessionMillis) =>
        make("session", Math.min(millis, consoleSessionMillis), who)

      return ConsoleSessions.of({
        makeCode: (maker, bounds) => make("code", signInCodeMillis, maker, bounds),
        begin,
        byCode: Effect.fnUntraced(function* (code, verifier) {
          const found = Option.getOrUndefined(yield* find("code", code))
          if (found === undefined || !isVerified(found.value, verifier)) return Option.none<Ticket>()
          // Of two that come with it at once, one deletes it.
          const used = yield* bucket.delete(found.key, found.revision).pipe(
            Effect.as(true),
            Effect.catchIf(
              ({ reason }) => reason === "Conflict",
              () => Effect.succeed(false)
            )
          )
          if (!used) return Option.none<Ticket>()
          const { until = Infinity } = found.value
          const now = yield* Clock.currentTimeMillis
          return until > now ? Option.some(yield* begin(signedInOf(found.value), until - now)) : Option.none<Ticket>()
        }),
        byToken: (token) =>
          isToken(token)
            ? Effect.map(begin({ principal: tokenPrincipal, version: 0 }), Option.some)
            : Effect.succeedNone,
        find: Effect.fnUntraced(function* (secret) {
          const found = Option.getOrUndefined(yield* find("session", secret))
          if (found === undefined) return Option.none<Session>()
          const principal = yield* current(signedInOf(found.value))
          return principal === undefined
            ? Option.none<Session>()
            : Option.some({ principal, expiresAt: found.value.expiresAt })
        }),
        end: (secret) =>
          Effect.forEach(known, (each) => bucket.delete(`session.${digestBy(each)("session", secret)}`), {
            discard: true
          })
      })
    })
  )
}

type Kind = "code" | "session"

/** Of a code and of what a cookie has: nobody guesses 192 bits. */
const secretBytes = 24

/**
 * A reader of the bucket can sign in nowhere, and a writer to it can't make an entry without the token. With another token every session is
 * over, unless the one before still lets in.
 */
const digestBy =
  (token: string) =>
  (kind: Kind, secret: string): string =>
    createHmac("sha256", token).update(`${kind} ${secret}`).digest("hex")

const proofOf = (
  token: string,
  key: string,
  { challenge, expiresAt, principal, until, version }: ConsoleEntry
): string => {
  const bounds = until === undefined && challenge === undefined ? [] : [{ until, challenge }]
  return createHmac("sha256", token)
    .update(`${key} ${JSON.stringify([expiresAt, principal, version, ...bounds])}`)
    .digest("hex")
}

const isVerified = ({ challenge }: ConsoleEntry, verifier: string | undefined): boolean =>
  challenge === undefined
    ? verifier === undefined
    : verifier !== undefined && createHash("sha256").update(verifier).digest("base64url") === challenge

/** Nobody is signed in by an entry of a former version, which has no proof: stripped of it, a viewer's would be an admin's. */
const isProved = (token: string, key: string, entry: ConsoleEntry): boolean => {
  const expected = Buffer.from(proofOf(token, key, entry))
  const proof = Buffer.from(entry.proof ?? "")
  return proof.length === expected.length && timingSafeEqual(proof, expected)
}
