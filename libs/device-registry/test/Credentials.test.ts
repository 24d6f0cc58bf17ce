import { assert, describe, it } from "@effect/vitest"
import { mistakesContext, pskContext, type PskRequest, Sealing, sealPurpose, secretContext } from "@roost/contracts"
import { keyMistakes, pskFromSecret } from "@roost/enos"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Credentials, Registry, RegistryStore, SecretLengthMin } from "../src/index.ts"
import { id, presence } from "./support/SeededStore.ts"
import { clusterKey, layerTestRegistry } from "./support/TestRegistry.ts"

const product = {
  productKey: "pk1",
  productName: "Meters",
  productSecret: "the-product-secret",
  dataFormat: "Json",
  dynamicActivateEnabled: true,
  downlink: "serial"
} as const

const openPsk = (request: PskRequest, sealed: string) =>
  new Sealing(clusterKey, sealPurpose.psk).open(pskContext(request), Buffer.from(sealed, "base64"))
const openSecret = (sealed: string) =>
  Buffer.from(
    new Sealing(clusterKey, sealPurpose.secret).open(secretContext(id), Buffer.from(sealed, "base64"))!
  ).toString()

const seed = Effect.gen(function* () {
  const registry = yield* Registry
  yield* registry.createProduct(product)
  yield* registry.createDevice("pk1", { deviceKey: "dev1", deviceSecret: "the-device-secret" })
  return { registry, credentials: yield* Credentials, store: yield* RegistryStore }
})

/** Of the product secret that a session made now would have. */
const versionOf = (credentials: Credentials["Service"]) =>
  Effect.map(credentials.psk({ ...id, secureMode: 3 }), (reply) =>
    reply._tag === "Found" ? reply.credentialVersion : -1
  )

const online = (store: RegistryStore["Service"]) => store.applyPresence([presence({ at: 1, lastSeenAt: 1 })])

describe("psk", () => {
  it.effect("gives the key of the device's secret in mode 2 and of the product's in mode 3 (S111)", () =>
    Effect.gen(function* () {
      const { credentials } = yield* seed
      for (const [secureMode, secret] of [
        [2, "the-device-secret"],
        [3, "the-product-secret"]
      ] as const) {
        const request = { ...id, secureMode }
        const reply = yield* credentials.psk(request)
        assert(reply._tag === "Found")
        assert.deepStrictEqual(Uint8Array.from(openPsk(request, reply.sealedPsk)!), pskFromSecret(secret))
        assert.strictEqual(reply.downlink, "serial")
        assert.isUndefined(openPsk({ ...request, deviceKey: "dev2" }, reply.sealedPsk), "opens for this device only")
      }
    }).pipe(Effect.provide(layerTestRegistry))
  )

  it.effect("gives the keys that come of mistakes where they are asked for, of a device that there is not, too", () =>
    Effect.gen(function* () {
      const { credentials } = yield* seed
      for (const [deviceKey, secureMode, tag] of [
        ["dev1", 2, "Found"],
        ["dev1", 3, "Found"],
        ["dev9", 2, "Refused"]
      ] as const) {
        const request = { productKey: "pk1", deviceKey, secureMode }
        const reply = yield* credentials.psk({ ...request, mistakes: true })
        const sealed = Buffer.from(reply.sealedMistakes!, "base64")
        const opened = new Sealing(clusterKey, sealPurpose.psk).open(mistakesContext(request), sealed)
        const keys = JSON.parse(Buffer.from(opened!).toString()) as Record<string, string>
        assert.strictEqual(reply._tag, tag)
        assert.deepStrictEqual(Object.keys(keys), Object.keys(keyMistakes))
        const plain = { 2: "the-device-secret", 3: "the-product-secret" }[secureMode]
        assert.strictEqual(keys["secretAsKey"] === Buffer.from(plain).toString("hex"), tag === "Found")
        assert.isUndefined((yield* credentials.psk(request)).sealedMistakes)
      }
    }).pipe(Effect.provide(layerTestRegistry))
  )

  it.effect("knows the product's former secret by its key, once its grace is over", () =>
    Effect.gen(function* () {
      const { credentials, registry } = yield* seed
      yield* registry.rotateProductSecret("pk1", { productSecret: "of-the-next-batch", graceSeconds: 60 })
      const request = { ...id, secureMode: 3 } as const
      const isFormer = Effect.map(credentials.psk({ ...request, mistakes: true }), ({ sealedMistakes }) => {
        const sealed = Buffer.from(sealedMistakes!, "base64")
        const opened = new Sealing(clusterKey, sealPurpose.psk).open(mistakesContext(request), sealed)
        const keys = JSON.parse(Buffer.from(opened!).toString()) as Record<string, string>
        return keys["formerSecret"] === Buffer.from(pskFromSecret("the-product-secret")).toString("hex")
      })
      assert.isFalse(yield* isFormer)
      yield* TestClock.adjust("60 seconds")
      assert.isTrue(yield* isFormer)
    }).pipe(Effect.provide(layerTestRegistry))
  )

  it.effect("names the reason of every refusal", () =>
    Effect.gen(function* () {
      const { credentials, registry, store } = yield* seed
      const reasonOf = (request: PskRequest) =>
        Effect.map(credentials.psk(request), (reply) => (reply._tag === "Refused" ? reply.reason : reply._tag))
      assert.strictEqual(yield* reasonOf({ ...id, productKey: "pk9", secureMode: 2 }), "UnknownProduct")
      assert.strictEqual(yield* reasonOf({ ...id, deviceKey: "dev9", secureMode: 3 }), "UnknownDevice")
      yield* registry.createProduct({ ...product, productKey: "pk2", dynamicActivateEnabled: false })
      yield* registry.createDevice("pk2", { deviceKey: "dev1" })
      assert.strictEqual(yield* reasonOf({ ...id, productKey: "pk2", secureMode: 3 }), "DynamicActivationDisabled")
      yield* online(store)
      assert.strictEqual(yield* reasonOf({ ...id, secureMode: 3 }), "AlreadyActivated")
      yield* registry.setEnabled(id, false)
      assert.strictEqual(yield* reasonOf({ ...id, secureMode: 2 }), "DeviceDisabled")
      yield* registry.setEnabled(id, true)
      assert.strictEqual(yield* reasonOf({ ...id, secureMode: 2 }), "Found")
      yield* registry.deleteDevice(id)
      assert.strictEqual(yield* reasonOf({ ...id, secureMode: 2 }), "UnknownDevice")
    }).pipe(Effect.provide(layerTestRegistry))
  )
})

