import { jetstreamManager } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { applicationUser } from "@roost/contracts"
import { Device } from "@roost/device"
import { childProcess, type ChildProcess, eventually, RoostProcesses } from "@roost/testkit"
import { Effect, Exit, Scope } from "effect"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it, type TestContext } from "vitest"

// The examples as applications run them, against four real processes and a device in software.

interface Example {
  readonly name: string
  readonly command: string
  readonly args: ReadonlyArray<string>
  /** Fails where the machine lacks what `npx nx prepare examples` brings. */
  readonly probe: readonly [command: string, ...args: ReadonlyArray<string>]
}

const folder = join(import.meta.dirname, "..")
const python = join(folder, "python/target/venv/bin/python")
const path = `${join(folder, "nats-cli/target")}:${process.env["PATH"]}`
const examples: ReadonlyArray<Example> = [
  {
    name: "TypeScript",
    command: process.execPath,
    args: [join(folder, "typescript/uplinks.ts")],
    probe: [process.execPath, "--version"]
  },
  { name: "Python", command: python, args: [join(folder, "python/uplinks.py")], probe: [python, "-c", "import nats"] },
  { name: "nats", command: join(folder, "nats-cli/uplinks.sh"), args: [], probe: ["nats", "--version"] }
]

let roost: RoostProcesses
let nats: NatsConnection
const scope = Scope.makeUnsafe()
const devices = new Map<string, Device>()
const strange = "dev:B.1"

beforeAll(async () => {
  roost = await RoostProcesses.start()
  nats = await connect({ servers: roost.natsUrl })
  for (const [productKey, deviceKey] of [
    ["pkOne", "devA"],
    ["pkOne", strange],
    ["pkTwo", "devA"]
  ] as const) {
    await roost.registry("POST", "/v1/products", { productName: productKey, productKey })
    const registered = await roost.registry("POST", `/v1/products/${productKey}/devices`, { deviceKey })
    assert.strictEqual(registered.status, 201)
    const onCommand = () => ({ code: 200, data: {} })
    const device = new Device({ host: "127.0.0.1", port: roost.udpPort, productKey, deviceKey, onCommand })
    await device.connect(registered.body.deviceSecret)
    devices.set(`${productKey}/${deviceKey}`, device)
  }
}, 120_000)
afterAll(async () => {
  for (const device of devices.values()) await device.close()
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await nats?.close()
  await roost?.[Symbol.asyncDispose]()
})

let sent = 0
/** Markers of the uplinks that the devices were told are stored; each marker is in one uplink. */
const report = async (device: string, count = 1): Promise<ReadonlyArray<string>> => {
  const markers = Array.from({ length: count }, () => `marker-${++sent}-end`)
  for (const marker of markers) await devices.get(device)!.report({ marker })
  return markers
}
const raiseEvent = async (device: string): Promise<string> => {
  const marker = `marker-${++sent}-end`
  const [productKey, deviceKey] = device.split("/")
  const method = "thing.event.alarm.post"
  const body = { id: "1", version: "1.0", method, params: { events: { marker } } }
  const payload = new TextEncoder().encode(JSON.stringify(body))
  await devices.get(device)!.post(`/sys/${productKey}/${deviceKey}/thing/event/alarm/post`, payload)
  return marker
}

const start = (example: Example, group: string, ...filter: ReadonlyArray<string>): Promise<ChildProcess> =>
  Effect.runPromise(
    Scope.provide(
      childProcess({
        command: example.command,
        args: [...example.args, "--group", group, ...filter],
        env: {
          NATS_URL: roost.natsUrl,
          NATS_USER: applicationUser,
          NATS_PASSWORD: roost.nats[0]!.passwords[applicationUser]!,
          PATH: path
        }
      }),
      scope
    )
  )
const stop = (process: ChildProcess, signal?: NodeJS.Signals) => Effect.runPromise(process.stop(signal))
const seen = (...processes: ReadonlyArray<ChildProcess>): ReadonlyArray<string> =>
  processes.flatMap((process) => process.stdout().match(/marker-\d+-end/g) ?? []).sort()

const sees = (markers: ReadonlyArray<string>, ...processes: ReadonlyArray<ChildProcess>) =>
  eventually(
    () => seen(...processes).length >= markers.length,
    Boolean,
    () => processes.map((process) => process.output()).join("\n")
  )
