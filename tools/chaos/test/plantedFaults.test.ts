import { assert, describe, it } from "vitest"
import { check } from "../src/record/check.ts"
import { type FindingKind, findingKinds } from "../src/record/Finding.ts"
import { at, clean, type Draft } from "./support/CleanRecording.ts"

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

describe("check, whose worth it is to find each planted fault, alone,", () => {
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
})
