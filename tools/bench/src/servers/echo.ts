import { createSocket } from "node:dgram"

// Sends every datagram back with its first two bytes turned into those of an acknowledgement with 2.04.
const socket = createSocket("udp4")
socket.on("message", (datagram, { address, port }) => {
  datagram[0] = (datagram[0]! & 0x0f) | 0x60
  datagram[1] = 0x44
  socket.send(datagram, port, address)
})
socket.bind(Number(process.argv[2]), "127.0.0.1", () => process.stdout.write("ready\n"))
