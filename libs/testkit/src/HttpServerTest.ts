import { NodeHttpServer } from "@effect/platform-node"
import { Layer } from "effect"
import { FetchHttpClient, HttpServer } from "effect/http"
import { createServer } from "node:http"

/**
 * `NodeHttpServer.layerTest` whose server never ends an idle connection. Node's ends it after five seconds. A test that gets no
 * CPU for that long sends its next request into a closing connection: ECONNRESET.
 */
export const layerHttpServerTest = HttpServer.layerTestClient.pipe(
  Layer.provide(
    Layer.fresh(FetchHttpClient.layer).pipe(
      Layer.provide(Layer.succeed(FetchHttpClient.RequestInit)({ keepalive: false }))
    )
  ),
  Layer.provideMerge(NodeHttpServer.layer(() => createServer({ keepAliveTimeout: 0 }), { port: 0, host: "127.0.0.1" }))
)
