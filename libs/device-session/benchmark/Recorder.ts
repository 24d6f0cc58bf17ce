import { Code, encode, OptionNumber, stringOption } from "@roost/coap"
import { FrameKind, FrameWriter } from "@roost/contracts"
import * as Result from "effect/Result"
import { registerHooks } from "node:module"
import type { SimulatedDevice } from "../test/support/SimulatedDevice.ts"
import { World } from "../test/support/World.ts"

/**
 * CPU of the flight recorder while nothing is recorded. An uplink goes through the actors as they are, and through the same code from
 * which each look at the recorder was taken out. Both are in this process and take turns, so what else the machine does meets both.
 *
 *     npx node libs/device-session/benchmark/Recorder.ts [control]
 *
 * `control` takes nothing out: what two loads of the same code differ by is no cost of the recorder.
 */
const devicesCount = 1000
const rounds = 400
const warmUpRounds = 60
const perFrame = 32

/** Modules that are loaded under this mark are others than those without, and have no recorder. */
const mark = "?without-recorder"
const isControl = process.argv[2] === "control"
const look = /[\w.#?]*recorder\.active(?: === true)?/g
let taken = 0
registerHooks({
  resolve: (specifier, context, next) => {
    const found = next(specifier, context)
    const marked = context.parentURL?.endsWith(mark) === true && found.url.includes("/libs/")
    return marked && !found.url.endsWith(mark) ? { ...found, url: found.url + mark } : found
  },
  load: (url, context, next) => {
    const loaded = next(url, context)
    if (!url.endsWith(mark) || isControl) return loaded
    const source = Buffer.from(loaded.source as Uint8Array).toString("utf8")
    taken += source.match(look)?.length ?? 0
    return { ...loaded, source: source.replaceAll(look, "false") }
  }
})
const without = ((await import(`../test/support/World.ts${mark}`)) as { readonly World: typeof World }).World

const body = new TextEncoder().encode(
  `{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"p":0.${"1".repeat(54)}}}}`
)
const postOf = ({ deviceKey }: SimulatedDevice, messageId: number): Uint8Array =>
  encode({
    type: "CON",
    code: Code.Post,
    messageId,
    token: Uint8Array.of(messageId >> 8, messageId & 0xff),
    options: `topic/sys/pk1/${deviceKey}/thing/measurepoint/post`
      .split("/")
      .map((segment) => stringOption(OptionNumber.UriPath, segment)),
    payload: body
  })

/** µs of CPU for each uplink of a round. */
const runOf = (world: World): ((round: number) => number) => {
  const devices = Array.from({ length: devicesCount }, (_, i) =>
    world.device(`dev${i}`, 1 + i, { lifetime: 86_400 }).connect()
  )
  // Answers need not be opened.
  world.forget()
  return (round) => {
    const writer = new FrameWriter("edge0001")
    const frames: Array<Uint8Array> = []
    devices.forEach((device, i) => {
      writer.add(FrameKind.Datagram, 0, device.peer, Result.getOrThrow(device.client.send(postOf(device, 1 + round))))
      if (writer.entries === perFrame || i === devices.length - 1) frames.push(writer.take())
    })
    world.now += 10_000
    const start = process.threadCpuUsage()
    for (const frame of frames) {
      world.host.handleFrame(world.now, frame)
      world.settle()
    }
    const { system, user } = process.threadCpuUsage(start)
    if (world.uplinks.length !== devicesCount) throw new Error(`${world.uplinks.length} uplinks were stored`)
    world.forget()
    return (user + system) / devicesCount
  }
}

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

const [present, absent] = [runOf(new World()), runOf(new without())]
const ratios: Array<number> = []
const micros: { readonly present: Array<number>; readonly absent: Array<number> } = { present: [], absent: [] }
for (let round = 0; round < warmUpRounds + rounds; round++) {
  const first = round % 2 === 0
  const [a, b] = first ? [present(round), absent(round)] : [absent(round), present(round)].toReversed()
  if (round < warmUpRounds) continue
  micros.present.push(a!)
  micros.absent.push(b!)
  ratios.push(a! / b!)
}
const sorted = ratios.toSorted((a, b) => a - b)
const [low, high] = [0.25, 0.75].map((part) => sorted[Math.floor(part * sorted.length)]!.toFixed(3))
console.log(
  `${median(micros.present).toFixed(2)} µs  an uplink of 150 bytes through the actors, nothing recorded\n` +
    `${median(micros.absent).toFixed(2)} µs  the same with ${taken} looks at the recorder taken out\n` +
    `${median(ratios).toFixed(3)}  the ratio, median of ${rounds} pairs of ${devicesCount} uplinks; half of them from ${low} to ${high}`
)
