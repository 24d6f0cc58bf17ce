import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { hkdfSync, randomBytes } from "node:crypto"

/**
 * A request that came with an `Idempotency-Key`. Its ids, secrets and times come from `seed` and `at`. A second run, after a crash
 * or beside the first run, then makes the same and knows it for its own.
 */
export interface IdempotentRequest {
  /** 32 bytes, hard to guess: secrets are derived from it. */
  readonly seed: Uint8Array
  /** When the key was seen first, milliseconds since 1970. */
  readonly at: number
  /** The key was there already: an earlier run may have done all of it, some, or nothing. */
  readonly again: boolean
}

/** Undefined: the request has no key, and is run once. */
export const CurrentIdempotentRequest = Context.Reference<IdempotentRequest | undefined>(
  "@roost/contracts/CurrentIdempotentRequest",
  { defaultValue: () => undefined }
)

/** Bytes for what `label` names: fresh ones, or those that each run of this request gets. */
export const requestBytes = (label: string, length: number): Effect.Effect<Uint8Array> =>
  Effect.map(CurrentIdempotentRequest, (request) =>
    request === undefined
      ? randomBytes(length)
      : new Uint8Array(hkdfSync("sha256", request.seed, new Uint8Array(0), `roost request ${label}`, length))
  )

/** The time that is written into what the request makes. */
export const requestTime: Effect.Effect<number> = Effect.flatMap(CurrentIdempotentRequest, (request) =>
  request === undefined ? Clock.currentTimeMillis : Effect.succeed(request.at)
)
