import { assert, describe, it } from "vitest"
import { check, violationsOf } from "../src/record/check.ts"
import { type FindingKind, findingKinds } from "../src/record/Finding.ts"
import type { Exchange, Recording, RecordSeen } from "../src/record/Recording.ts"

// The worth of the checker: a recording without a fault is clean, and it finds each planted fault, alone.

const start = 1_700_000_000_000
const at = (seconds: number): number => start + seconds * 1000

/** Device 0 posts every 5 s for 100 s. Device 1, Lifetime 30 s, posts at 5 s and 80 s: offline at 35 s. */
const clean = (): Draft => {
  const exchanges: Array<Exchange> = []
  const records: Array<RecordSeen> = []
  const uplinks: Array<{ deviceKey: string; id: string }> = []
  const post = (device: number, seconds: number): void => {
    const id = `${device}-${seconds}`
    const sequence = exchanges.length
    const key = device
    records.push({ device, key, direction: "up", epoch: 1, sequence, at: at(seconds) })
    records.push({ device, key, direction: "down", epoch: 1, sequence, at: at(seconds) + 20 })
    exchanges.push({ device, kind: "uplink", id, sentAt: [at(seconds)], endedAt: at(seconds) + 20, code: "2.04" })
    uplinks.push({ deviceKey: `d${device}`, id })
  }
  for (let seconds = 5; seconds <= 100; seconds += 5) post(0, seconds)
  post(1, 5)
  post(1, 80)
  return {
    startedAt: start,
    endedAt: at(100),
    devices: [
      { deviceKey: "d0", role: "steady", lifetimeSeconds: 60 },
      { deviceKey: "d1", role: "sleeper", lifetimeSeconds: 30 }
    ],
    records,
    exchanges,
    handshakes: [
      { device: 0, at: at(1), resumed: false, reason: "first" },
      { device: 1, at: at(1), resumed: false, reason: "first" }
    ],
    commands: [{ commandId: "c1", device: 0, at: at(10), state: "succeeded", ends: ["succeeded"] }],
    attempts: [
      { device: 0, key: 0, sentAt: [at(0.9)], serverHelloAt: at(0.95), endedAt: at(1), completed: true },
      { device: 1, key: 1, sentAt: [at(0.9)], serverHelloAt: at(0.95), endedAt: at(1), completed: true }
    ],
    faults: [{ kind: "sigkill", target: "session-actors-1", at: at(50), endedAt: at(52) }],
    storeWaits: [],
    stored: {
      uplinks,
      commandTraces: [],
      presence: [
        { deviceKey: "d0", state: "online", at: at(1) },
        { deviceKey: "d1", state: "online", at: at(1) },
        { deviceKey: "d1", state: "offline", at: at(35) },
        { deviceKey: "d1", state: "online", at: at(80) }
      ]
    }
  }
}

type Mutable<T> = T extends object
  ? { -readonly [K in keyof T]: T[K] extends ReadonlyArray<infer A> ? Array<Mutable<A>> : Mutable<T[K]> }
  : T
type Draft = Mutable<Recording>

