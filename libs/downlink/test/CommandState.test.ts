import { assert, describe, it } from "@effect/vitest"
import { type Command, CommandState, isPending } from "@roost/contracts"
import * as Schema from "effect/Schema"
import { type CommandInput, deadlineOf, transition } from "../src/index.ts"

const created: Command = {
  commandId: "0".repeat(20),
  productKey: "pk",
  deviceKey: "dk",
  kind: "service",
  identifier: "reboot",
  topic: "/sys/pk/dk/thing/service/reboot",
  payload: new Uint8Array(0),
  state: "created",
  createdAt: 1_000,
  expiresAt: 61_000,
  instant: false,
  timeoutSeconds: 10,
  deliveries: 0,
  maxDeliveries: 3
}
const instant: Command = { ...created, instant: true, expiresAt: 11_000 }
const sent: Command = { ...created, state: "sent", deliveries: 1, sentAt: 5_000 }
const replied = (code: number): CommandInput => ({ _tag: "Replied", at: 6_000, code })
const passed = (at: number): CommandInput => ({ _tag: "TimePassed", at })
const fetched = (delivery: number, at = 7_000): CommandInput => ({ _tag: "Fetched", at, delivery })
const overtaken: CommandInput = { _tag: "Overtaken", at: 6_000, by: "b" }
const cancelled: CommandInput = { _tag: "Cancelled", at: 6_000 }
const deviceDeleted: CommandInput = { _tag: "DeviceDeleted", at: 6_000 }
const noDevice = { code: 11705, message: "the device was deleted", finishedAt: 6_000 }

describe("the states of a command (enos-protocol §8.1)", () => {
  const rows: ReadonlyArray<readonly [string, Command, CommandInput, Partial<Command> | undefined]> = [
    ["1→2 a command that was not sent can be cancelled", created, cancelled, { state: "cancelled", finishedAt: 6_000 }],
    ["1→3 expires when pendingTtl has passed", created, passed(61_000), { state: "expired", finishedAt: 61_000 }],
    ["1 stays before that", created, passed(60_999), undefined],
    [
      "1→6 an instant command fails with 11904 when it was not fetched",
      instant,
      passed(11_000),
      { state: "failed", code: 11904 }
    ],
    ["1 is hinted once", created, { _tag: "Hinted", at: 2_000 }, { state: "created", hintedAt: 2_000 }],
    ["1 a second hint changes nothing", { ...created, hintedAt: 2_000 }, { _tag: "Hinted", at: 3_000 }, undefined],
    ["4 a hint that is heard of late counts", sent, { _tag: "Hinted", at: 2_000 }, { state: "sent", hintedAt: 2_000 }],
    ["4 fetchedAt stays that of the first delivery", { ...sent, fetchedAt: 5_000 }, fetched(2), { fetchedAt: 5_000 }],
    ["1→4 is sent when the device fetches it", created, fetched(1), { state: "sent", deliveries: 1, sentAt: 7_000 }],
    ["1→5 a reply that is known before the fetch counts", created, replied(200), { state: "succeeded", deliveries: 1 }],
    ["4→5 code 200 is success", sent, replied(200), { state: "succeeded", code: 200 }],
    ["4→5 code 0 is success", sent, replied(0), { state: "succeeded", code: 0 }],
    ["4→6 any other code is failure", sent, replied(2001), { state: "failed", code: 2001 }],
    ["4 is delivered again with the same id", sent, fetched(2), { state: "sent", deliveries: 2, sentAt: 7_000 }],
    ["4 the event of one delivery counts once", sent, fetched(1), undefined],
    ["4 stays while it may be offered again until pendingTtl", sent, passed(60_999), undefined],
    ["4→7 times out with 11915 at pendingTtl", sent, passed(61_000), { state: "timedOut", code: 11915 }],
    [
      "4→7 times out after the timeout of its last delivery",
      { ...sent, deliveries: 3 },
      passed(15_000),
      { state: "timedOut" }
    ],
    ["4→7 the last timeout may end after pendingTtl", { ...sent, sentAt: 60_000 }, passed(69_999), undefined],
    ["4 can't be cancelled", sent, cancelled, undefined],
    ["1→2 ends with its device", created, deviceDeleted, { state: "cancelled", ...noDevice }],
    ["4→6 ends with its device", sent, deviceDeleted, { state: "failed", ...noDevice }],
    [
      "4 is overtaken, and may be answered until its timeout (trust E4)",
      sent,
      overtaken,
      { state: "sent", overtakenBy: "b" }
    ],
    [
      "4→7 times out with 11915 and its reason once its timeout passed, overtaken (trust E4)",
      { ...sent, overtakenBy: "b" },
      passed(15_000),
      { state: "timedOut", code: 11915, message: "overtaken by b" }
    ],
    ["4 is overtaken once (trust E4)", { ...sent, overtakenBy: "a" }, overtaken, undefined],
    [
      "4→5 a reply counts though it was overtaken (trust E4)",
      { ...sent, overtakenBy: "b" },
      replied(200),
      { state: "succeeded" }
    ],
    [
      "1→7 what was never sent and is overtaken times out at once (trust E4)",
      created,
      overtaken,
      { state: "timedOut", message: "overtaken by b" }
    ]
  ]
  for (const [name, command, input, changes] of rows) {
    it(name, () => {
      const next = transition(command, input)
      if (changes === undefined) assert.isUndefined(next)
      else assert.deepInclude(next, changes)
    })
  }

  it("keep what the device said", () => {
    const next = transition(sent, { _tag: "Replied", at: 6_000, code: 200, message: "done", data: { angle: 3 } })
    assert.deepInclude(next, { message: "done", data: { angle: 3 }, finishedAt: 6_000 })
  })

  it.prop(
    "never leave an end, have a deadline exactly while pending, and reach an end by time alone",
    { state: CommandState, at: Schema.Int, deliveries: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })) },
    ({ state, at, deliveries }) => {
      const command: Command = { ...created, state, deliveries, sentAt: 5_000 }
      const inputs = [{ _tag: "Hinted", at } as const, cancelled, replied(at), fetched(deliveries + 1), passed(at)]
      if (isPending(state)) {
        const deadline = deadlineOf(command)!
        assert.isFalse(isPending(transition(command, passed(deadline))!.state))
        assert.isUndefined(transition(command, passed(deadline - 1)))
      } else {
        assert.isUndefined(deadlineOf(command))
        for (const input of inputs) assert.isUndefined(transition(command, input))
      }
    }
  )
})
