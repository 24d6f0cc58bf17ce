import { DownlinkApi, RegistryApi } from "@roost/contracts"
import { OpenApi } from "effect/http-api"

/** Files that have what the services answer at `/openapi.json`, for who makes a client without a Roost at hand. */
export const specifications = {
  "openapi/registry.json": () => OpenApi.fromApi(RegistryApi),
  "openapi/downlink.json": () => OpenApi.fromApi(DownlinkApi)
} as const