describe("activate", () => {
  it.effect("issues a new secret to each new request and the same to a repeated one (S117)", () =>
    Effect.gen(function* () {
      const { credentials } = yield* seed
      const issue = Effect.fnUntraced(function* (requestId: string) {
        const reply = yield* credentials.activate({
          ...id,
          requestId,
          credentialVersion: yield* versionOf(credentials)
        })
        return reply._tag === "Issued" ? openSecret(reply.sealedSecret) : reply.reason
      })
      const first = yield* issue("r1")
      assert.match(first, /^[A-Za-z0-9]{20}$/)
      assert.strictEqual(yield* issue("r1"), first)
      const second = yield* issue("r2")
      assert.notStrictEqual(second, first)
      const request = { ...id, secureMode: 2 } as const
      const reply = yield* credentials.psk(request)
      assert(reply._tag === "Found")
      assert.deepStrictEqual(Uint8Array.from(openPsk(request, reply.sealedPsk)!), pskFromSecret(second))
    }).pipe(Effect.provide(layerTestRegistry))
  )

  it.effect("is closed from the first handshake with the device's own secret on (S117)", () =>
    Effect.gen(function* () {
      const { credentials, store } = yield* seed
      yield* online(store)
      const reply = yield* credentials.activate({ ...id, requestId: "r1", credentialVersion: 0 })
      assert.deepStrictEqual(reply, { _tag: "Refused", reason: "AlreadyActivated" })
    }).pipe(Effect.provide(layerTestRegistry))
  )
})

