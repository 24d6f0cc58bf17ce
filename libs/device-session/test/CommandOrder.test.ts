import { assert, describe, it } from "@effect/vitest"
import { Code } from "@roost/coap"
import { seededRandom } from "@roost/random"
import { changeTheSame, effectOf } from "../src/state/CommandEffect.ts"
import { type PendingCommand, PendingCommands } from "../src/state/PendingCommands.ts"
import { pendingCommand } from "./support/Commands.ts"
import { codeOf, own, requestOf } from "./support/DeviceRequests.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { World } from "./support/World.ts"

const base = "/sys/pk1/dev1/thing/"
const setTopic = `${base}service/measurepoint/set`
const getTopic = `${base}service/measurepoint/get`
const rawTopic = `${base}model/down_raw`
const utf8 = new TextEncoder()

const command = (id: string, fields: Partial<PendingCommand> = {}) =>
  pendingCommand(id, 1000, {
    topic: setTopic,
    payload: utf8.encode(JSON.stringify({ id, params: { a: id } })),
    expiresAt: 1_000_000,
    timeoutMillis: 1000,
    ...fields
  })
const point = (name: string) => ({ payload: utf8.encode(JSON.stringify({ params: { [name]: 1 } })) })

const queue = (...commands: ReadonlyArray<PendingCommand>) => {
  const pending = new PendingCommands()
  for (const one of commands) pending.put(one)
  return pending
}
const take = (pending: PendingCommands, now: number, topic = setTopic) => pending.take(now, topic, "pipelined")?.id

describe("commands that change the same", () => {
  it("are sets of one point, calls of one service, raw bytes; a get changes nothing (trust E4)", () => {
    const effect = (topic: string, payload: unknown) => effectOf(topic, utf8.encode(JSON.stringify(payload)))
    const a = effect(setTopic, { params: { a: 1 } })
    const reboot = effect(`${base}service/reboot`, {})
    const raw = effectOf(rawTopic, Uint8Array.of(1))
    const rows = [
      [a, effect(setTopic, { params: { a: 2, b: 1 } }), true],
      [a, effect(setTopic, { params: { b: 1 } }), false],
      [a, effect(getTopic, { params: ["a"] }), false],
      [effect(getTopic, {}), effect(getTopic, {}), false],
      [reboot, effect(`${base}service/reboot`, { x: 1 }), true],
      [reboot, effect(`${base}service/open`, {}), false],
      [raw, effectOf(rawTopic, Uint8Array.of(2)), true],
      [effectOf(setTopic, utf8.encode("{")), effectOf(setTopic, utf8.encode("]")), true],
      [effect("/sys/pk1/dev1/ota/device/upgrade", {}), effect("/sys/pk1/dev1/ota/device/upgrade", {}), true]
    ] as const
    for (const [one, other, same] of rows) {
      assert.strictEqual(changeTheSame(one, other), same)
      assert.strictEqual(changeTheSame(other, one), same)
    }
  })

  it("go out in their order again when the first GET's answer was lost: 1, 2, then 1, 2 (trust E4)", () => {
    const pending = queue(command("1"), command("2"))
    assert.deepStrictEqual([take(pending, 2000), take(pending, 2100)], ["1", "2"])
    assert.isUndefined(pending.announced(2200, "pipelined"))
    assert.strictEqual(pending.announced(3100, "pipelined")?.id, "1")
    assert.strictEqual(take(pending, 3050), "1")
    assert.strictEqual(pending.announced(3051, "pipelined")?.id, "2")
    assert.strictEqual(take(pending, 3060), "2")
    assert.isUndefined(pending.announced(3070, "pipelined"))
  })

  it("are followed by the newer ones also where the oldest unanswered is asked for again before its time (trust E4)", () => {
    const pending = queue(command("1"), command("2"), command("3", point("b")))
    for (const id of ["1", "2", "3"]) assert.strictEqual(take(pending, 2000), id)
    assert.strictEqual(take(pending, 2001), "1")
    assert.strictEqual(pending.announced(2002, "pipelined")?.id, "2")
    assert.strictEqual(take(pending, 2002), "2")
    assert.isUndefined(pending.announced(2003, "pipelined"))
  })

  it("end as overtaken where a newer one was answered, and may still be answered until then (trust E4)", () => {
    const pending = queue(command("1"), command("2"), command("3", point("b")))
    for (const id of ["1", "2", "3"]) assert.strictEqual(take(pending, 2000), id)
    pending.finish("2")
    assert.deepStrictEqual(pending.takeOvertaken(), [{ id: "1", by: "2" }])
    assert.deepStrictEqual(pending.takeOvertaken(), [])
    assert.strictEqual(pending.find("1")?.id, "1")
    assert.strictEqual(take(pending, 2001), "3")
    assert.strictEqual(pending.announced(4000, "pipelined")?.id, "3")
    assert.strictEqual(take(pending, 4000), "3")
  })

  it("go out once more though answered, if an older one went out in between (trust E4)", () => {
    const pending = queue(command("1"), command("2"))
    for (const id of ["1", "2"]) assert.strictEqual(take(pending, 2000), id)
    assert.strictEqual(take(pending, 3000), "1")
    // The reply to its first delivery was late, and the bucket forgets it.
    pending.finish("2")
    pending.remove("2")
    assert.isUndefined(pending.find("2"))
    assert.strictEqual(pending.announced(3001, "pipelined")?.id, "2")
    assert.strictEqual(take(pending, 3001), "2")
    assert.isUndefined(pending.announced(9000, "pipelined"))
    assert.isUndefined(take(pending, 9000))
  })

  it("are overtaken by a newer one that timed out after it was delivered, too (trust E4)", () => {
    const pending = queue(command("1"), command("2", { deliveriesMax: 1 }))
    for (const id of ["1", "2"]) assert.strictEqual(take(pending, 2000), id)
    pending.remove("2")
    assert.deepStrictEqual(pending.takeOvertaken(), [{ id: "1", by: "2" }])
    assert.isUndefined(take(pending, 9000))
  })

  it("are not brought back by a bucket entry that comes late (trust E4)", () => {
    const pending = queue(command("2"))
    assert.strictEqual(take(pending, 2000), "2")
    pending.finish("2")
    pending.put(command("1"))
    assert.deepStrictEqual(pending.takeOvertaken(), [{ id: "1", by: "2" }])
    assert.isUndefined(pending.announced(2001, "pipelined"))
    assert.isUndefined(take(pending, 2001))
  })

  it("keep their order at the next owner, which has the notes and the bucket (trust E4)", () => {
    const pending = queue(command("1"), command("2"))
    for (const id of ["1", "2", "1"]) assert.strictEqual(take(pending, id === "1" ? 2000 : 2001), id)
    const next = new PendingCommands()
    next.restore(pending.notes)
    for (const id of ["1", "2"]) next.put(command(id))
    assert.strictEqual(next.announced(2002, "pipelined")?.id, "2")
    next.finish("2")
    const last = new PendingCommands()
    last.restore(next.notes)
    for (const id of ["1", "2"]) last.put(command(id))
    assert.strictEqual(take(last, 9000), "2")
    assert.isUndefined(take(last, 9000))
  })

  it("all go out in one wake to a device that replies to none, each once (trust E4)", () => {
    const ids = Array.from({ length: 12 }, (_, index) => String.fromCharCode(97 + index))
    const pending = queue(...ids.map((id) => command(id)))
    for (let wake = 1; wake <= 3; wake++) {
      const got: Array<string> = []
      while (pending.announced(wake * 5000, "pipelined") !== undefined) got.push(take(pending, wake * 5000)!)
      assert.deepStrictEqual(got, ids)
    }
    assert.isUndefined(take(pending, 60_000))
  })
})

