import { createSocket } from "node:dgram"
import { createServer } from "node:net"
import { type DevConfig, portVariable } from "./DevConfig.ts"

/** A sentence about the first port that something else has, naming the variable to set; undefined if all are free. */
export const firstTakenPort = async (config: DevConfig): Promise<string | undefined> => {
  const { httpHost, natsPort, natsUrl, ports, udpHost, udpPort } = config
  const checks: ReadonlyArray<readonly [keyof typeof portVariable, number, Promise<boolean>]> = [
    ["udp", udpPort, isUdpTaken(udpHost, udpPort)],
    ...(natsUrl === undefined ? [["nats", natsPort, isTcpTaken("127.0.0.1", natsPort)] as const] : []),
    ...(["registry", "downlink", "edge", "actors"] as const).map(
      (name) => [name, ports[name], isTcpTaken(httpHost, ports[name])] as const
    )
  ]
  for (const [name, port, taken] of checks) {
    if (await taken) return `port ${port} is taken by another process; set ${portVariable[name]} to a free one`
  }
  return undefined
}

const isTcpTaken = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once("error", () => resolve(true))
    probe.listen(port, host, () => probe.close(() => resolve(false)))
  })

const isUdpTaken = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createSocket(host.includes(":") ? "udp6" : "udp4")
    probe.once("error", () => resolve(true))
    probe.bind(port, host, () => probe.close(() => resolve(false)))
  })