describe("a product's secret is changed", () => {
  const request = { ...id, secureMode: 3 } as const
  const keys = Effect.fnUntraced(function* (credentials: Credentials["Service"]) {
    const reply = yield* credentials.psk(request)
    assert(reply._tag === "Found")
    const key = (sealed: string) => Uint8Array.from(openPsk(request, sealed)!)
    return { ...reply, key: key(reply.sealedPsk), previousKey: reply.previous && key(reply.previous.sealedPsk) }
  })
  const activate = (credentials: Credentials["Service"], requestId: string, credentialVersion: number) =>
    Effect.map(credentials.activate({ ...id, requestId, credentialVersion }), (reply) =>
      reply._tag === "Refused" ? reply.reason : reply._tag
    )

  it.effect("the former one activates in its time of grace, and not after it, whatever session it has (S117)", () =>
    Effect.gen(function* () {
      const { credentials, registry } = yield* seed
      const before = yield* keys(credentials)
      assert.isUndefined(before.previousKey)
      yield* TestClock.adjust("1 minute")
      const rotated = yield* registry.rotateProductSecret("pk1", {
        productSecret: "the-second-secret",
        graceSeconds: 3600
      })
      assert.strictEqual(rotated.previousSecretUntil, 60_000 + 3_600_000)
      const during = yield* keys(credentials)
      assert.deepStrictEqual(during.key, pskFromSecret("the-second-secret"))
      assert.deepStrictEqual(during.previousKey, pskFromSecret("the-product-secret"))
      assert.strictEqual(during.previous?.credentialVersion, before.credentialVersion)
      assert.isAbove(during.credentialVersion, before.credentialVersion)
      assert.strictEqual(yield* activate(credentials, "r1", before.credentialVersion), "Issued")
      yield* TestClock.adjust("1 hour")
      const after = yield* keys(credentials)
      assert.isUndefined(after.previousKey)
      assert.strictEqual(yield* activate(credentials, "r2", before.credentialVersion), "ProductSecretRotated")
      assert.strictEqual(yield* activate(credentials, "r3", after.credentialVersion), "Issued")
    }).pipe(Effect.provide(layerTestRegistry))
  )

  it.effect("without grace the former one ends at once, and one before it with the next change (S117)", () =>
    Effect.gen(function* () {
      const { credentials, registry } = yield* seed
      const first = yield* versionOf(credentials)
      yield* registry.rotateProductSecret("pk1", { productSecret: "the-second-secret", graceSeconds: 3600 })
      yield* registry.rotateProductSecret("pk1", { productSecret: "the-third-secret", graceSeconds: 3600 })
      assert.deepStrictEqual((yield* keys(credentials)).previousKey, pskFromSecret("the-second-secret"))
      assert.strictEqual(yield* activate(credentials, "r1", first), "ProductSecretRotated")
      const fourth = yield* registry.rotateProductSecret("pk1", { graceSeconds: 0 })
      assert.match(fourth.productSecret, /^[A-Za-z0-9]{20}$/)
      assert.isUndefined(fourth.previousSecretUntil)
      assert.isUndefined((yield* keys(credentials)).previousKey)
      assert.strictEqual((yield* registry.product("pk1")).productSecret, fourth.productSecret)
    }).pipe(Effect.provide(layerTestRegistry))
  )
})

describe("describe", () => {
  it.effect("tells downlink-queue what it needs to take a command", () =>
    Effect.gen(function* () {
      const { credentials, store } = yield* seed
      assert.deepStrictEqual(yield* credentials.describe({ ...id, deviceKey: "dev9" }), { _tag: "Unknown" })
      const inactive = {
        _tag: "Found",
        status: "inactive",
        activated: false,
        createdAt: 0,
        dataFormat: "Json"
      } as const
      assert.deepStrictEqual(yield* credentials.describe(id), inactive)
      yield* online(store)
      assert.deepStrictEqual(yield* credentials.describe(id), { ...inactive, status: "online", activated: true })
    }).pipe(Effect.provide(layerTestRegistry))
  )
})

describe("a secret that was registered when shorter ones were taken", () => {
  it.effect("is told with its key, the product's like the device's (trust D4)", () =>
    Effect.gen(function* () {
      yield* seed
      const today = Credentials.layer.pipe(Layer.provide(Layer.succeed(SecretLengthMin, 64)))
      yield* Effect.gen(function* () {
        const credentials = yield* Credentials
        for (const secureMode of [2, 3] as const) {
          assert.deepInclude(yield* credentials.psk({ ...id, secureMode }), { _tag: "Found", secretTooShort: true })
        }
      }).pipe(Effect.provide(today, { local: true }))
      const credentials = yield* Credentials
      assert.notProperty(yield* credentials.psk({ ...id, secureMode: 2 }), "secretTooShort")
    }).pipe(Effect.provide(layerTestRegistry))
  )
})