const planted: ReadonlyArray<readonly [FindingKind, string, (recording: Draft) => void]> = [
  [
    "record-repeated",
    "R1 a record of the server that has a number once more",
    (r) => r.records.push({ ...r.records[1]! })
  ],
  [
    "record-repeated",
    "R1 a record of the device that has a number once more",
    (r) => r.records.push({ ...r.records[0]! })
  ],
  ["uplink-missing", "an acknowledged uplink that is not stored", (r) => r.stored.uplinks.splice(3, 1)],
  ["uplink-doubled", "an uplink that is stored twice", (r) => r.stored.uplinks.push({ ...r.stored.uplinks[3]! })],
  ["command-lost", "a command that nobody knows any more", (r) => (r.commands[0]!.state = undefined)],
  ["command-lost", "a command that never reached its device", (r) => (r.commands[0]!.state = "created")],
  ["command-lost", "a command whose reply was lost", (r) => (r.commands[0]!.state = "timedOut")],
  ["handshake", "a second handshake", (r) => r.handshakes.push({ ...r.handshakes[0]!, at: at(60) })],
  [
    "handshake",
    "a second handshake that was a resumption",
    (r) => r.handshakes.push({ ...r.handshakes[0]!, at: at(60), resumed: true })
  ],
  [
    "unanswered",
    "a device that waits for its response at the end",
    (r) => Object.assign(r.exchanges.at(-1)!, { endedAt: undefined, code: "" })
  ],
  ["command-ended-twice", "a command that succeeded and timed out", (r) => r.commands[0]!.ends.push("timedOut")],
  [
    "handshake-unfinished",
    "a handshake that its device gave up",
    (r) =>
      r.attempts.push({ device: 0, key: 9, sentAt: [at(20)], serverHelloAt: at(21), endedAt: at(90), completed: false })
  ],
  [
    "handshake-unfinished",
    "a handshake that is still under way at the end",
    (r) =>
      r.attempts.push({
        device: 0,
        key: 9,
        sentAt: [at(20)],
        serverHelloAt: undefined,
        endedAt: undefined,
        completed: false
      })
  ],
  [
    "silence",
    "a request that waited while its owner could have answered 5.00",
    (r) => {
      r.faults.push({ kind: "disk-full", target: "nats", at: at(45), endedAt: at(75) })
      Object.assign(
        r.exchanges.find(({ id }) => id === "0-50")!,
        { endedAt: at(72), sentAt: [at(50), at(53), at(58), at(70)] }
      )
    }
  ],
  [
    "aftermath",
    "an app that does not come back",
    (r) => (r.faults[0]!.aftermath = "session-actors-1 was not ready in 60000 ms")
  ],
  ["error-response", "a 5.00 in a drain", (r) => (r.exchanges[2]!.code = "5.00")],
  [
    "error-response",
    "a 5.00 before the store was late",
    (r) => {
      r.exchanges[2]!.code = "5.00"
      r.storeWaits.push({ at: r.exchanges[2]!.endedAt! + 1, endedAt: at(90) })
    }
  ],
  [
    "error-response",
    "a 4.00, however late the store was",
    (r) => {
      r.exchanges[2]!.code = "4.00"
      r.storeWaits.push({ at: at(1), endedAt: at(90) })
    }
  ],
  [
    "offline-spurious",
    "offline of a device that reports",
    (r) => r.stored.presence.push({ deviceKey: "d0", state: "offline", at: at(62) })
  ],
  [
    "offline-spurious",
    "offline before the Lifetime is over",
    (r) => {
      r.stored.presence[2] = { deviceKey: "d1", state: "offline", at: at(30) }
      r.faults[0]!.kind = "drain"
    }
  ],
  [
    "offline-missing",
    "a silent device that stays online",
    (r) => {
      r.stored.presence.splice(2, 1)
      r.faults[0]!.kind = "drain"
    }
  ],
  [
    "offline-doubled",
    "offline twice in one silence",
    (r) => r.stored.presence.push({ deviceKey: "d1", state: "offline", at: at(40) })
  ]
]

