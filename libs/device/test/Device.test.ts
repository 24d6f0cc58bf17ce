import { Code, defaultClientLimits, makeTuning } from "@roost/coap"
import { encodeRequest, pskFromSecret } from "@roost/enos"
import { eventually } from "@roost/testkit"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { commandsPerWakeMax, Device, type DeviceEvent, type DeviceOptions, LinkError } from "../src/index.ts"
import { Platform, type PlatformAnswer, type PlatformRequest } from "./support/Platform.ts"

const productKey = "pk"
const deviceKey = "meter-1"
const secrets: Readonly<Record<string, string>> = { "2": "device secret", "3": "product secret" }
const base = `/topic/sys/${productKey}/${deviceKey}`
const post = `${base}/thing/measurepoint/post`
const set = `${base}/thing/service/measurepoint/set`
const activateInfo = `/topic/ext/session/${productKey}/${deviceKey}/thing/activate/info`

// Where silence has to be noticed within a test. All others wait as long as a busy machine may take.
const impatientTiming = { initialMillis: 40, maxMillis: 40, transmissionsMax: 3 }
const impatientCoap = {
  tuning: makeTuning({
    ackTimeoutMillis: 100,
    ackRandomFactor: 1.5,
    maxRetransmit: 1,
    nstart: 1,
    maxLatencyMillis: 100
  }),
  limits: defaultClientLimits
}
const retry = { initialMillis: 10, maxMillis: 20 }

let platform: Platform
let device: Device
let events: Array<DeviceEvent>

const make = (more: Partial<DeviceOptions> = {}): Device => {
  device = new Device({
    host: "127.0.0.1",
    port: platform.port,
    productKey,
    deviceKey,
    onEvent: (event) => events.push(event),
    ...more
  })
  return device
}

const failureOf = (work: Promise<unknown>): Promise<LinkError> =>
  work.then(
    () => Promise.reject(new Error("did not fail")),
    (error) => error
  )
const count = (tag: DeviceEvent["_tag"]): number => events.filter(({ _tag }) => _tag === tag).length
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const asked = (): ReadonlyArray<string> => platform.requests.map(({ method, path }) => `${method} ${path}`)

/** Answers in turn to one path; whatever else is asked gets 2.04. */
const script = (path: string, ...answers: ReadonlyArray<PlatformAnswer>) => {
  let next = 0
  return (request: PlatformRequest): PlatformAnswer => (request.path === path ? (answers[next++] ?? {}) : {})
}

beforeEach(async () => {
  events = []
  platform = await Platform.start((identity) => pskFromSecret(secrets[identity.split(",")[2]!]!))
})
afterEach(async () => {
  device.abandon()
  await platform[Symbol.asyncDispose]()
})

describe("activation (contract §6)", () => {
  const info = (params: unknown) => JSON.stringify({ id: "1", version: "1.0", method: "thing.activate.info", params })

  it("handshakes with SecureMode 3, fetches the secret, closes", async () => {
    platform.answer = () => ({ code: Code.Content, payload: info({ assetId: "a1", deviceSecret: "issued" }) })
    assert.deepStrictEqual(await make().activate(secrets["3"]!), { assetId: "a1", deviceSecret: "issued" })
    assert.deepStrictEqual(platform.identities, ["pk,meter-1,3,300"])
    assert.deepStrictEqual(asked(), [`GET ${activateInfo}`])
    assert.isUndefined(device.link)
  })

  it("4.01 is told with what to do", async () => {
    platform.answer = () => ({ code: Code.Unauthorized })
    const error = await failureOf(make().activate(secrets["3"]!))
    assert.containSubset(error, { by: "peer", message: "the platform answered 4.01" })
    assert.match(error.hint, /^Dynamic activation is off/)
  })

  it.each(["", "{", info({ assetId: "a1" }), "[]"])(
    "%j instead of a secret is the platform's fault",
    async (payload) => {
      platform.answer = () => ({ payload })
      assert.containSubset(await failureOf(make().activate(secrets["3"]!)), { by: "peer" })
    }
  )
})

