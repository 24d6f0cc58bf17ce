import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { StrangerLog } from "../src/index.ts"
import { send, served } from "./support/RegistryHttp.ts"

describe("why somebody does not get in who named no registered device", () => {
  const log = new StrangerLog()
  const refused = (id: number, code: string, identity: string) =>
    log.add({
      id,
      at: Date.now(),
      node: "node1",
      kind: "handshake-refused",
      code,
      address: `192.0.2.${id}:1000`,
      proven: true,
      identity,
      reason: "the registry refused"
    })
  refused(1, "unknown-product", "meter-1,pkWater,2,300")
  refused(2, "unknown-product", "pkwater,meter-1,2,300")
  refused(3, "unknown-device", "pkWater,METER-1,2,300")
  refused(4, "unknown-device", "pkGas,meter-1,2,300")
  refused(5, "unknown-device", "pkWater,meter-2,2,300")

  it.live("is told by address, and of both devices that it may be about", () =>
    Effect.gen(function* () {
      for (const productKey of ["pkWater", "pkGas"]) {
        yield* send("POST", "/v1/products", { productName: productKey, productKey })
      }
      yield* send("POST", "/v1/products/pkWater/devices", { deviceKey: "meter-1" })
      const why = Effect.fnUntraced(function* (path: string) {
        const { body, status } = yield* send("GET", path)
        assert.strictEqual(status, 200)
        return body.findings.map(({ code, reason }: { code: string; reason?: string }) => [
          code,
          reason?.includes("Registered is pkWater,meter-1.") === true
        ])
      })
      const first = (path: string) => Effect.map(why(path), (found) => found[0])
      assert.deepStrictEqual(yield* first("/v1/why?address=192.0.2.1"), ["keys-swapped", true])
      assert.deepStrictEqual(yield* first("/v1/why?address=192.0.2.2"), ["keys-capitals", true])
      assert.deepStrictEqual(yield* first("/v1/why?address=192.0.2.3"), ["keys-capitals", true])
      assert.deepStrictEqual(yield* first("/v1/why?address=192.0.2.4"), ["unknown-device", false])
      assert.deepStrictEqual(yield* first("/v1/why?address=192.0.2.5"), ["unknown-device", false])
      assert.deepStrictEqual(yield* first("/v1/products/meter-1/devices/pkWater/why"), ["keys-swapped", true])
      assert.deepStrictEqual(yield* first("/v1/products/pkwater/devices/meter-1/why"), ["keys-capitals", true])
      const registered = yield* why("/v1/products/pkWater/devices/meter-1/why")
      assert.deepStrictEqual(
        registered.map(([code]: [string]) => code),
        ["keys-capitals", "keys-swapped", "wrong-product"]
      )
    }).pipe(Effect.provide(served(undefined, log)))
  )
})
