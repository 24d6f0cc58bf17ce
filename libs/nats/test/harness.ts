import { Health } from "@roost/observability"
import type { NatsServer } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { NatsConnection } from "../src/index.ts"

/** A connection of its own to `server`, quiet. */
export const connectionTo = (server: Pick<NatsServer, "url">, env: Record<string, string> = {}) =>
  Layer.fresh(NatsConnection.layer("test")).pipe(
    Layer.provideMerge(Health.layer),
    Layer.provideMerge(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url, ...env }))),
    Layer.provideMerge(Logger.layer([]))
  )

/** Looks again until `condition` holds; a test that waits for ever ends by its timeout. */
export const waitUntil = <R = never>(
  condition: (() => boolean) | Effect.Effect<boolean, never, R>
): Effect.Effect<void, never, R> =>
  (Effect.isEffect(condition) ? condition : Effect.sync(condition)).pipe(
    Effect.delay("10 millis"),
    Effect.repeat({ until: (holds) => holds }),
    Effect.asVoid
  )
