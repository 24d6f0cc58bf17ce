import { eventually } from "@roost/testkit"
import { assert, describe, it } from "vitest"
import { DeviceBook, Fleet, type FleetSettings, type LoadOptions, Meter } from "../src/index.ts"
import { EchoServer } from "./support/EchoServer.ts"

const settingsFor = (server: EchoServer): FleetSettings => ({
  targets: [{ host: "127.0.0.1", port: server.port }],
  first: 100,
  productKey: "pk",
  lifetimeSeconds: 300,
  suite: "plain",
  cid: false,
  sockets: 1,
  extendedMasterSecret: true,
  encryptThenMac: true,
  localAddresses: [],
  deviceKey: "dev%06d",
  identity: "{product},{device},2,{lifetime}",
  path: "/{device}",
  payload: '{"id":"{id}"}',
  keyMode: "text",
  uplinkBytes: 0,
  confirmable: true,
  expect: "2.04",
  verifyPayload: "none",
  handshakesInFlight: 2,
  handshakeMillisMax: 60_000,
  reconnectKind: "full",
  // On a busy machine an answer may take seconds, and a retransmission would be counted.
  ackTimeoutMillis: 60_000,
  maxRetransmit: 4,
  responseMillisMax: 60_000,
  followCommands: false,
  lossSend: 0,
  lossReceive: 0,
  reorder: 0,
  reorderMillis: 0,
  seed: 1
})

class Given implements Disposable {
  readonly server = new EchoServer()
  readonly fleet: Fleet

  constructor(more: Partial<FleetSettings> = {}) {
    const settings = { ...settingsFor(this.server), ...more }
    this.fleet = new Fleet(settings, new DeviceBook(settings, { _tag: "Template", secret: "" }), assert.fail)
  }

  /** Loads until the server has heard `requests` more, then waits for what is on its way. */
  async loadUntil(requests: number, options: Partial<LoadOptions> = { requestsInFlight: 4 }): Promise<void> {
    const until = this.server.requests + requests
    this.fleet.load(options)
    await eventually(() => this.server.requests >= until)
    await this.fleet.drain()
  }

  [Symbol.dispose](): void {
    this.fleet.close()
    this.server[Symbol.dispose]()
  }
}

const countsOf = (fleet: Fleet) => {
  const meter = new Meter()
  meter.add(fleet.take())
  return meter.counts
}

describe("a fleet", () => {
  it("posts from every device in turn, and counts each answer once", async () => {
    using given = new Given()
    const { fleet, server } = given
    fleet.grow(10)
    assert.strictEqual(await fleet.connect(), 10)
    await given.loadUntil(100)
    const { errors, requests, responses } = countsOf(fleet)
    assert.deepStrictEqual(
      { errors, requests, responses },
      { errors: 0, requests: server.requests, responses: requests }
    )
    const each = [...server.requestsFrom.values()]
    assert.strictEqual(each.length, 10)
    assert.isAtMost(Math.max(...each) - Math.min(...each), 1)
  })

  it("posts on time in an open loop that looks at the clock all the time", async () => {
    using given = new Given()
    given.fleet.grow(4)
    await given.fleet.connect()
    await given.loadUntil(20, { ratePerSecond: 2_000, spins: true })
    assert.strictEqual(countsOf(given.fleet).responses, given.server.requests)
  })

  it("grows while its devices are online, and only the new ones connect", async () => {
    using given = new Given()
    const { fleet, server } = given
    fleet.grow(3)
    assert.strictEqual(await fleet.connect(), 3)
    fleet.grow(200)
    assert.strictEqual(fleet.online, 3)
    assert.strictEqual(await fleet.connect({ first: 3, count: 197 }), 197)
    assert.strictEqual(fleet.online, 200)
    await given.loadUntil(400)
    assert.strictEqual(server.requestsFrom.size, 200)
    assert.strictEqual(countsOf(fleet).errors, 0)
  })

  it("is offline when it has left, posts nothing then, and comes back from other addresses", async () => {
    using given = new Given({ freshAddresses: true })
    const { fleet, server } = given
    fleet.grow(5)
    await fleet.connect()
    await given.loadUntil(20)
    await fleet.leave()
    assert.strictEqual(fleet.online, 0)
    const before = server.requests
    fleet.load({ requestsInFlight: 4 })
    await fleet.drain()
    assert.strictEqual(server.requests, before)
    const addresses = [...server.requestsFrom.keys()]
    assert.isTrue(addresses.every((address) => /^127\.\d+\.1\.(3[7-9]|4[01]):1648[4-8]$/.test(address)))
    assert.strictEqual(await fleet.connect(), 5)
    await given.loadUntil(20)
    assert.strictEqual(server.requestsFrom.size, 10)
  })

  it("keeps no socket of a device that sleeps after its handshake", async () => {
    using given = new Given()
    given.fleet.grow(5)
    assert.strictEqual(await given.fleet.connect({ thenLeave: true }), 5)
    assert.strictEqual(given.fleet.online, 0)
    assert.strictEqual(given.fleet.inFlight, 0)
  })

  it("ends a verb by the next one: whoever waits for the first goes on", async () => {
    using given = new Given()
    given.server.isSilent = true
    const { fleet } = given
    fleet.grow(2)
    await fleet.connect()
    const woken = fleet.wake({ count: 2, kind: "uplink", overSeconds: 0 })
    assert.strictEqual(fleet.inFlight, 2)
    fleet.rest()
    await woken
    assert.strictEqual(fleet.inFlight, 2)
    assert.strictEqual(await fleet.connect(), 2)
    assert.strictEqual(fleet.inFlight, 0)
  })
})
