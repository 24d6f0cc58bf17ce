import { CurrentIdempotentRequest, requestBytes } from "@roost/contracts"
import { alphanumeric, randomBytesPerCharacter } from "@roost/enos"
import { Effect } from "effect"
import { secretLength } from "./Limits.ts"

/** Letters and digits; of a request with an Idempotency-Key the same in each run. */
export const madeUp = (label: string, length: number): Effect.Effect<string> =>
  Effect.map(requestBytes(label, length * randomBytesPerCharacter), (bytes) => alphanumeric(bytes, length))

/** The secret that a request gave, or one that is made up. */
export const secretOr = (given: string | undefined, label: string): Effect.Effect<string> =>
  given === undefined ? madeUp(label, secretLength) : Effect.succeed(given)

/** Whether an earlier run of this request gave the secret that is stored: then it is done. */
export const isGiven = Effect.fnUntraced(function* (stored: () => string, secret: string) {
  return (yield* CurrentIdempotentRequest)?.again === true && stored() === secret
})