describe("reports (contract §4)", () => {
  it("handshakes with SecureMode 2 and the lifetime, posts an EnOS message", async () => {
    await make({ lifetimeSeconds: 60 }).connect(secrets["2"]!)
    assert.strictEqual((await device.report({ temp: 21.5 })).code, Code.Changed)
    assert.deepStrictEqual(platform.identities, ["pk,meter-1,2,60"])
    assert.deepStrictEqual(asked(), [`POST ${post}`])
    assert.containSubset(JSON.parse(textOf(platform.requests[0]!.payload)), {
      id: "1",
      version: "1.0",
      method: "thing.measurepoint.post",
      params: { measurepoints: { temp: 21.5 } }
    })
  })

  it("raw bytes arrive as they are", async () => {
    await make().connect(secrets["2"]!)
    await device.reportRaw(Uint8Array.of(0, 255, 123))
    assert.deepStrictEqual(asked(), [`POST ${base}/thing/model/up_raw`])
    assert.deepStrictEqual([...platform.requests[0]!.payload], [0, 255, 123])
  })

  it("a request that is not answered fails as silence, and is marked as sent again", async () => {
    platform.answer = () => undefined
    await make({ coap: impatientCoap }).connect(secrets["2"]!)
    assert.containSubset(await failureOf(device.report({})), { by: "timeout", message: "no response: TimedOut" })
    assert.deepStrictEqual(
      events.filter((event) => event._tag === "MessageSent").map((event) => event.again),
      [false, true]
    )
  })

  it("fails at once where nothing is connected", async () => {
    assert.containSubset(await failureOf(make().report({})), { by: "local", message: "not connected" })
  })
})

describe("Option 2100 (contract §5)", () => {
  const command = (id: string) => textOf(encodeRequest(id, "thing.service.measurepoint.set", { temp: 1 }))

  it("GETs the command, executes it, POSTs the reply", async () => {
    platform.answer = (request) =>
      request.path === post ? { announce: set } : request.method === "GET" ? { payload: command("c1") } : {}
    const received: Array<string> = []
    await make({
      onCommand: ({ method, params }) => {
        received.push(`${method} ${JSON.stringify(params)}`)
        return { code: 200, data: { done: true } }
      }
    }).connect(secrets["2"]!)
    await device.report({})
    assert.deepStrictEqual(asked(), [`POST ${post}`, `GET ${set}`, `POST ${set}_reply`])
    assert.deepStrictEqual(received, [`thing.service.measurepoint.set {"temp":1}`])
    assert.deepStrictEqual(JSON.parse(textOf(platform.requests[2]!.payload)), {
      id: "c1",
      code: 200,
      data: { done: true }
    })
  })

  it.each(["the reply's response", "the command's response"])("goes on while %s announces more", async (where) => {
    const announcing = where === "the reply's response" ? "POST" : "GET"
    let left = 3
    platform.answer = ({ method, path }) => {
      const payload = method === "GET" ? command(String(left)) : ""
      if (path === post) return { announce: set }
      if (method === "GET") left--
      return method === announcing && left > 0 ? { payload, announce: set } : { payload }
    }
    await make({ onCommand: () => ({ code: 200 }) }).connect(secrets["2"]!)
    await device.report({})
    assert.strictEqual(count("CommandAnswered"), 3)
  })

  it("a platform that never stops announcing does not keep the device from its work", async () => {
    platform.answer = ({ method }) => ({ announce: set, payload: method === "GET" ? command("c") : "" })
    await make().connect(secrets["2"]!)
    await device.report({})
    assert.strictEqual(count("CommandAnswered"), commandsPerWakeMax)
  })

  it("nothing there any more (4.04) is no error", async () => {
    platform.answer = ({ path }) => (path === post ? { announce: set } : { code: Code.NotFound })
    await make().connect(secrets["2"]!)
    assert.strictEqual((await device.report({})).code, Code.Changed)
    assert.deepStrictEqual(asked(), [`POST ${post}`, `GET ${set}`])
  })

  it("without a handler every command is answered with an error code, none is lost in silence", async () => {
    platform.answer = script(post, { announce: set })
    await make().connect(secrets["2"]!)
    await device.report({})
    assert.notStrictEqual(JSON.parse(textOf(platform.requests[2]!.payload)).code, 200)
  })

  it("raw bytes, and what is no EnOS message, reach the handler as bytes and are answered by bytes", async () => {
    const down = `${base}/thing/model/down_raw`
    for (const path of [down, set]) {
      platform.answer = (request) =>
        request.path === post ? { announce: path } : { payload: Uint8Array.of(255, 0, 1) }
      await make({ onCommand: ({ method, payload }) => (method === "" ? payload.toReversed() : { code: 1 }) }).connect(
        secrets["2"]!
      )
      await device.report({})
      assert.deepStrictEqual([...platform.requests.at(-1)!.payload], [1, 0, 255])
      device.abandon()
    }
  })

  it.each(["no-topic", "/other/path", ""])("an option that says %j is ignored", async (announce) => {
    platform.answer = () => ({ announce })
    await make().connect(secrets["2"]!)
    await device.report({})
    assert.lengthOf(asked(), 1)
  })
})

