import { assert, describe, it } from "@effect/vitest"
import { type PendingCommand, PendingCommands, pendingCommandsMax } from "../src/state/PendingCommands.ts"
import { pendingCommand } from "./support/Commands.ts"

const set = "/sys/pk1/dev1/thing/service/measurepoint/set"
const reboot = "/sys/pk1/dev1/thing/service/reboot"

const command = (id: string, fields: Partial<PendingCommand> = {}) =>
  pendingCommand(id, 1000, { payload: new TextEncoder().encode(id), expiresAt: 1_000_000, ...fields })

const queue = (...commands: ReadonlyArray<PendingCommand>) => {
  const pending = new PendingCommands()
  for (const one of commands) pending.put(one)
  return pending
}

describe("PendingCommands", () => {
  it("announces nothing when nothing waits (S113)", () => {
    assert.isUndefined(queue().announced(2000, "pipelined"))
    assert.isUndefined(queue().take(2000, set, "pipelined"))
  })

  it("hands out the oldest of the topic and announces the next, whatever its topic (S114)", () => {
    const pending = queue(
      command("a"),
      command("b", { topic: reboot, createdAt: 1001 }),
      command("c", { createdAt: 1002 })
    )
    assert.strictEqual(pending.announced(2000, "pipelined")?.topic, set)
    assert.strictEqual(pending.take(2000, set, "pipelined")?.id, "a")
    assert.strictEqual(pending.announced(2000, "pipelined")?.topic, reboot)
    assert.strictEqual(pending.take(2000, set, "pipelined")?.id, "c")
    assert.strictEqual(pending.take(2000, reboot, "pipelined")?.id, "b")
    assert.isUndefined(pending.announced(2000, "pipelined"))
  })

  it("hands out the same command again when the device asks anew before it replied (C9)", () => {
    const pending = queue(command("a"))
    assert.strictEqual(pending.take(2000, set, "pipelined")?.deliveries, 1)
    const again = pending.take(2500, set, "pipelined")
    assert.strictEqual(again?.id, "a")
    assert.strictEqual(again?.deliveries, 2)
    assert.strictEqual(pending.announced(2500, "pipelined")?.topic, undefined)
  })

  it.each(["pipelined", "serial"] as const)(
    "%s: times out for a device that asks for it every second and never replies (trust E4)",
    (mode) => {
      const pending = queue(command("a"))
      for (let now = 2000; now < 2000 + 32_000; now += 1000) {
        const taken = pending.take(now, set, mode)
        assert.strictEqual(taken?.deliveries, Math.min(3, (now - 1000) / 1000))
      }
      assert.isUndefined(pending.take(34_000, set, mode))
      assert.isUndefined(pending.announced(34_000, mode))
    }
  )

  it("offers a command again when its timeout passed, until its last delivery", () => {
    const pending = queue(command("a"))
    for (let delivery = 1; delivery <= 3; delivery++) {
      const now = 2000 + delivery * 30_000
      assert.strictEqual(pending.announced(now, "pipelined")?.topic, set)
      assert.strictEqual(pending.take(now, set, "pipelined")?.deliveries, delivery)
      assert.isUndefined(pending.announced(now + 29_999, "pipelined"))
    }
    assert.isUndefined(pending.announced(2000 + 4 * 30_000, "pipelined"))
    assert.isUndefined(pending.take(2000 + 4 * 30_000, set, "pipelined"))
  })

  it("does not offer a command that expired before it was ever fetched", () => {
    const pending = queue(command("a", { expiresAt: 5000 }))
    assert.strictEqual(pending.announced(4999, "pipelined")?.topic, set)
    assert.isUndefined(pending.announced(5000, "pipelined"))
    assert.isUndefined(pending.take(5000, set, "pipelined"))
  })

  it("serial: announces the next only after reply or timeout", () => {
    const pending = queue(command("a"), command("b", { topic: reboot, createdAt: 1001 }))
    pending.take(2000, set, "serial")
    assert.isUndefined(pending.announced(3000, "serial"))
    assert.isUndefined(pending.take(3000, reboot, "serial"))
    assert.strictEqual(pending.take(3000, set, "serial")?.id, "a")
    pending.remove("a")
    assert.strictEqual(pending.announced(3001, "serial")?.topic, reboot)
  })

  it("keeps the delivery it knows of when the bucket's entry comes back older", () => {
    const pending = queue(command("a"))
    pending.take(2000, set, "pipelined")
    pending.put(command("a"))
    assert.strictEqual(pending.find("a")?.deliveries, 1)
    pending.put(command("a", { deliveries: 2, deliveredAt: 2500 }))
    assert.strictEqual(pending.find("a")?.deliveredAt, 2500)
  })

  it("takes a bounded number of commands", () => {
    const pending = new PendingCommands()
    for (let i = 0; i < pendingCommandsMax; i++) assert.isTrue(pending.put(command(`c${i}`)))
    assert.isFalse(pending.put(command("over")))
    assert.isTrue(pending.put(command("c0", { deliveries: 1, deliveredAt: 9 })))
  })
})
