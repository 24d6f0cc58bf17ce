import { assert, describe, it } from "@effect/vitest"
import type { DeviceEvent } from "@roost/contracts"
import {
  deviceEventsBurstMax,
  deviceEventsPerSecondMax,
  eventIntervalMillis,
  eventKeysMax,
  EventLimiter,
  eventReasonLengthMax,
  eventsBurstMax,
  eventsPerSecondMax,
  routineBurstMax,
  routineIntervalMillis
} from "../src/host/EventLimiter.ts"

const event = (at: number, reason: string, kind = "request-refused", deviceKey = "dev1"): DeviceEvent => ({
  productKey: "pk1",
  deviceKey,
  kind,
  at,
  address: "192.0.2.1:1000",
  reason
})
const timesOf = (told: DeviceEvent | undefined) => told?.detail?.["times"] ?? 1

/** A limiter that is asked and flushed at each step, and what it tells. */
const limited = () => {
  const limiter = new EventLimiter(0)
  const told: Array<DeviceEvent> = []
  const pass = (now: number) => limiter.flush(now, (late) => told.push(late))
  const happen = (happened: DeviceEvent) => {
    pass(happened.at)
    const admitted = limiter.admit(happened.at, happened)
    if (admitted !== undefined) told.push(admitted)
  }
  return { limiter, told, pass, happen }
}

describe("EventLimiter", () => {
  it("tells the same event once in its interval, then how many there were, without another one (D15)", () => {
    const { happen, pass, told } = limited()
    for (let i = 0; i < 6; i++) happen(event(i, "wrong key"))
    assert.deepStrictEqual(told, [event(0, "wrong key")])
    pass(eventIntervalMillis - 1)
    assert.lengthOf(told, 1)
    pass(eventIntervalMillis)
    assert.deepStrictEqual(told.slice(1), [{ ...event(5, "wrong key"), detail: { times: 5 } }])
    pass(10 * eventIntervalMillis)
    assert.lengthOf(told, 2)
    happen(event(20 * eventIntervalMillis, "wrong key"))
    assert.strictEqual(timesOf(told[2]), 1)
  })

  it("a device that fails in a loop is told of once in each interval (D15)", () => {
    const { happen, pass, told } = limited()
    for (let now = 0; now <= 100_000; now += 50) happen(event(now, "wrong key"))
    assert.lengthOf(told, 11)
    pass(110_000)
    assert.strictEqual(
      told.reduce((sum, each) => sum + Number(timesOf(each)), 0),
      2001
    )
  })

  it("25 mistakes one after the other in 0.2 s are told one by one, whatever their kinds", () => {
    const { happen, told } = limited()
    for (let i = 0; i < 25; i++)
      happen(event(i * 8, `mistake ${i}`, i % 2 === 0 ? "request-refused" : "uplink-refused"))
    assert.deepStrictEqual(
      told.map(({ reason }) => reason),
      Array.from({ length: 25 }, (_, i) => `mistake ${i}`)
    )
  })

  it("a device that makes up reasons is bounded in rate and bytes, and what it told is named by kind (D15)", () => {
    const { happen, pass, told } = limited()
    for (let now = 0; now < 100_000; now += 10) {
      happen(event(now, `Lifetime ${now} ${"x".repeat(5000)}`, now % 20 === 0 ? "handshake-refused" : "time-odd"))
    }
    pass(200_000)
    const summaries = told.filter(({ kind }) => kind === "not-told")
    assert.isAtMost(told.length - summaries.length, deviceEventsBurstMax + 100 * deviceEventsPerSecondMax)
    assert.isAtMost(summaries.length, 11)
    assert.match(summaries[0]!.reason, /left out: .*handshake-refused \d+/)
    const named = summaries.reduce((sum, { detail }) => {
      return sum + Number(detail!["handshake-refused"]) + Number(detail!["time-odd"])
    }, 0)
    assert.strictEqual(named + told.length - summaries.length, 10_000)
    assert.isTrue(told.every(({ reason }) => reason.length <= eventReasonLengthMax + 400))
  })

  it("tells a bounded number of all devices together, and first ones before repetitions (trust A1)", () => {
    const { limiter } = limited()
    let told = 0
    for (let i = 0; i < 100_000; i++) {
      if (limiter.admit(i / 20, event(i / 20, "wrong key", "handshake-refused", `dev${i}`)) !== undefined) told++
    }
    assert.isAtMost(told, eventsBurstMax + 5 * eventsPerSecondMax)
    assert.isAtLeast(told, eventsBurstMax + 5 * eventsPerSecondMax - 10)
    // All others of this second are repetitions of devices that were told of.
    for (let i = 0; i < 3000; i++) {
      limiter.admit(7000, event(7000, `again ${i}`, "time-odd", `dev${i % 1000}`))
    }
    assert.isUndefined(limiter.admit(7000, event(7000, "once more", "time-odd", "dev1")))
    assert.isDefined(limiter.admit(7000, event(7000, "wrong key", "handshake-refused", "never heard of")))
  })

  it("tells what healthy devices do once an hour, and of few", () => {
    const { limiter } = limited()
    const ask = (now: number, deviceKey: string) =>
      limiter.admit(now, event(now, "no command waits", "nothing-pending", deviceKey), { routine: true })
    assert.isDefined(ask(0, "dev1"))
    assert.isUndefined(ask(routineIntervalMillis - 1, "dev1"))
    assert.strictEqual(timesOf(ask(routineIntervalMillis, "dev1")), 2)
    let told = 0
    for (let i = 0; i < 5000; i++) if (ask(routineIntervalMillis, `meter${i}`) !== undefined) told++
    assert.isAtMost(told, routineBurstMax)
    assert.isDefined(limiter.admit(routineIntervalMillis, event(0, "wrong key")))
  })

  it("says what belongs behind a reason where it tells it, and asks for it no more often", () => {
    const { limiter, pass, told } = limited()
    let asked = 0
    const hint = () => `; asked ${++asked}`
    assert.strictEqual(limiter.admit(0, event(0, "no such topic"), { hint })?.reason, "no such topic; asked 1")
    for (let i = 1; i < 500; i++) limiter.admit(i, event(i, "no such topic"), { hint })
    pass(eventIntervalMillis)
    assert.deepStrictEqual([asked, told[0]?.reason, timesOf(told[0])], [1, "no such topic; asked 1", 499])
  })

  it("says when it has something to tell, and nothing while it has not", () => {
    const { happen, limiter, pass } = limited()
    assert.strictEqual(limiter.quietMillis(0, 60_000), 60_000)
    happen(event(0, "wrong key"))
    assert.strictEqual(limiter.quietMillis(1000, 60_000), eventIntervalMillis - 1000)
    pass(eventIntervalMillis)
    assert.strictEqual(limiter.quietMillis(eventIntervalMillis, 60_000), 60_000)
  })

  it("remembers every event that can be told in an interval (trust A1)", () => {
    assert.isAtLeast(eventKeysMax, eventsBurstMax + (eventIntervalMillis / 1000) * eventsPerSecondMax)
  })
})