describe("a server that is silent", () => {
  it("a wrong secret: gives up, names the causes (F21)", async () => {
    const error = await failureOf(make({ timing: impatientTiming }).connect("another secret"))
    assert.strictEqual(error.by, "timeout")
    assert.match(error.message, /wrong key/)
    assert.match(error.hint, /SecureMode.*Lifetime.*disabled/)
    // Two hellos and the flight that nobody answers; a busy machine may send a hello twice as well.
    const transmissions = events.flatMap((event) => (event._tag === "Sent" ? [event.transmission] : []))
    assert.lengthOf(
      transmissions.filter((transmission) => transmission === 1),
      3
    )
    assert.deepStrictEqual(transmissions.slice(-3), [1, 2, 3])
  })

  it("nobody there: another hint", async () => {
    platform.deaf = true
    const error = await failureOf(make({ timing: impatientTiming }).connect(secrets["2"]!))
    assert.strictEqual(error.by, "timeout")
    assert.match(error.hint, /host and port/)
  })

  it("connects anew when the server forgot the session, and goes on reporting", async () => {
    await make({ coap: impatientCoap }).run(secrets["2"]!, {
      intervalMillis: 1,
      reports: 4,
      retry,
      report: (self, sent) => {
        if (sent === 2 && count("Retrying") === 0) platform.forgetAll()
        return self.report({ sent })
      }
    })
    assert.strictEqual(count("Reported"), 4)
    assert.strictEqual(count("Connected"), 2)
    assert.containSubset(
      events.find((event) => event._tag === "Retrying"),
      { afterMillis: retry.initialMillis }
    )
  })

  it("pauses double up to the last one until the server is back", async () => {
    const run = make({ coap: impatientCoap, timing: impatientTiming }).run(secrets["2"]!, {
      intervalMillis: 1,
      reports: 2,
      retry,
      report: (self, sent) => {
        platform.deaf = count("Retrying") < 3 && sent === 1
        return self.report({ sent })
      }
    })
    const isBack = new Promise<void>((resolve) => {
      const wait = setInterval(() => {
        if (count("Retrying") < 3) return
        platform.deaf = false
        clearInterval(wait)
        resolve()
      }, 5)
    })
    await Promise.all([run, isBack])
    const pauses = events.flatMap((event) => (event._tag === "Retrying" ? [event.afterMillis] : []))
    assert.deepStrictEqual(pauses.slice(0, 3), [10, 20, 20])
    assert.strictEqual(count("Reported"), 2)
  })

  it("connects anew after the server's close_notify", async () => {
    await make().run(secrets["2"]!, {
      intervalMillis: 30,
      reports: 2,
      retry,
      report: async (self, sent) => {
        const response = await self.report({ sent })
        if (sent === 0) platform.closeAll()
        return response
      }
    })
    assert.strictEqual(count("Connected"), 2)
    assert.strictEqual(count("Retrying"), 0)
  })

  it("4.01 to a report: the device handshakes anew, in case it may", async () => {
    platform.answer = script(post, { code: Code.Unauthorized })
    await make().run(secrets["2"]!, { intervalMillis: 1, reports: 1, retry, report: (self) => self.report({}) })
    assert.containSubset(
      events.find((event) => event._tag === "Retrying"),
      { reason: "the platform answered 4.01" }
    )
    assert.strictEqual(count("Connected"), 2)
  })

  it("the first connection of a run fails at once: the options are wrong more often than not", async () => {
    const run = make({ timing: impatientTiming }).run("another secret", {
      intervalMillis: 1,
      retry,
      report: (self) => self.report({})
    })
    assert.containSubset(await failureOf(run), { by: "timeout" })
  })

  it("an error of the report itself is not retried", async () => {
    const run = make().run(secrets["2"]!, {
      intervalMillis: 1,
      retry,
      report: () => Promise.reject(new TypeError("of the caller"))
    })
    assert.strictEqual((await failureOf(run)).message, "of the caller")
  })
})