/** Bucket, actor and device, a network that loses, and owners that change. */
class Path {
  now = 1000
  pending = new PendingCommands()
  readonly bucket = new Map<string, PendingCommand>()
  /** The command that the device carried out last, by what it changes: its position in their issue. */
  readonly state = new Map<string, number>()
  readonly highest = new Map<string, number>()
  readonly owing: Array<string> = []
  deliveries = 0
  answers = 0
  readonly #random: () => number
  #count = 0

  constructor(random: () => number) {
    this.#random = random
  }

  issue(): void {
    if (this.bucket.size >= 50) return
    const id = String(this.#count++).padStart(6, "0")
    const kind = Math.floor(this.#random() * 4)
    const topic = kind === 3 ? `${base}service/reboot` : kind === 2 ? rawTopic : setTopic
    const payload = kind < 2 ? point(kind === 0 ? "a" : "b").payload : utf8.encode(id)
    const timeoutMillis = this.#random() < 0.5 ? 1000 : 30_000
    const deliveriesMax = 1 + Math.floor(this.#random() * 3)
    const expiresAt = this.now + (this.#random() < 0.2 ? 3000 : 200_000)
    const one = command(id, { topic, payload, timeoutMillis, deliveriesMax, createdAt: this.now, expiresAt })
    this.bucket.set(id, one)
    this.pending.put(one)
  }

  /** One GET, however often its message was repeated. */
  get(topic: string, lost: boolean): void {
    const owed = new Set(this.pending.notes.filter((note) => note.owed === true).map(({ id }) => id))
    const taken = this.pending.take(this.now, topic, "pipelined")
    if (taken === undefined) return
    this.deliveries++
    const entry = this.bucket.get(taken.id)
    if (entry !== undefined) {
      this.bucket.set(taken.id, { ...entry, deliveries: taken.deliveries, deliveredAt: taken.deliveredAt })
    }
    // An answer that is owed arrives in this world: whether an answer got through, nobody can tell but by the reply.
    if (lost && !owed.has(taken.id)) return
    this.answers++
    for (const part of effectOf(taken.topic, taken.payload)) {
      this.state.set(part, Number(taken.id))
      this.highest.set(part, Math.max(this.highest.get(part) ?? -1, Number(taken.id)))
    }
    this.owing.push(taken.id)
  }

  /** A reply arrives, in any order, perhaps twice. */
  reply(): void {
    if (this.owing.length === 0) return
    const index = Math.floor(this.#random() * this.owing.length)
    const id = this.#random() < 0.1 ? this.owing[index]! : this.owing.splice(index, 1)[0]!
    if (this.pending.find(id) === undefined) return
    this.pending.finish(id)
    if (this.#random() < 0.7) this.gone(id)
    else this.#late.push(id)
  }

  readonly #late: Array<string> = []

  gone(id: string): void {
    this.bucket.delete(id)
    this.pending.remove(id)
  }

  /** The work that downlink-queue has done by now. */
  settle(): void {
    for (const id of this.#late.splice(0)) this.gone(id)
    for (const { id, by } of this.pending.takeOvertaken()) {
      assert.isBelow(Number(id), Number(by))
      const entry = this.bucket.get(id)
      if (entry !== undefined) this.bucket.set(id, { ...entry, overtaken: true })
    }
    for (const one of this.bucket.values()) {
      const reply = one.deliveredAt + one.timeoutMillis
      const isLast = one.overtaken === true || one.deliveries >= one.deliveriesMax
      const due = one.deliveries === 0 ? one.expiresAt : isLast ? reply : Math.max(reply, one.expiresAt)
      if (this.now >= due) this.gone(one.id)
    }
  }

  takeOver(): void {
    const next = new PendingCommands()
    next.restore(this.pending.notes)
    for (const one of [...this.bucket.values()].toSorted(() => this.#random() - 0.5)) next.put(one)
    next.forgetNotes()
    this.pending = next
  }
}

describe("a device host", () => {
  const issue = (world: World, ids: ReadonlyArray<string>) => {
    world.commands = ids.map((id) => command(id, { createdAt: world.now, expiresAt: world.now + 600_000 }))
    for (const one of world.commands) world.host.handleCommand("pk1", "dev1", one)
  }
  const fetch = (device: SimulatedDevice) =>
    device.request(requestOf(Code.Get, own(device, "thing/service/measurepoint/set")))
  const valueOf = (response: { readonly payload: Uint8Array } | undefined): unknown =>
    JSON.parse(new TextDecoder().decode(response!.payload)).params.a

  for (const how of [undefined, "killed", "drained"] as const) {
    it(`never sets an older value after a newer one, ${how ?? "same"} owner (trust E4)`, () => {
      const world = new World()
      const device = world.device("dev1", 1000).connect()
      issue(world, ["1", "2"])
      device.deaf = true
      fetch(device)
      device.deaf = false
      device.reboot(0.75)
      assert.strictEqual(valueOf(fetch(device)), "2")
      if (how !== undefined) world.takeOver(how)
      const replied = `{"id":"2","code":200,"data":{}}`
      device.request(requestOf(Code.Post, own(device, "thing/service/measurepoint/set_reply"), replied))
      assert.deepInclude(world.commandEvents, { _tag: "Overtaken", commandId: "1", at: world.now, by: "2" })
      world.pass(2000)
      assert.strictEqual(codeOf(fetch(device)), "4.04")
    })
  }
})

describe("a device on a path that loses, repeats and is late", () => {
  const topics = [setTopic, rawTopic, `${base}service/reboot`]

  for (const withOwners of [false, true]) {
    it(`ends at the newest of what it carried out, each GET one delivery${withOwners ? ", whoever owns it" : ""} (trust E4)`, () => {
      for (let seed = 1; seed <= 1500; seed++) {
        const random = seededRandom(seed)
        const path = new Path(random)
        for (let step = 0; step < 60; step++) {
          const dice = random()
          if (dice < 0.25) path.issue()
          else if (dice < 0.6) {
            const announced = random() < 0.8 ? path.pending.announced(path.now, "pipelined")?.topic : undefined
            path.get(announced ?? topics[Math.floor(random() * 3)]!, random() < 0.3)
          } else if (dice < 0.8) path.reply()
          else if (dice < 0.95) path.now += Math.floor(random() * 2500)
          else path.settle()
          if (withOwners && random() < 0.03) {
            path.settle()
            // A command that is owed and ended is known to its owner alone.
            if (path.pending.notes.every(({ finished, owed }) => !(finished && owed === true))) path.takeOver()
          }
        }
        // The path is good again: one wake gets everything that is announced.
        for (let gets = 0; ; gets++) {
          path.settle()
          const announced = path.pending.announced(path.now, "pipelined")
          if (announced === undefined) break
          path.get(announced.topic, false)
          assert.isBelow(gets, 200, `seed ${seed}`)
        }
        for (const [part, position] of path.state) {
          assert.strictEqual(position, path.highest.get(part), `seed ${seed}: ${part}`)
        }
        assert.isAtMost(path.answers, path.deliveries)
      }
    })
  }
})
