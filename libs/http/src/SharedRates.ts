import { Subjects } from "@roost/contracts"
import { FrameBus, type NatsConnection } from "@roost/nats"
import { Context, Effect, Layer, Result, Schema, type Scope } from "effect"
import { randomBytes } from "node:crypto"
import type { KeyRates } from "./KeyRates.ts"

/** How often a process tells the others which keys made requests. Milliseconds. */
export const tellEveryMillis = 1_000

/** On `roost.key-use`, which nobody stores: a message a second of a process that answered a key. */
const Message = Schema.fromJsonString(
  Schema.Struct({
    /** Made up by each process. */
    from: Schema.String,
    uses: Schema.Array(
      Schema.Struct({
        id: Schema.String,
        taken: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
        perSecond: Schema.Int.check(Schema.isGreaterThan(0))
      })
    )
  })
)

/** Has the rates of keys hold over all processes that answer them. */
export class SharedRates extends Context.Service<
  SharedRates,
  { readonly share: (rates: KeyRates) => Effect.Effect<void, never, Scope.Scope> }
>()("@roost/http/SharedRates") {
  static readonly layer: Layer.Layer<SharedRates, never, NatsConnection> = Layer.effect(
    SharedRates,
    Effect.map(FrameBus, ({ publish, subscribe }) =>
      SharedRates.of({
        share: Effect.fnUntraced(function* (rates) {
          const from = randomBytes(8).toString("hex")
          yield* subscribe(Subjects.keyUse, (bytes) => {
            const message = decode(Buffer.from(bytes).toString("utf8"))
            if (Result.isFailure(message) || message.success.from === from) return
            const now = performance.now()
            for (const use of message.success.uses) rates.note(use, now)
          })
          const tell = Effect.sync(() => {
            const uses = rates.sinceLast()
            if (uses.length > 0) publish(Subjects.keyUse, Buffer.from(JSON.stringify({ from, uses })))
          })
          yield* tell.pipe(Effect.delay(tellEveryMillis), Effect.forever, Effect.forkScoped)
        })
      })
    )
  ).pipe(Layer.provide(FrameBus.layer))
}

const decode = Schema.decodeUnknownResult(Message)