const waiting = (group: string, count: number) =>
  eventually(
    async () => {
      const { consumers } = await jetstreamManager(nats)
      const info = await consumers.info("UPLINK", group).catch(() => undefined)
      return info !== undefined && info.num_waiting >= count && info.num_ack_pending === 0
    },
    Boolean,
    () => `${count} processes wait for ${group}`
  )

const leaveOutIfAbsent = (example: Example, context: TestContext): void => {
  const [command, ...args] = example.probe
  const { status } = spawnSync(command, args, { env: { ...process.env, PATH: path } })
  context.skip(status !== 0, `${example.name} is not on this machine: npx nx prepare examples says why`)
}

for (const example of examples) {
  describe(`the example in ${example.name}`, () => {
    const group = (name: string) => `${example.name}-${name}`

    it("reads by product, kind and device, and nothing else", async (context) => {
      leaveOutIfAbsent(example, context)
      const first = await report("pkOne/devA")
      const alarm = await raiseEvent("pkOne/devA")
      const other = await report(`pkOne/${strange}`)
      const elsewhere = await report("pkTwo/devA")
      const last = await report("pkOne/devA")
      const byKind = await start(example, group("kind"), "--product", "pkOne", "--kind", "event")
      const byDevice = await start(example, group("device"), "--product", "pkOne", "--device", strange)
      const byProduct = await start(example, group("product"), "--product", "pkTwo")
      const all = await start(example, group("all"))
      await sees([...first, alarm, ...other, ...elsewhere, ...last], all)
      await waiting(group("kind"), 1)
      await waiting(group("device"), 1)
      await waiting(group("product"), 1)
      assert.include(seen(byKind), alarm)
      assert.include(seen(byDevice), other[0])
      assert.include(seen(byProduct), elsewhere[0])
      for (const [process, its] of [
        [byKind, [alarm]],
        [byDevice, other],
        [byProduct, elsewhere]
      ] as const) {
        const foreign = new Set([...first, alarm, ...other, ...elsewhere, ...last])
        for (const marker of its) foreign.delete(marker)
        assert.isEmpty(seen(process).filter((marker) => foreign.has(marker)))
      }
      await Promise.all([byKind, byDevice, byProduct, all].map((process) => stop(process)))
    })

    it("goes on where its group stopped, also after it was killed", async (context) => {
      leaveOutIfAbsent(example, context)
      const filter = ["--product", "pkOne", "--kind", "measurepoint"]
      const before = await start(example, group("durable"), ...filter)
      const early = await report("pkOne/devA", 3)
      await eventually(
        () => early.every((marker) => seen(before).includes(marker)),
        Boolean,
        () => before.output()
      )
      await waiting(group("durable"), 1)
      await stop(before, "SIGKILL")
      const away = await report("pkOne/devA", 3)
      const after = await start(example, group("durable"), ...filter)
      await eventually(
        () => away.every((marker) => seen(after).includes(marker)),
        Boolean,
        () => after.output()
      )
      assert.deepStrictEqual(
        seen(after).filter((marker) => !away.includes(marker)),
        [],
        "what was acknowledged does not come again"
      )
      await stop(after)
    })

    it("shares the uplinks of its group with another process, each of them read once", async (context) => {
      leaveOutIfAbsent(example, context)
      const filter = ["--product", "pkTwo", "--kind", "measurepoint"]
      const one = await start(example, group("shared"), ...filter)
      await waiting(group("shared"), 1)
      const two = await start(example, group("shared"), ...filter)
      await waiting(group("shared"), 2)
      const known = seen(one, two)
      const markers = await report("pkTwo/devA", 40)
      await sees([...known, ...markers], one, two)
      assert.deepStrictEqual(seen(one, two), [...known, ...markers].sort())
      for (const process of [one, two]) assert.isNotEmpty(seen(process).filter((marker) => markers.includes(marker)))
      await Promise.all([one, two].map((process) => stop(process)))
    })

    it("does not change what its group reads", async (context) => {
      leaveOutIfAbsent(example, context)
      const name = group("fixed")
      const right = await start(example, name, "--product", "pkOne")
      await waiting(name, 1)
      const wrong = await start(example, name, "--product", "pkTwo")
      const { code } = await Effect.runPromise(wrong.exit)
      assert.strictEqual(code, 1)
      assert.include(wrong.stderr(), "take another name")
      const { consumers } = await jetstreamManager(nats)
      assert.strictEqual((await consumers.info("UPLINK", name)).config.filter_subject, "roost.uplink.pkOne.*.*")
      await stop(right)
    })
  })
}
