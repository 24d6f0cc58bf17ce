import { type CommandNotOfModel, DownlinkApi, issuedCommand, RegistryApi } from "@roost/contracts"
import { requireGranted, writtenBody } from "@roost/http"
import { Effect, Layer } from "effect"
import { HttpApiBuilder, type HttpApiGroup } from "effect/http-api"
import { Downlink } from "./Downlink.ts"

const issuing = (api: typeof DownlinkApi) =>
  HttpApiBuilder.group(
    api,
    "issuing",
    Effect.fnUntraced(function* (handlers) {
      const downlink = yield* Downlink
      return handlers.handleAll({
        setMeasurepoint: ({ params, payload: { pendingTtl, timeout }, query, request }) => {
          const { value } = writtenBody(request) as { readonly value: unknown }
          const draft = { kind: "measurepointSet", measurepoint: params.measurepoint, value } as const
          return downlink.issue(params, draft, { pendingTtl, timeout, ...query })
        },
        getMeasurepoints: ({ params, payload: { ids, pendingTtl, timeout }, query }) =>
          downlink.issue(params, { kind: "measurepointGet", measurepoints: ids }, { pendingTtl, timeout, ...query }),
        invokeService: ({ params, payload: { pendingTtl, timeout }, query, request }) => {
          const { inputData } = writtenBody(request) as { readonly inputData: Readonly<Record<string, unknown>> }
          const draft = { kind: "service", service: params.service, inputData } as const
          return downlink.issue(params, draft, { pendingTtl, timeout, ...query })
        },
        upgradeFirmware: ({ params, payload: { pendingTtl, timeout, ...firmware } }) =>
          downlink.issue(params, { kind: "otaUpgrade", firmware }, { pendingTtl, timeout }).pipe(ofNoModel),
        sendRaw: ({ params, query, payload }) =>
          downlink.issue(params, { kind: "raw", bytes: payload }, query).pipe(ofNoModel)
      })
    })
  )

/** Thing models know neither firmware nor raw bytes. */
const ofNoModel = <A, E extends { readonly _tag: string }>(
  issued: Effect.Effect<A, E>
): Effect.Effect<A, Exclude<E, CommandNotOfModel>> =>
  Effect.catchIf(
    issued,
    (error): error is Extract<E, CommandNotOfModel> => error._tag === "CommandNotOfModel",
    Effect.die
  ) as Effect.Effect<A, Exclude<E, CommandNotOfModel>>

const tracking = (api: typeof DownlinkApi) =>
  HttpApiBuilder.group(
    api,
    "tracking",
    Effect.fnUntraced(function* (handlers) {
      const downlink = yield* Downlink
      /** Its id does not tell its product. */
      const granted = (commandId: string) =>
        Effect.tap(downlink.get(commandId), ({ productKey }) => requireGranted(productKey))
      return handlers.handleAll({
        getCommand: ({ params }) => Effect.map(granted(params.commandId), issuedCommand),
        cancelCommand: ({ params }) => Effect.andThen(granted(params.commandId), downlink.cancel(params.commandId)),
        cancelCommands: ({ params }) =>
          Effect.map(downlink.cancelAll(params), (commands) => ({
            commandIds: commands.map(({ commandId }) => commandId)
          })),
        listCommands: ({ params, query }) =>
          Effect.map(downlink.list(params, query), (page) => ({ ...page, commands: page.commands.map(issuedCommand) }))
      })
    })
  )

/** The groups of `DownlinkApi`, for `serveApi`. */
export const layerDownlinkHttp = Layer.merge(issuing(DownlinkApi), tracking(DownlinkApi))

/** The same groups as the registry's API has them: what differs is the name of the API in their type. */
export const layerCommandHandlers = Layer.merge(
  issuing(RegistryApi as unknown as typeof DownlinkApi),
  tracking(RegistryApi as unknown as typeof DownlinkApi)
) as unknown as Layer.Layer<HttpApiGroup.Service<"registry", "issuing" | "tracking">, never, Downlink>
