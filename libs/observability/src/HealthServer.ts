import { NodeHttpServer } from "@effect/platform-node"
import { Config, Effect, Layer } from "effect"
import { HttpRouter, type HttpServerError } from "effect/http"
import { createServer } from "node:http"
import type { Health } from "./Health.ts"
import { healthRoutes } from "./HealthRoutes.ts"

/** Where the HTTP ports bind. */
export const HttpHost = Config.NonEmptyString("ROOST_HTTP_HOST").pipe(Config.withDefault("127.0.0.1"))

/** Health and metrics on a port of their own, for apps without an API. */
export const HealthServer = {
  layer: (port: Config.Config<number>): Layer.Layer<never, Config.ConfigError | HttpServerError.ServeError, Health> =>
    HttpRouter.serve(healthRoutes(), { disableLogger: true }).pipe(
      Layer.provide(
        Layer.unwrap(
          Effect.map(Config.all({ port, host: HttpHost }), (listen) =>
            NodeHttpServer.layer(() => createServer(), listen)
          )
        )
      )
    )
}
