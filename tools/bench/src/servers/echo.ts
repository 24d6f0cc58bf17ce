import { createSocket } from "node:dgram"
import { leastAnswer } from "./leastAnswer.ts"

// Sends every datagram back as its answer.
const socket = createSocket("udp4")
socket.on("message", (datagram, { address, port }) => {
  socket.send(leastAnswer(datagram), port, address)
})
socket.bind(Number(process.argv[2]), "127.0.0.1", () => process.stdout.write("ready\n"))
