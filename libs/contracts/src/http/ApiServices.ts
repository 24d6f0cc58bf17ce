import { DownlinkApi } from "../downlink/DownlinkApi.ts"
import { RegistryApi } from "../registry/RegistryApi.ts"
import { Setting } from "../Setting.ts"

const portOf = (variable: string, usual: number, whose: string) => ({
  portVariable: variable,
  port: Setting.withDefault(variable, `TCP port of ${whose}'s HTTP`, Setting.port, usual)
})

/** The services that have an HTTP API: each knows of the other, so that a call for that one hears where it lives. */
export const registryService = {
  service: "registry",
  api: RegistryApi,
  ...portOf("ROOST_REGISTRY_PORT", 8080, "registry")
} as const
export const downlinkService = {
  service: "downlink-queue",
  api: DownlinkApi,
  ...portOf("ROOST_DOWNLINK_PORT", 8081, "downlink-queue")
} as const
