import { type ClientRequest, Code, noBytes, OptionNumber, stringOption, uintOption } from "@roost/coap"
import type { Finding } from "@roost/contracts"
import { Device, getTopic, postTopic } from "@roost/device"
import { TLS_PSK_WITH_AES_128_CCM_8 } from "@roost/dtls"
import { encodeRequest, pskFromSecret } from "@roost/enos"
import { eventually, RoostProcesses } from "@roost/testkit"
import { runRoost } from "@roost/tool-roost"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { createSocket } from "node:dgram"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it, vi } from "vitest"
import { createDevice, createProduct, type TestDevice } from "../src/Fixtures.ts"
import { KnockingClient } from "../src/KnockingClient.ts"

// Causes that clients make on a real Roost, and what the API and `roost why` name when somebody asks why.

let roost: RoostProcesses
const closing: Array<() => unknown> = []
/** By `roost why`. */
const commandNamed = new Set<string>()
const settings = mkdtempSync(join(tmpdir(), "roost-why-"))
const product = "pkWhy"
const hexSecret = "00112233445566778899aabbccddeeff"

beforeAll(async () => {
  roost = await RoostProcesses.start()
  vi.stubEnv("XDG_CONFIG_HOME", settings)
  vi.stubEnv("ROOST_API_TOKEN", roost.token)
  await ok("POST", "/v1/models", {
    modelId: "meter",
    attributes: {},
    measurepoints: { temp: { data: { dataType: "INT" } } },
    services: {},
    events: {}
  })
  await createProduct(roost, product)
  await createProduct(roost, "pkOther")
  await createProduct(roost, "pkModelled", { modelId: "meter" })
  await createProduct(roost, "pkRaw", { dataFormat: "Custom" })
})
afterAll(async () => {
  for (const close of closing) await close()
  await roost?.[Symbol.asyncDispose]()
  rmSync(settings, { recursive: true, force: true })
})

