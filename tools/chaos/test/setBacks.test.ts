import { assert, describe, it } from "vitest"
import { check, violationsOf } from "../src/record/check.ts"
import { at, clean, type Draft } from "./support/CleanRecording.ts"

describe("check: a store that was set back", () => {
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
