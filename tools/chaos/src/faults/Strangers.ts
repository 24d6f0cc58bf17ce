import { pause } from "../pause.ts"
import { Client, type ClientOutput } from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"
import { formatIdentity } from "@roost/enos"
import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"

/** Another host than the devices', as far as limits per source go; Linux has all of 127.0.0.0/8. */
const address = process.platform === "linux" ? "127.0.0.66" : "127.0.0.1"
const lanes = 48
/** A refusal is silence: how long a stranger waits for it before it makes up its next identity. */
const patienceMillis = 250
/** Junk of every length, of random bytes behind a first byte that may be DTLS. */
const junkPerTurn = 50
const junkTurnMillis = 25
const junkBytesMax = 1_400

/** Handshakes under names that nobody has, and datagrams that are none, until `signal`. Numbers of both. */
export const flood = async (
  port: number,
  random: () => number,
  signal: AbortSignal
): Promise<{ readonly handshakes: number; readonly junk: number }> => {
  const count = { handshakes: 0, junk: 0 }
  const lane = async (number: number) => {
    while (!signal.aborted) {
      const deviceKey = `nobody-${number}-${count.handshakes++}`
      await attempt(
        port,
        formatIdentity({ productKey: "chaos", deviceKey, secureMode: 2, lifetimeSeconds: 60 }),
        signal
      )
    }
  }
  const noise = async () => {
    const socket = await open(port)
    while (!signal.aborted) {
      for (let i = 0; i < junkPerTurn; i++, count.junk++) socket.send(junk(random))
      await pause(junkTurnMillis, signal)
    }
    socket.close()
  }
  await Promise.all([noise(), ...Array.from({ length: lanes }, (_, number) => lane(number))])
  return count
}

const attempt = async (port: number, identity: string, signal: AbortSignal): Promise<void> => {
  const socket = await open(port)
  const client = new Client({
    crypto: dtlsCrypto,
    identity: new TextEncoder().encode(identity),
    psk: new Uint8Array(16)
  })
  const send = (outputs: ReadonlyArray<ClientOutput>) => {
    for (const output of outputs) if (output._tag === "Transmit") socket.send(output.datagram)
  }
  socket.on("message", (datagram) => send(client.handleDatagram(Date.now(), datagram)))
  send(client.start(Date.now()))
  await pause(patienceMillis, signal)
  socket.close()
}

const open = async (port: number): Promise<Socket> => {
  const socket = createSocket("udp4")
  socket.on("error", () => {})
  socket.bind(0, address)
  await once(socket, "listening")
  socket.connect(port, "127.0.0.1")
  await once(socket, "connect")
  return socket
}

const contentTypes = [20, 21, 22, 23, 25, 255]

const junk = (random: () => number): Uint8Array => {
  const bytes = Uint8Array.from({ length: 1 + Math.floor(random() * junkBytesMax) }, () => Math.floor(random() * 256))
  bytes[0] = contentTypes[Math.floor(random() * contentTypes.length)]!
  return bytes
}
