import { assert } from "@effect/vitest"
import { decodeString, findOption, OptionNumber } from "@roost/coap"
import type { CoapSession, RoostProcesses } from "@roost/testkit"
import { eventually } from "@roost/testkit"
import { Effect } from "effect"
import { createDevice, measurepointPost, type TestDevice } from "../src/Fixtures.ts"

// The exchange that every client has with Roost, whoever wrote it.

/** A device of its own, named after the test. */
export const deviceFor = (roost: RoostProcesses, productKey: string, name: string) =>
  Effect.promise(() => createDevice(roost, productKey, name.replaceAll(/[^A-Za-z0-9]+/g, "-")))

/** 112: posts a measurement point and gets 2.04 with the EnOS reply. */
export const report = Effect.fnUntraced(function* (session: CoapSession, { path }: TestDevice, id: string, text = "") {
  const payload = bytesOf(measurepointPost(id, { text }))
  const response = yield* session.request({ method: "POST", path: path("thing/measurepoint/post"), payload })
  assert.strictEqual(response.code, "2.04", session.output())
  assert.strictEqual(textOf(response.payload), `{"id":"${id}","code":200,"data":{}}`)
  return response
})

/** 113–116: is told of a command in Option 2100, fetches it, replies, and the command has succeeded. */
export const obeyCommand = Effect.fnUntraced(function* (
  roost: RoostProcesses,
  session: CoapSession,
  device: TestDevice
) {
  const { productKey, deviceKey, path } = device
  // Commands are for devices that were there once.
  yield* report(session, device, "1")
  const target = `/v1/products/${productKey}/devices/${deviceKey}/measurepoints/temp:set`
  const accepted = yield* Effect.promise(() => roost.downlink("POST", target, { value: 30.5, pendingTtl: 600 }))
  assert.strictEqual(accepted.status, 202, JSON.stringify(accepted.body))
  const commandId = accepted.body.commandId as string
  const set = path("thing/service/measurepoint/set")
  const hint = yield* Effect.promise(() =>
    eventually(
      () => Effect.runPromise(report(session, device, "2")),
      ({ options }) => findOption(options, OptionNumber.PendingCommand) !== undefined
    )
  )
  assert.strictEqual(decodeString(findOption(hint.options, OptionNumber.PendingCommand)!.value), set)
  const fetched = yield* session.request({ method: "GET", path: set })
  assert.strictEqual((JSON.parse(textOf(fetched.payload)) as { readonly id: string }).id, commandId)
  const payload = bytesOf(JSON.stringify({ id: commandId, code: 200, data: {} }))
  const replied = yield* session.request({ method: "POST", path: `${set}_reply`, payload })
  assert.strictEqual(replied.code, "2.04")
  yield* Effect.promise(() =>
    eventually(
      () => roost.downlink("GET", `/v1/commands/${commandId}`),
      ({ body }) => body.state === "succeeded"
    )
  )
})

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
