import { assert, describe, it } from "@effect/vitest"
import { type Command, DeviceDisabled, issuedCommand } from "../src/index.ts"

const command: Command = {
  commandId: "k3v9m2ac01j8z5t0q7x4",
  productKey: "meters",
  deviceKey: "meter-1",
  kind: "measurepointSet",
  identifier: "limit",
  topic: "/sys/meters/meter-1/thing/service/measurepoint/set",
  payload: new TextEncoder().encode('{"params":{"limit":30.50}}'),
  state: "created",
  createdAt: 1_000,
  expiresAt: 11_000,
  instant: false,
  timeoutSeconds: 30,
  deliveries: 0,
  maxDeliveries: 3
}

describe("a command as applications see it", () => {
  it("names the refusal that ended it, and where its cure stands", () => {
    const ends: ReadonlyArray<readonly [Partial<Command>, string | undefined]> = [
      [{ state: "created", hintedAt: 2_000 }, undefined],
      [{ state: "sent" }, undefined],
      [{ state: "succeeded", code: 200 }, undefined],
      [{ state: "expired" }, "command-expired"],
      [{ state: "timedOut", code: 11_915 }, "command-unanswered"],
      [{ state: "timedOut", code: 11_915, overtakenBy: "k3v9m2ac01j8z5t0q7x5" }, "command-overtaken"],
      [{ state: "cancelled" }, "command-cancelled"],
      [{ state: "cancelled", code: 11_705 }, "command-device-deleted"],
      [{ state: "failed", code: 11_904 }, "command-not-fetched"],
      [{ state: "failed", code: 2_001, message: "no power" }, "command-refused-by-device"]
    ]
    for (const [end, refusal] of ends) {
      const issued = issuedCommand({ ...command, ...end })
      assert.strictEqual(issued.refusal, refusal)
      assert.strictEqual(issued.link, refusal === undefined ? undefined : `/refusals#${refusal}`)
    }
  })

  it("is refused to a device that is disabled with EnOS's number for it, as in other cases", () => {
    assert.strictEqual(new DeviceDisabled().code, 11_723)
  })
})
