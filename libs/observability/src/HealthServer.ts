import type { Setting } from "@roost/contracts"
import { type Config, Layer } from "effect"
import { HttpRouter } from "effect/http"
import type { Health } from "./Health.ts"
import { healthRoutes } from "./HealthRoutes.ts"
import { layerHttpServer } from "./HttpListener.ts"

/** Health and metrics on a port of their own, for apps without an API. */
export const HealthServer = {
  layer: (port: Setting<number>): Layer.Layer<never, Config.ConfigError, Health> =>
    HttpRouter.serve(healthRoutes(), { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provide(layerHttpServer(port))
    )
}
