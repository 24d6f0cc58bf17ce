import { connect } from "@nats-io/transport-node"
import { createSocket } from "node:dgram"
import { leastAnswer } from "./leastAnswer.ts"
import { leastStore } from "./LeastStore.ts"

// The least that stores: datagram, JetStream, its answer, datagram.
const [, , url, port] = process.argv
const socket = createSocket("udp4")
const nats = await connect({ servers: url! })
interface Request {
  readonly datagram: Uint8Array
  readonly address: string
  readonly port: number
}
const store = await leastStore<Request>(nats, ({ address, datagram, port }) => {
  socket.send(leastAnswer(datagram), port, address)
})
socket.on("message", (datagram, { address, port }) => store(datagram, { datagram, address, port }))
socket.bind(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"))
