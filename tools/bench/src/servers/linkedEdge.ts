import { connect, createInbox } from "@nats-io/transport-node"
import { createSocket } from "node:dgram"

// One half of the least of two processes: datagrams go to linkedStore.ts over NATS, and its answers to their senders.
const [, , url, port] = process.argv
const socket = createSocket("udp4")
const nats = await connect({ servers: url! })
const inbox = createInbox()
const senders = new Map<number, { readonly address: string; readonly port: number }>()
let last = 0
nats.subscribe(`${inbox}.*`, {
  callback: (error, message) => {
    if (error !== null) throw error
    const number = Number(message.subject.slice(inbox.length + 1))
    const sender = senders.get(number)
    senders.delete(number)
    if (sender !== undefined) socket.send(message.data, sender.port, sender.address)
  }
})
socket.on("message", (datagram, sender) => {
  senders.set(++last, sender)
  nats.publish("least.frame", datagram, { reply: `${inbox}.${last}` })
})
socket.bind(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"))
