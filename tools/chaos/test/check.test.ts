import { assert, describe, it } from "vitest"
import { check, violationsOf } from "../src/record/check.ts"
import { at, clean } from "./support/CleanRecording.ts"

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
