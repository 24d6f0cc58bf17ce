import { parsePeerAddress, type StrangerEvent } from "@roost/contracts"
import { assert, describe, it } from "@effect/vitest"
import { type StrangerRefusal, StrangerReports, strangerLimits } from "../src/index.ts"

const start = 1_700_000_000_000
const refusalOf = (address: string, more: Partial<StrangerRefusal> = {}): StrangerRefusal => ({
  peer: parsePeerAddress(address, 1000)!,
  kind: "handshake-refused",
  code: "unknown-device",
  proven: true,
  reason: "unknown device",
  ...more
})

class Reporter {
  now = start
  readonly reports = new StrangerReports("node1", start)
  readonly told: Array<StrangerEvent> = []

  refused(address: string, more: Partial<StrangerRefusal> = {}): void {
    this.reports.refused(this.now, refusalOf(address, more))
  }

  flush(): void {
    this.reports.flush(this.now, (event) => this.told.push({ ...event, at: this.now }))
  }

  /** Time passes, as the ticker of a node lets it. */
  pass(millis: number): void {
    for (const end = this.now + millis; this.now < end;) {
      this.now = Math.min(end, this.now + 100)
      this.flush()
    }
  }

  /** Of the second with the most events. */
  get perSecondMax(): number {
    const within = (at: number) => this.told.filter((event) => event.at >= at && event.at < at + 1000).length
    return Math.max(...this.told.map(({ at }) => within(at)))
  }
}

describe("StrangerReports", () => {
  it("tells whoever mends one mistake and meets the next of that, with the same identity", () => {
    const reporter = new Reporter()
    const identity = "pk1,dev1,2,60"
    for (const reason of ["unknown product", "unknown product", "unknown device"]) {
      reporter.refused("192.0.2.1", { identity, reason })
      reporter.pass(1000)
    }
    assert.deepStrictEqual(
      reporter.told.filter(({ kind }) => kind !== "not-told").map(({ reason }) => reason),
      ["unknown product", "unknown device"]
    )
  })

  it("tells 400 made-up identities of one host at most 20 a second, and counts the others (trust A1)", () => {
    const reporter = new Reporter()
    for (let i = 0; i < 4000; i++) {
      reporter.refused("192.0.2.1", { identity: `pk${i},dev,2,60` })
      reporter.flush()
      if (i % 10 === 9) reporter.now++
    }
    reporter.pass(60_000)
    assert.isAtMost(reporter.perSecondMax, 20)
    const summed = reporter.told.filter(({ kind }) => kind === "not-told")
    const told = reporter.told.filter(({ kind }) => kind !== "not-told")
    const count = (events: ReadonlyArray<StrangerEvent>) => events.reduce((sum, { times = 1 }) => sum + times, 0)
    assert.strictEqual(count(told) + count(summed), 4000)
    assert.isAtLeast(told.length, 50)
    assert.strictEqual(summed[0]?.busiest?.[0]?.address, "192.0.2.1:1000")
    assert.deepStrictEqual(Object.keys(summed[0]!.kinds!), ["handshake-refused"])
    assert.strictEqual(reporter.reports.quietMillis(reporter.now, 60_000), 60_000)
  })

  it("tells each source's first refusal before anybody's repetitions (trust A1)", () => {
    const reporter = new Reporter()
    for (let i = 0; i < 500; i++) reporter.refused("192.0.2.1", { identity: `flood ${i}` })
    reporter.pass(1000)
    for (let host = 1; host <= 40; host++) {
      for (let i = 0; i < 500; i++) reporter.refused("192.0.2.1", { identity: `flood ${host} ${i}` })
      reporter.refused(`198.51.100.${host}`)
    }
    const before = reporter.told.length
    reporter.pass(4500)
    const addresses = reporter.told.slice(before).map(({ address }) => address)
    for (let host = 1; host <= 40; host++) assert.include(addresses, `198.51.100.${host}:1000`)
    assert.notInclude(addresses.slice(0, 40), "192.0.2.1:1000")
  })

  it("keeps who proved an address from those that anybody can forge (trust A1)", () => {
    const reporter = new Reporter()
    for (let i = 0; i < 100_000; i++) {
      reporter.refused(`${10 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.1`, { proven: false, kind: "datagram-dropped" })
      if (i % 20 === 0) reporter.flush()
    }
    reporter.refused("192.0.2.1")
    const before = reporter.told.length
    reporter.pass(200)
    assert.strictEqual(reporter.told[before]?.address, "192.0.2.1:1000")
    reporter.pass(300_000)
    assert.isAtMost(reporter.perSecondMax, 20)
    const summary = reporter.told.find(({ kind }) => kind === "not-told")
    assert.isAtLeast(summary?.times ?? 0, 90_000)
  })

  it("says how often something came that is told once in ten minutes (trust A7)", () => {
    const reporter = new Reporter()
    for (let i = 0; i < 100; i++) {
      reporter.refused("2001:db8::1", { identity: "pk1,dev1,2,60" })
      reporter.pass(1000)
    }
    const told = reporter.told.filter(({ kind }) => kind === "handshake-refused")
    assert.deepStrictEqual(
      told.map(({ address, identity }) => [address, identity]),
      [["[2001:db8::1]:1000", "pk1,dev1,2,60"]]
    )
    const summed = reporter.told.find(({ kind }) => kind === "not-told")
    assert.deepInclude(summed?.busiest?.[0], { address: "[2001:db8::1]:1000", identity: "pk1,dev1,2,60" })
    reporter.now += strangerLimits.knownMillis
    reporter.refused("2001:db8::1", { identity: "pk1,dev1,2,60" })
    reporter.flush()
    assert.strictEqual(reporter.told.at(-1)?.kind, "handshake-refused")
  })

  it("counts all of an IPv6 network as one source (trust A1)", () => {
    const reporter = new Reporter()
    for (let i = 0; i < 1000; i++) reporter.refused(`2001:db8::${i.toString(16)}`, { identity: `id ${i}` })
    reporter.refused("2001:db8:1::1")
    reporter.flush()
    assert.strictEqual(reporter.told[1]?.address, "[2001:db8:1::1]:1000")
  })

  it("bounds what one event says (trust A7)", () => {
    const reporter = new Reporter()
    reporter.refused("192.0.2.1", { reason: "x".repeat(100_000) })
    reporter.flush()
    assert.isBelow(JSON.stringify(reporter.told[0]).length, 1000)
  })
})
