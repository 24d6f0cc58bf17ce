import { DownlinkApi } from "@roost/contracts"
import { writtenBody } from "@roost/http"
import { Effect, Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Downlink } from "./Downlink.ts"

const Issuing = HttpApiBuilder.group(
  DownlinkApi,
  "issuing",
  Effect.fnUntraced(function* (handlers) {
    const downlink = yield* Downlink
    return handlers.handleAll({
      setMeasurepoint: ({ params, payload, request }) => {
        const { value } = writtenBody(request) as Pick<typeof payload, "value">
        return downlink.issue(params, { kind: "measurepointSet", measurepoint: params.measurepoint, value }, payload)
      },
      getMeasurepoints: ({ params, payload }) =>
        downlink.issue(params, { kind: "measurepointGet", measurepoints: payload.ids }, payload),
      invokeService: ({ params, payload, request }) => {
        const { inputData } = writtenBody(request) as Pick<typeof payload, "inputData">
        return downlink.issue(params, { kind: "service", service: params.service, inputData }, payload)
      },
      upgradeFirmware: ({ params, payload: { pendingTtl, timeout, ...firmware } }) =>
        downlink.issue(params, { kind: "otaUpgrade", firmware }, { pendingTtl, timeout }),
      sendRaw: ({ params, query, payload }) => downlink.issue(params, { kind: "raw", bytes: payload }, query)
    })
  })
)

const Tracking = HttpApiBuilder.group(
  DownlinkApi,
  "tracking",
  Effect.fnUntraced(function* (handlers) {
    const downlink = yield* Downlink
    return handlers.handleAll({
      getCommand: ({ params }) => downlink.get(params.commandId),
      cancelCommand: ({ params }) => downlink.cancel(params.commandId),
      cancelCommands: ({ params }) =>
        Effect.map(downlink.cancelAll(params), (commands) => ({
          commandIds: commands.map(({ commandId }) => commandId)
        })),
      listCommands: ({ params, query }) => downlink.list(params, query)
    })
  })
)

/** The groups of `DownlinkApi`, for `serveApi`. */
export const layerDownlinkHttp = Layer.merge(Issuing, Tracking)
