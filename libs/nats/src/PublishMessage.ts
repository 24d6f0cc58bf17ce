import { Effect } from "effect"
import { fromClient } from "./internal/fromClient.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { NatsError } from "./NatsError.ts"

/** Stores one message; done when its stream has it. For what is rare: `makeStreamPublisher` is for what is not. */
export const publishMessage = Effect.fnUntraced(function* (
  subject: string,
  data: Uint8Array
): Effect.fn.Return<void, NatsError, NatsConnection> {
  const { connected, jetstream } = yield* NatsConnection
  const operation = `publish ${subject}`
  if (!connected()) {
    return yield* new NatsError({ reason: "Disconnected", operation, detail: "no nats-server is connected" })
  }
  yield* fromClient(operation, () => jetstream.publish(subject, data))
})
