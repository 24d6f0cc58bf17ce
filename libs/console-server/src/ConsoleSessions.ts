import { Buckets, consoleSessionMillis, signInCodeMillis } from "@roost/contracts"
import { ApiTokens, tokenCheck } from "@roost/http"
import { awaitStreams, type NatsError, openBucket } from "@roost/nats"
import { Clock, Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { createHmac, randomBytes } from "node:crypto"

/** An entry of the bucket CONSOLE, at `code.{digest}` or `session.{digest}`. The bucket has no secret: see `digestBy`. */
const ConsoleEntry = Schema.Struct({ expiresAt: Schema.Finite })

/** What a browser shows, with its end in milliseconds since 1970. */
export interface Ticket {
  readonly secret: string
  readonly expiresAt: number
}

/** Who is signed in at the console. All instances of the registry know, and restarts change nothing. */
export class ConsoleSessions extends Context.Service<
  ConsoleSessions,
  {
    /** A code that signs in once within `signInCodeMillis`. */
    readonly makeCode: Effect.Effect<Ticket, NatsError>
    /** The session of who signs in; none if the code or token is not good. */
    readonly byCode: (code: string) => Effect.Effect<Option.Option<Ticket>, NatsError>
    readonly byToken: (token: string) => Effect.Effect<Option.Option<Ticket>, NatsError>
    /** When the session of this secret ends. */
    readonly find: (secret: string) => Effect.Effect<Option.Option<number>, NatsError>
    readonly end: (secret: string) => Effect.Effect<void, NatsError>
  }
>()("@roost/console-server/ConsoleSessions") {
  static readonly layer = Layer.effect(
    ConsoleSessions,
    Effect.gen(function* () {
      const { current, previous } = yield* ApiTokens
      const digest = digestBy(Redacted.value(current))
      const digests = previous === undefined ? [digest] : [digest, digestBy(Redacted.value(previous))]
      const isToken = yield* tokenCheck
      yield* awaitStreams({ streams: [], buckets: [Buckets.console] })
      const bucket = yield* openBucket(Buckets.console, ConsoleEntry)

      const make = Effect.fnUntraced(function* (kind: Kind, millis: number) {
        const secret = randomBytes(secretBytes).toString("base64url")
        const expiresAt = (yield* Clock.currentTimeMillis) + millis
        yield* bucket.create(`${kind}.${digest(kind, secret)}`, { expiresAt })
        return { secret, expiresAt }
      })
      const find = Effect.fnUntraced(function* (kind: Kind, secret: string) {
        const now = yield* Clock.currentTimeMillis
        for (const each of digests) {
          const entry = yield* bucket.get(`${kind}.${each(kind, secret)}`)
          if (Option.isSome(entry)) return Option.filter(entry, ({ value }) => value.expiresAt > now)
        }
        return Option.none()
      })
      const begin = make("session", consoleSessionMillis)

      return ConsoleSessions.of({
        makeCode: make("code", signInCodeMillis),
        byCode: Effect.fnUntraced(function* (code) {
          const found = Option.getOrUndefined(yield* find("code", code))
          if (found === undefined) return Option.none<Ticket>()
          // Of two that come with it at once, one deletes it.
          const used = yield* bucket.delete(found.key, found.revision).pipe(
            Effect.as(true),
            Effect.catchIf(
              ({ reason }) => reason === "Conflict",
              () => Effect.succeed(false)
            )
          )
          return used ? Option.some(yield* begin) : Option.none<Ticket>()
        }),
        byToken: (token) => (isToken(token) ? Effect.map(begin, Option.some) : Effect.succeedNone),
        find: (secret) =>
          Effect.map(
            find("session", secret),
            Option.map(({ value }) => value.expiresAt)
          ),
        end: (secret) =>
          Effect.forEach(digests, (each) => bucket.delete(`session.${each("session", secret)}`), { discard: true })
      })
    })
  )
}

type Kind = "code" | "session"

/** Of a code and of what a cookie has: nobody guesses 192 bits. */
const secretBytes = 24

/**
 * Whoever reads the bucket can sign in nowhere, and whoever writes to it can't make an entry without the token. With another token every
 * session is over, unless the one before still lets in.
 */
const digestBy =
  (token: string) =>
  (kind: Kind, secret: string): string =>
    createHmac("sha256", token).update(`${kind} ${secret}`).digest("hex")
