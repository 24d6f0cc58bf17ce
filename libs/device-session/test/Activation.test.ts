import { Code, formatCode, OptionNumber, stringOption } from "@roost/coap"
import type { RefusalReason } from "@roost/contracts"
import { pskFromSecret } from "@roost/enos"
import { assert, describe, it } from "@effect/vitest"
import { found } from "./support/Answers.ts"
import { World } from "./support/World.ts"

const identity = new TextEncoder().encode("pk1,dev1,3,60")
const fetchSecret = {
  code: Code.Get,
  confirmable: true,
  options: ["topic", "ext", "session", "pk1", "dev1", "thing", "activate", "info"].map((segment) =>
    stringOption(OptionNumber.UriPath, segment)
  ),
  payload: new Uint8Array(0)
}
const previous = { psk: pskFromSecret("former"), credentialVersion: 7 }
const rotated = { ...found("current", 9), previous }

describe("a product's secret was changed", () => {
  it("a device with the former one comes in, fetches its secret under that version, and the operator hears of it (S117)", () => {
    const world = new World()
    world.psk = () => rotated
    const device = world.device("dev1", 1000, { identity, secret: "former" }).connect()
    assert.isTrue(device.connected)
    assert.strictEqual(formatCode(device.request(fetchSecret)!.code), "2.04")
    assert.deepStrictEqual(
      world.activations.map(({ credentialVersion }) => credentialVersion),
      [7]
    )
    assert.strictEqual(world.events.filter(({ kind }) => kind === "product-secret-outdated").length, 1)
  })

  it("a device with the current one comes in as before (S117)", () => {
    const world = new World()
    world.psk = () => rotated
    const device = world.device("dev1", 1000, { identity, secret: "current" }).connect()
    assert.strictEqual(formatCode(device.request(fetchSecret)!.code), "2.04")
    assert.strictEqual(world.activations[0]?.credentialVersion, 9)
    assert.isFalse(world.events.some(({ kind }) => kind === "product-secret-outdated"))
  })

  it("the version of the former one goes with the session to its next owner", () => {
    const world = new World()
    world.psk = () => rotated
    const device = world.device("dev1", 1000, { identity, secret: "former" }).connect()
    world.takeOver()
    assert.strictEqual(formatCode(device.request(fetchSecret)!.code), "2.04")
    assert.strictEqual(world.activations[0]?.credentialVersion, 7)
  })
})

describe("a refused activation", () => {
  const refusals: ReadonlyArray<readonly [RefusalReason, air: string, code: number | undefined]> = [
    ["DeviceDisabled", "4.01", 723],
    ["DynamicActivationDisabled", "4.01", 770],
    ["AlreadyActivated", "4.01", 771],
    ["ProductSecretRotated", "4.01", 742],
    ["TooManyActivations", "4.29", 429],
    ["UnknownDevice", "4.01", undefined]
  ]
  for (const [reason, air, code] of refusals) {
    it(`${reason} is ${air} on the air, and EnOS code ${code} for the operator`, () => {
      const world = new World()
      world.activation = () => ({ _tag: "Refused", reason })
      const device = world.device("dev1", 1000, { identity }).connect()
      const response = device.request(fetchSecret)!
      assert.strictEqual(formatCode(response.code), air)
      assert.strictEqual(response.payload.length, 0)
      const event = world.events.find(({ kind }) => kind === "activation-refused")
      assert.include(event?.reason, reason)
      assert.strictEqual(event?.detail?.["code"], code)
    })
  }
})