const ok = async (method: string, path: string, body?: unknown) => {
  const answer = await roost.registry(method, path, body)
  assert.isBelow(answer.status, 300, `${method} ${path}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

const why = async (path: string): Promise<ReadonlyArray<Finding>> => (await ok("GET", path)).findings
const whyDevice = (key: string, of = product) => `/v1/products/${of}/devices/${key}/why`

/**
 * The first cause that holds is this one, and a person who types `roost why PRODUCT/DEVICE` or `roost why ADDRESS` is told it first, with
 * its cure. It was the same before and behind the command: what strangers did is filed behind the handshake, and is told in other words.
 */
const named = async (path: string, code: string): Promise<Finding> => {
  const { found, told } = await eventually(
    async () => {
      const found = (await why(path))[0]
      const told = found?.code === code && !found.over ? await tellPerson(path) : undefined
      return { found, told, after: (await why(path))[0] }
    },
    ({ after, found, told }) => told !== undefined && after?.sentence === found?.sentence
  )
  const { cause, cure, link, sentence } = found!
  for (const text of [sentence, cause, cure]) assert.isAbove(text.length, 10)
  assert.strictEqual(link, `/refusals#${code}`)
  const { code: exitCode, out } = told!
  assert.strictEqual(exitCode, 1, out)
  assert.match(out, new RegExp(`^[^✗]*✗ ${code} {2}`), out)
  for (const text of [sentence, cause, cure]) assert.include(out, text)
  commandNamed.add(code)
  return found!
}

const tellPerson = (path: string) => {
  const [, productKey, deviceKey] = /products\/([^/]+)\/devices\/([^/]+)\/why/.exec(path) ?? []
  const who = productKey === undefined ? path.replace(/.*address=/, "") : `${productKey}/${deviceKey}`
  return Effect.runPromise(runRoost(["why", who, "--url", roost.registryUrl]))
}

const bytesOf = (text: string) => new TextEncoder().encode(text)
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest()

const knock = async (identity: Uint8Array, psk: Uint8Array, edit?: (datagram: Uint8Array) => Uint8Array) => {
  const client = new KnockingClient({ port: roost.udpPort, identity, psk, ...(edit === undefined ? {} : { edit }) })
  closing.push(() => client[Symbol.dispose]())
  return client.knock()
}

const connected = async (device: TestDevice): Promise<Device> => {
  const { deviceKey, deviceSecret, productKey } = device
  const software = new Device({ host: "127.0.0.1", port: roost.udpPort, productKey, deviceKey })
  closing.push(() => software.close())
  await software.connect(deviceSecret)
  return software
}

const post = (device: TestDevice, name: string, payload: Uint8Array): ClientRequest =>
  postTopic(`/sys/${device.productKey}/${device.deviceKey}/${name}`, payload)
const report = (points: Record<string, unknown>, time = Date.now()) =>
  encodeRequest("1", "thing.measurepoint.post", { measurepoints: points, time })

describe("why names a wrong key that is", () => {
  const mistakes: Readonly<Record<string, (secret: string) => Uint8Array>> = {
    "wrong-key-secret-from-hex": (secret) => sha256(Buffer.from(secret, "hex")).subarray(8, 24),
    "wrong-key-base64-of-key": (secret) => bytesOf(Buffer.from(pskFromSecret(secret)).toString("base64")),
    "wrong-key-counted-from-zero": (secret) => sha256(secret).subarray(9, 25),
    "wrong-key-trailing-nul": (secret) => pskFromSecret(`${secret}\0`),
    "wrong-key-secret-as-key": (secret) => bytesOf(secret)
  }
  for (const [code, keyOf] of Object.entries(mistakes)) {
    it(`${code.slice("wrong-key-".length)}`, async () => {
      const deviceKey = code.slice(0, 32)
      await ok("POST", `/v1/products/${product}/devices`, { deviceKey, deviceSecret: hexSecret })
      // How many wrong keys of an address are looked into is limited, and copies count on a slow machine: it tries again.
      const identity = bytesOf(`${product},${deviceKey},2,300`)
      const tries = setInterval(() => void knock(identity, keyOf(hexSecret)), 11_000)
      closing.push(() => clearInterval(tries))
      await knock(identity, keyOf(hexSecret))
      await named(whyDevice(deviceKey), code)
      clearInterval(tries)
    })
  }

  it("the one from before its rotation", async () => {
    const device = await createDevice(roost, product, "rotated")
    const software = await connected(device)
    await software.close()
    await eventually(
      async () => (await ok("GET", `/v1/products/${product}/devices/rotated/events`)).events,
      (events: ReadonlyArray<{ kind: string }>) => events.some(({ kind }) => kind === "online")
    )
    await ok("POST", `/v1/products/${product}/devices/rotated:rotate-secret`, {})
    // Until the actors hear of the change, the former key still does.
    const tries = setInterval(() => void knock(bytesOf(device.identity), device.psk), 3_000)
    closing.push(() => clearInterval(tries))
    await knock(bytesOf(device.identity), device.psk)
    await named(whyDevice("rotated"), "old-secret")
    clearInterval(tries)
  })
})

describe("why names an identity that has", () => {
  for (const [name, identity, code] of [
    ["a trailing NUL", `${product},ident-1,2,300\0`, "identity-trailing-nul"],
    ["a Lifetime of 29", `${product},ident-2,2,29`, "identity-lifetime"],
    ["another SecureMode", `${product},ident-3,1,300`, "identity-secure-mode"]
  ] as const) {
    it(name, async () => {
      const deviceKey = identity.split(",")[1]!
      const { psk } = await createDevice(roost, product, deviceKey)
      await knock(bytesOf(identity), psk)
      await named(whyDevice(deviceKey), code)
    })
  }

  it("quotes, by its address", async () => {
    const address = await knock(bytesOf(`"${product},ident-4,2,300"`), new Uint8Array(16))
    await named(`/v1/why?address=${address}`, "identity-quoted")
  })
})

describe("why names a device that is", () => {
  it("of an unknown product", async () => {
    await knock(bytesOf("pkNowhere,dev-1,2,300"), new Uint8Array(16))
    await named(whyDevice("dev-1", "pkNowhere"), "unknown-product")
  })

  it("not registered, by its address, too", async () => {
    const address = await knock(bytesOf(`${product},nobody,2,300`), new Uint8Array(16))
    await named(`/v1/why?address=${address}`, "unknown-device")
    await named(whyDevice("nobody"), "unknown-device")
  })

  for (const [name, device, identity, code] of [
    ["registered with its keys in the other order", "swapped", `swapped,${product},2,300`, "keys-swapped"],
    ["registered in other capitals", "cased", `${product.toUpperCase()},cased,2,300`, "keys-capitals"]
  ] as const) {
    it(`${name}, on both sides`, async () => {
      const { psk } = await createDevice(roost, product, device)
      const address = await knock(bytesOf(identity), psk)
      const { reason } = await named(`/v1/why?address=${address}`, code)
      assert.include(reason, `Registered is ${product},${device}.`)
      await named(whyDevice(device), code)
    })
  }

  it("another product's, on both sides", async () => {
    const { psk } = await createDevice(roost, product, "misplaced")
    await knock(bytesOf("pkOther,misplaced,2,300"), psk)
    await named(whyDevice("misplaced"), "wrong-product")
    await named(whyDevice("misplaced", "pkOther"), "wrong-product")
  })

  it("disabled", async () => {
    const { identity, psk } = await createDevice(roost, product, "disabled")
    await ok("POST", `/v1/products/${product}/devices/disabled:disable`)
    await knock(bytesOf(identity), psk)
    await named(whyDevice("disabled"), "device-disabled")
  })

  it("to activate where that is off", async () => {
    const { productSecret } = await createProduct(roost, "pkStatic", { dynamicActivateEnabled: false })
    await createDevice(roost, "pkStatic", "blank")
    await knock(bytesOf("pkStatic,blank,3,300"), pskFromSecret(productSecret))
    await named(whyDevice("blank", "pkStatic"), "activation-off")
  })

  it("never heard of", async () => {
    await createDevice(roost, product, "silent")
    await named(whyDevice("silent"), "never-heard")
  })
})

describe("why names, by its address, a client that", () => {
  it("offers no common suite", async () => {
    const withoutSuite = (datagram: Uint8Array): Uint8Array => {
      const edited = Uint8Array.from(datagram)
      for (let i = 0; i + 1 < edited.length; i++) {
        const suite = (edited[i]! << 8) | edited[i + 1]!
        if (suite === TLS_PSK_WITH_AES_128_CCM_8 || suite === 0x00ae) edited.set([0xc0, 0x2b], i)
      }
      return edited
    }
    const address = await knock(bytesOf(`${product},suite,2,300`), new Uint8Array(16), withoutSuite)
    await named(`/v1/why?address=${address}`, "no-common-suite")
  })

  it("offers DTLS 1.0 only", async () => {
    // RFC 6347 §4.2.1: the version stands behind the headers of the record and of the message.
    const old = (datagram: Uint8Array) => datagram.with(25, 0xfe).with(26, 0xff)
    const address = await knock(bytesOf(`${product},old,2,300`), new Uint8Array(16), old)
    await named(`/v1/why?address=${address}`, "dtls-version")
  })

  for (const [name, datagram, code] of [
    ["speaks plain CoAP", Uint8Array.of(0x40, 1, 0x12, 0x34, 0xbb), "plain-coap"],
    ["speaks HTTP", bytesOf("GET / HTTP/1.1\r\n\r\n"), "http-on-udp"],
    ["sends text by hand", bytesOf("hello\n"), "text-on-udp"]
  ] as const) {
    it(name, async () => {
      const socket = createSocket("udp4")
      await new Promise<void>((bound) => socket.bind(0, "127.0.0.1", bound))
      socket.send(datagram, roost.udpPort, "127.0.0.1")
      closing.push(() => socket.close())
      await named(`/v1/why?address=127.0.0.1:${socket.address().port}`, code)
    })
  }
})

describe("why names a request", () => {
  const withOption = (request: ClientRequest, option: ClientRequest["options"][number]): ClientRequest => ({
    ...request,
    options: [...request.options, option]
  })
  const path = (segments: string) => segments.split("/").map((part) => stringOption(OptionNumber.UriPath, part))
  /** Of this very message, where a code has many. */
  const causes: Readonly<Record<string, RegExp>> = {
    "payload-not-json": /^Likely a trailing NUL: the length is off by one/
  }
  const requests: ReadonlyArray<readonly [code: string, answered: number, (device: TestDevice) => ClientRequest]> = [
    [
      "topic-prefix-missing",
      0x84,
      ({ deviceKey }) => ({
        code: Code.Post,
        confirmable: true,
        options: path(`sys/${product}/${deviceKey}/thing/measurepoint/post`),
        payload: report({ temp: 1 })
      })
    ],
    ["unknown-topic", 0x84, (device) => post(device, "thing/measurepoints/post", report({ temp: 1 }))],
    [
      "foreign-topic",
      0x83,
      (device) => post({ ...device, deviceKey: "somebody" }, "thing/measurepoint/post", report({}))
    ],
    ["topic-method", 0x85, (device) => getTopic(`/sys/${product}/${device.deviceKey}/thing/measurepoint/post`)],
    ["coap-method", 0x85, (device) => ({ ...post(device, "thing/measurepoint/post", report({})), code: Code.Put })],
    [
      "content-format",
      0x8f,
      (device) => ({
        ...post(device, "thing/measurepoint/post", noBytes),
        options: [
          ...path(`topic/sys/${product}/${device.deviceKey}/thing/measurepoint/post`),
          uintOption(OptionNumber.ContentFormat, 60)
        ],
        payload: Uint8Array.of(0xa0)
      })
    ],
    ["payload-not-json", 0x80, (device) => post(device, "thing/measurepoint/post", bytesOf('{"id":"1"}\0'))],
    [
      "body-too-large",
      0x8d,
      (device) => post(device, "thing/measurepoint/post", bytesOf(`{"id":"${"x".repeat(100_000)}"}`))
    ],
    ["method-mismatch", 0x44, (device) => post(device, "thing/event/hot/post", report({ temp: 1 }))],
    [
      "params-shape",
      0x44,
      (device) => post(device, "thing/measurepoint/post", encodeRequest("1", "thing.measurepoint.post", {}))
    ],
    [
      "time-in-seconds",
      0x44,
      (device) => post(device, "thing/measurepoint/post", report({ temp: 1 }, Math.round(Date.now() / 1000)))
    ],
    [
      "time-far-off",
      0x44,
      (device) => post(device, "thing/measurepoint/post", report({ temp: 1 }, Date.now() + 400 * 86_400_000))
    ],
    [
      "coap-option-unknown",
      0x82,
      (device) => withOption(post(device, "thing/measurepoint/post", report({ temp: 1 })), uintOption(65_001, 1))
    ],
    [
      "accept-format",
      0x86,
      (device) =>
        withOption(post(device, "thing/measurepoint/post", report({ temp: 1 })), uintOption(OptionNumber.Accept, 60))
    ],
    [
      "block-missing",
      0x88,
      (device) =>
        withOption(
          post(device, "thing/measurepoint/post", new Uint8Array(64)),
          uintOption(OptionNumber.Block1, (3 << 4) | 8 | 2)
        )
    ],
    [
      "reply-unknown",
      0x44,
      (device) => post(device, "thing/service/measurepoint/set_reply", bytesOf('{"id":"7","code":200,"data":{}}'))
    ]
  ]
  for (const [code, answered, requestOf] of requests) {
    it(`for ${code}`, async () => {
      const device = await createDevice(roost, product, code)
      const software = await connected(device)
      const response = await software.link!.request(requestOf(device))
      assert.strictEqual(response.code, answered)
      const { cause } = await named(whyDevice(code), code)
      if (code in causes) assert.match(cause, causes[code]!)
    })
  }

  it("for a point that the model does not have, and for a value that it does not allow", async () => {
    for (const [deviceKey, points, code] of [
      ["unknown", { tempo: 1 }, "unknown-point"],
      ["untyped", { temp: "warm" }, "not-of-model"]
    ] as const) {
      const device = await createDevice(roost, "pkModelled", deviceKey)
      const software = await connected(device)
      // A node hears of a model a moment after it was made.
      await eventually(
        () => software.report(points),
        ({ payload }) => JSON.parse(Buffer.from(payload).toString("utf8")).code === 1204
      )
      await named(whyDevice(deviceKey, "pkModelled"), code)
    }
  })

  it("for a script that throws", async () => {
    const source = `function rawDataToJsonStr(bytes) {
      if (bytes.length > 1) throw new Error("unknown frame")
      return JSON.stringify({ id: "1", version: "1.0", method: "thing.measurepoint.post", params: { measurepoints: { t: 1 } } })
    }
    function jsonStrToRawData(text) { return [0] }`
    await ok("PUT", "/v1/products/pkRaw/script", { source })
    await ok("POST", "/v1/products/pkRaw/script:test", { raw: "01" })
    await ok("POST", "/v1/products/pkRaw/script:publish", {})
    const software = await connected(await createDevice(roost, "pkRaw", "bytes"))
    await eventually(
      () => software.reportRaw(Uint8Array.of(1, 2, 3)),
      ({ code }) => code === 0x80
    )
    await named(whyDevice("bytes", "pkRaw"), "script-threw")
  })
})

describe("why names a command that", () => {
  it("expired while its device slept, and one that waits for it", async () => {
    const device = await createDevice(roost, product, "sleeper")
    const software = await connected(device)
    await software.report({ temp: 1 })
    const set = (pendingTtl: number) =>
      roost.downlink("POST", `/v1/products/${product}/devices/sleeper/measurepoints/limit:set`, {
        value: 30.5,
        pendingTtl
      })
    await eventually(
      () => set(1),
      ({ status }) => status === 202
    )
    await named(whyDevice("sleeper"), "command-expired")
    await set(600)
    await eventually(
      () => why(whyDevice("sleeper")),
      (findings) => findings.some(({ code }) => code === "command-asleep")
    )
  })
})

describe("roost why", () => {
  it("named 25 causes at least", () => assert.isAtLeast(commandNamed.size, 25))
})