describe("moving and stopping", () => {
  it("goes on from another port without a handshake (R6)", async () => {
    await make().connect(secrets["2"]!)
    await device.report({})
    device.rebind()
    await device.report({})
    const ports = platform.requests.map(({ port }) => port)
    assert.notStrictEqual(ports[0], ports[1])
    assert.lengthOf(platform.identities, 1)
  })

  it("close ends by close_notify", async () => {
    await make().connect(secrets["2"]!)
    await device.close()
    await eventually(() => platform.closeNotifies === 1)
    assert.containSubset(await failureOf(device.report({})), { by: "local" })
  })

  it("close ends what is under way: a request, and a handshake", async () => {
    platform.answer = () => undefined
    await make().connect(secrets["2"]!)
    const request = failureOf(device.report({}))
    await device.close()
    assert.containSubset(await request, { by: "local" })

    platform.deaf = true
    const handshake = failureOf(make().connect(secrets["2"]!))
    await device.close()
    assert.containSubset(await handshake, { by: "local" })
  })

  it("a signal ends the run in its pause", async () => {
    const stop = new AbortController()
    await make({
      onEvent: (event) => {
        events.push(event)
        if (event._tag === "Reported") setImmediate(() => stop.abort())
      }
    }).run(secrets["2"]!, { intervalMillis: 3_600_000, report: (self) => self.report({}), signal: stop.signal })
    assert.strictEqual(count("Reported"), 1)
  })

  it("fifty failing devices leave no socket and no timer behind", async () => {
    const before = process.getActiveResourcesInfo().length
    platform.deaf = true
    const devices = Array.from({ length: 50 }, () => make({ timing: impatientTiming }))
    await Promise.all(devices.map((each) => failureOf(each.connect(secrets["2"]!))))
    await eventually(() => process.getActiveResourcesInfo().length <= before + 1)
  })

  it("two hundred devices at once", async () => {
    const devices = Array.from({ length: 200 }, (_, i) => make({ deviceKey: `meter-${i}` }))
    await Promise.all(devices.map((each) => each.connect(secrets["2"]!)))
    const responses = await Promise.all(devices.map((each) => each.report({})))
    assert.isTrue(responses.every(({ code }) => code === Code.Changed))
    assert.strictEqual(new Set(platform.requests.map(({ path }) => path)).size, 200)
    for (const each of devices) each.abandon()
  })
})
