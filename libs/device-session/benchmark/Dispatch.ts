import { Code, encode, OptionNumber, stringOption } from "@roost/coap"
import { FrameKind, FrameWriter } from "@roost/contracts"
import * as Result from "effect/Result"
import type { SimulatedDevice } from "../test/support/SimulatedDevice.ts"
import { World } from "../test/support/World.ts"

/**
 * CPU of the actors' side of one uplink: frame, record, CoAP, topic, envelope, store (an array here), answer, record,
 * frame. The devices' records are made before the clock runs.
 *
 *     npx node libs/device-session/benchmark/Dispatch.ts
 */
const devicesCount = 1000
const rounds = 30
const warmUpRounds = 10
const perFrame = 32

const world = new World()
const devices = Array.from({ length: devicesCount }, (_, i) =>
  world.device(`dev${i}`, 1 + i, { lifetime: 86_400 }).connect()
)
// Answers need not be opened.
world.forget()

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

const framesOf = (round: number): ReadonlyArray<Uint8Array> => {
  const writer = new FrameWriter("edge0001")
  const frames: Array<Uint8Array> = []
  devices.forEach((device, i) => {
    writer.add(FrameKind.Datagram, 0, device.peer, Result.getOrThrow(device.client.send(postOf(device, 1 + round))))
    if (writer.entries === perFrame || i === devices.length - 1) frames.push(writer.take())
  })
  return frames
}

let micros = 0
for (let round = 0; round < warmUpRounds + rounds; round++) {
  world.now += 10_000
  const frames = framesOf(round)
  const start = process.cpuUsage()
  for (const frame of frames) {
    world.host.handleFrame(world.now, frame)
    world.settle()
  }
  const { system, user } = process.cpuUsage(start)
  if (round >= warmUpRounds) micros += user + system
  if (world.uplinks.length !== devicesCount) throw new Error(`${world.uplinks.length} uplinks were stored`)
  world.forget()
}
console.log(
  `${(micros / (rounds * devicesCount)).toFixed(1)} µs  an uplink of 150 bytes through the actors, ${devicesCount} devices`
)
