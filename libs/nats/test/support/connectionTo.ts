import { Health } from "@roost/observability"
import type { NatsServer } from "@roost/testkit"
import { ConfigProvider, Layer, Logger } from "effect"
import { NatsConnection } from "../../src/index.ts"

/** A connection of its own to `server`, quiet. */
export const connectionTo = (server: Pick<NatsServer, "url">, env: Record<string, string> = {}) =>
  Layer.fresh(NatsConnection.layer("test")).pipe(
    Layer.provideMerge(Health.layer),
    Layer.provideMerge(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url, ...env }))),
    Layer.provideMerge(Logger.layer([]))
  )
