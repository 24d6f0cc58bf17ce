import * as Config from "effect/Config"
import { DownlinkApi } from "../downlink/DownlinkApi.ts"
import { RegistryApi } from "../registry/RegistryApi.ts"

const portOf = (variable: string, usual: number) => ({
  portVariable: variable,
  port: Config.Port(variable).pipe(Config.withDefault(usual))
})

/** The services that have an HTTP API: each knows of the other, so that a call for that one hears where it lives. */
export const registryService = {
  service: "registry",
  api: RegistryApi,
  ...portOf("ROOST_REGISTRY_PORT", 8080)
} as const
export const downlinkService = {
  service: "downlink-queue",
  api: DownlinkApi,
  ...portOf("ROOST_DOWNLINK_PORT", 8081)
} as const
