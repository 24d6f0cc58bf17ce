import { FrameKind, FrameReader, FrameWriter, parsePeerAddress } from "../src/index.ts"

// CPU per entry of writing and of reading frames, as edge and actors do it: 32 datagrams of 150 bytes in each.
const entries = 32
const frames = 20_000
const peers = Array.from({ length: entries }, (_, i) => parsePeerAddress(`192.0.2.${i}`, 5000 + i)!)
const datagram = new Uint8Array(150).fill(7)
const writer = new FrameWriter("edge0001")

const write = (): Uint8Array => {
  for (const peer of peers) writer.add(FrameKind.Datagram, 5, peer, datagram)
  return writer.take()
}
const frame = write()
const read = (): void => {
  const reader = new FrameReader(frame)
  let bytes = 0
  while (reader.next()) bytes += reader.body.length
  if (bytes !== entries * datagram.length) throw new Error(`read ${bytes} bytes`)
}
const measure = (name: string, run: () => void): void => {
  for (let i = 0; i < frames / 4; i++) run()
  const start = process.cpuUsage()
  for (let i = 0; i < frames; i++) run()
  const { system, user } = process.cpuUsage(start)
  console.log(`${(((user + system) * 1000) / (frames * entries)).toFixed(0)} ns  ${name}`)
}
measure("write an entry of a frame of 32, 150 bytes each", write)
measure("read one", read)