describe("check", () => {
  it("finds nothing in a clean recording", () => {
    const verdict = check(clean(), { errorsAllowed: false })
    assert.deepStrictEqual(verdict.findings, [])
    assert.strictEqual(violationsOf(verdict), 0)
    assert.strictEqual(verdict.uplinksAcknowledged, 22)
  })

  it("forgives a handshake after a request whose every transmission met an outage of NATS, and no other", () => {
    const recording = clean()
    const [first] = recording.exchanges
    recording.handshakes.push({ ...recording.handshakes[0]!, at: at(60) })
    recording.exchanges.push({ ...first!, id: "lost", sentAt: [at(20), at(30)], endedAt: at(59), code: "" })
    recording.faults.push({ kind: "nats-gone", target: "nats", at: at(19), endedAt: at(31) })
    assert.strictEqual(check(recording, { errorsAllowed: true }).counts.handshake, 0)
    recording.exchanges.at(-1)!.sentAt.push(at(40))
    assert.strictEqual(check(recording, { errorsAllowed: true }).counts.handshake, 1)
  })

  it("forgives a 5.00 that a device waited for while the store was late for everybody", () => {
    const recording = clean()
    recording.exchanges[2]!.code = "5.00"
    recording.storeWaits.push({
      at: recording.exchanges[2]!.sentAt[0]! - 3_000,
      endedAt: recording.exchanges[2]!.sentAt[0]! + 1_000
    })
    const verdict = check(recording, { errorsAllowed: false })
    assert.strictEqual(violationsOf(verdict), 0)
    assert.strictEqual(verdict.allowed["answer-store-late"], 1)
  })

  it("forgives an offline of a device whose only records were in an edge that was cut off, and no other", () => {
    const recording = clean()
    recording.records.push({ device: 1, key: 1, direction: "up", epoch: 1, sequence: 90, at: at(39) })
    recording.stored.presence[2] = { deviceKey: "d1", state: "offline", at: at(40) }
    const spurious = () => check(recording, { errorsAllowed: true }).counts["offline-spurious"]
    assert.strictEqual(spurious(), 1)
    recording.faults.push({ kind: "cut", target: "udp-edge-1", at: at(38), endedAt: at(41) })
    assert.strictEqual(spurious(), 0)
  })

  describe("a store that was set back", () => {
    /** At 60 s, to a copy of 40 s; served again at 63 s. */
    const setBack = (): Draft => {
      const recording = clean()
      recording.faults.push({
        kind: "power-cut",
        target: "all",
        at: at(60.5),
        endedAt: at(63),
        setBackTo: at(40.5),
        goneAt: at(60.6)
      })
      return recording
    }
    const forget = (recording: Draft, id: string) => {
      recording.stored.uplinks = recording.stored.uplinks.filter((one) => one.id !== id)
      return check(recording, { errorsAllowed: true })
    }

    it("loses what was acknowledged after the copy: that is counted; what was acknowledged before or later is a finding", () => {
      const lost = forget(setBack(), "0-45")
      assert.strictEqual(violationsOf(lost), 0)
      assert.strictEqual(lost.allowed["uplink-set-back"], 1)
      assert.strictEqual(forget(setBack(), "0-40").counts["uplink-missing"], 1)
      assert.strictEqual(forget(setBack(), "0-65").counts["uplink-missing"], 1)
    })

    it("excuses no number that a session uses again", () => {
      const recording = setBack()
      const before = recording.records.find((one) => one.direction === "down" && one.at === at(45) + 20)!
      recording.records.push({ ...before, at: at(64) })
      const { counts, findings } = check(recording, { errorsAllowed: true })
      assert.strictEqual(counts["record-repeated"], 1)
      assert.include(findings[0]!.detail, "3500 ms after power-cut of all")
    })

    it("loses commands taken after the copy, and ends those again that had ended then", () => {
      const recording = setBack()
      recording.commands.push({ commandId: "c2", device: 0, at: at(50), state: undefined, ends: [] })
      recording.commands[0]!.ends.push("timedOut")
      const { allowed, counts } = check(recording, { errorsAllowed: true })
      assert.strictEqual(counts["command-lost"] + counts["command-ended-twice"], 0)
      assert.strictEqual(allowed["command-set-back"], 1)
      assert.strictEqual(allowed["command-ended-again"], 1)
      recording.commands.push({ commandId: "c3", device: 0, at: at(30), state: undefined, ends: [] })
      assert.strictEqual(check(recording, { errorsAllowed: true }).counts["command-lost"], 1)
    })

    it("costs a new handshake only whose session began after the copy, and everybody's after a backup", () => {
      const again = (recording: Draft, seconds = 90) => {
        recording.handshakes.push({ device: 0, at: at(seconds), resumed: false, reason: "no response" })
        return check(recording, { errorsAllowed: true })
      }
      assert.strictEqual(again(setBack()).counts.handshake, 1)
      const young = setBack()
      young.handshakes[0]!.at = at(50)
      assert.strictEqual(again(young).allowed["handshake-set-back"], 1)
      const backup = setBack()
      backup.faults.at(-1)!.kind = "restore"
      assert.strictEqual(again(backup).counts.handshake, 0)
      assert.strictEqual(again(backup, 95).counts.handshake, 1)
    })

    it("forgets an offline that was announced after the copy", () => {
      const recording = setBack()
      recording.faults.at(-1)!.setBackTo = at(34)
      recording.stored.presence.splice(2, 1)
      recording.faults.shift()
      // The silence goes on for so long that its end is due after the cut as well.
      recording.endedAt = at(140)
      recording.exchanges = recording.exchanges.filter(({ id }) => id !== "1-80")
      recording.records = recording.records.filter(({ at: time, device }) => device === 0 || time < at(80))
      recording.stored.presence.pop()
      recording.stored.presence.push({ deviceKey: "d0", state: "offline", at: at(160) })
      const { allowed, counts } = check(recording, { errorsAllowed: true })
      assert.strictEqual(counts["offline-missing"], 0)
      assert.strictEqual(allowed["offline-set-back"], 1)
    })
  })

  it("takes what UPLINK held when it was deleted for lost, and nothing that came later", () => {
    const recording = clean()
    recording.faults.push({ kind: "delete", target: "UPLINK", at: at(62), endedAt: at(72) })
    recording.stored.uplinks = recording.stored.uplinks.filter(({ id }) => Number(id.split("-")[1]) > 62)
    const { allowed, counts } = check(recording, { errorsAllowed: true })
    assert.strictEqual(counts["uplink-missing"], 0)
    assert.strictEqual(allowed["uplink-deleted"], 13)
    recording.stored.uplinks.pop()
    assert.strictEqual(check(recording, { errorsAllowed: true }).counts["uplink-missing"], 1)
  })

  it("forgives a handshake whose edge died between ServerHello and its end, and no other", () => {
    const recording = clean()
    const attempt = {
      device: 0,
      key: 9,
      sentAt: [at(49), at(51)],
      serverHelloAt: at(49.5),
      endedAt: at(99),
      completed: false
    }
    recording.attempts.push(attempt)
    const unfinished = () => check(recording, { errorsAllowed: true }).counts["handshake-unfinished"]
    assert.strictEqual(unfinished(), 1)
    recording.faults[0]!.target = "udp-edge-1"
    assert.strictEqual(unfinished(), 0)
    recording.attempts.push({ ...attempt, serverHelloAt: undefined })
    assert.strictEqual(unfinished(), 1)
  })

  it("counts no record of a handshake that was never completed as a sign of life", () => {
    const recording = clean()
    recording.records.push({ device: 1, key: 9, direction: "up", epoch: 1, sequence: 0, at: at(10) })
    const spurious = () => check(recording, { errorsAllowed: true }).counts["offline-spurious"]
    assert.strictEqual(spurious(), 1)
    recording.attempts.push({ ...recording.attempts[1]!, key: 9, completed: false })
    assert.strictEqual(spurious(), 0)
  })

  for (const [kind, title, plant] of planted) {
    it(`finds ${title}`, () => {
      const recording = clean()
      plant(recording)
      const { counts } = check(recording, { errorsAllowed: false })
      const found = Object.entries(counts).filter(([, count]) => count > 0)
      const expected =
        kind === "offline-spurious" && title.includes("before") ? ["offline-spurious", "offline-missing"] : [kind]
      assert.deepStrictEqual(new Set(found.map(([name]) => name)), new Set(expected))
    })
  }

  it("has a planted fault of every kind that it reports", () => {
    assert.deepStrictEqual(new Set(planted.map(([kind]) => kind)), new Set(findingKinds))
  })

  it("takes an uplink that was stored without an acknowledgement: the answer was lost, not the uplink", () => {
    const recording = clean()
    recording.exchanges.splice(4, 1)
    assert.strictEqual(violationsOf(check(recording, { errorsAllowed: false })), 0)
  })

  it("allows one offline late, as after a takeover, and none in a silence just short of a Lifetime", () => {
    const recording = clean()
    recording.stored.presence[2] = { deviceKey: "d1", state: "offline", at: at(44) }
    assert.strictEqual(violationsOf(check(recording, { errorsAllowed: false })), 0)
  })

  it("waits a Lifetime after an owner's death for an offline, since nobody knows when the device was heard last", () => {
    const recording = clean()
    recording.stored.presence.splice(2, 1)
    assert.strictEqual(violationsOf(check(recording, { errorsAllowed: false })), 0)
    recording.faults[0]!.at = at(8)
    recording.faults[0]!.endedAt = at(10)
    assert.strictEqual(violationsOf(check(recording, { errorsAllowed: false })), 1)
  })

  it("waits as long after a nats-server was gone that may have led the leases, and not after a restart that handed them over", () => {
    const recording = clean()
    recording.stored.presence.splice(2, 1)
    for (const [kind, violations] of [
      ["nats-kill", 0],
      ["nats-pause", 0],
      ["nats-restart", 1]
    ] as const) {
      Object.assign(recording.faults[0]!, { kind, target: "nats-2" })
      assert.strictEqual(violationsOf(check(recording, { errorsAllowed: false })), violations, kind)
    }
  })

  it("waits ten seconds after partitions were handed over, as they are while a clock differs", () => {
    const recording = clean()
    recording.stored.presence.splice(2, 1)
    Object.assign(recording.faults[0]!, { kind: "clock-ahead", target: "host-1", at: at(20), endedAt: at(55) })
    assert.strictEqual(violationsOf(check(recording, { errorsAllowed: false })), 0)
    recording.faults[0]!.endedAt = at(21)
    assert.strictEqual(violationsOf(check(recording, { errorsAllowed: false })), 1)
  })

  it("measures the silence of a fault: when the service was back, and how long a device waited", () => {
    const recording = clean()
    const held = recording.exchanges.find(({ id }) => id === "0-50")!
    Object.assign(held, { sentAt: [at(50), at(52), at(56)], endedAt: at(56.02) })
    const { silences } = check(recording, { errorsAllowed: false })
    assert.strictEqual(silences.longestMillis, 6_020)
    assert.strictEqual(silences.longestOf, "d0")
    assert.strictEqual(silences.faults[0]!.serviceMillis, 2_000)
    assert.strictEqual(silences.faults[0]!.deviceMillis, 6_020)
  })

  it("counts no silence under a session that a restored backup took, but that of handshakes", () => {
    const recording = clean()
    const restored = { kind: "restore", target: "all", at: at(50), setBackTo: at(20), goneAt: at(51), endedAt: at(57) }
    Object.assign(recording.faults[0]!, restored)
    const held = recording.exchanges.find(({ id }) => id === "0-50")!
    Object.assign(held, { sentAt: [at(50), at(52), at(56), at(64), at(80)], endedAt: at(94), code: "" })
    const hello = { device: 0, key: 2, serverHelloAt: at(59.02), endedAt: at(59.1), completed: true }
    recording.attempts.push({ ...hello, sentAt: [at(52), at(53), at(55), at(59), at(59.01)] })
    const { silences } = check(recording, { errorsAllowed: true })
    assert.strictEqual(silences.faults[0]!.serviceMillis, 5_000)
    assert.strictEqual(silences.faults[0]!.deviceMillis, 44_000)
  })

  it("allows a handshake to end with its edge, which is stopped while a backup is restored", () => {
    const recording = clean()
    const restored = { kind: "restore", target: "all", at: at(50), setBackTo: at(20), goneAt: at(51), endedAt: at(57) }
    Object.assign(recording.faults[0]!, restored)
    const sentAt = [at(49.7), at(49.8), at(50.8), at(52.8), at(56.8), at(64.8), at(80)]
    const attempt = { device: 0, key: 2, sentAt, serverHelloAt: at(49.8), endedAt: at(96), completed: false }
    recording.attempts.push(attempt)
    assert.strictEqual(check(recording, { errorsAllowed: true }).counts["handshake-unfinished"], 0)
    // Answered by the edge that was started behind it.
    attempt.serverHelloAt = at(58)
    assert.strictEqual(check(recording, { errorsAllowed: true }).counts["handshake-unfinished"], 1)
  })
})
