import { createSocket } from "node:dgram"
import { createServer } from "node:net"
import type { DevConfig } from "./DevConfig.ts"
import { portVariable } from "./PortVariables.ts"

/** The faults of the ports, a line for each that names the variable to set; none if all can be had. */
export const portFaults = async (config: DevConfig, sinks = false): Promise<ReadonlyArray<string>> => {
  const { httpHost, natsPort, natsUrl, ports, udpHost, udpPort } = config
  const tcp: ReadonlyArray<readonly [name: keyof typeof portVariable, port: number, host: string]> = [
    ...(natsUrl === undefined ? [["nats", natsPort, "127.0.0.1"] as const] : []),
    ...(["registry", "downlink", "edge", "actors", ...(sinks ? (["sinks"] as const) : [])] as const).map(
      (name) => [name, ports[name], httpHost] as const
    )
  ]
  const faults: Array<string> = []
  if (await isUdpTaken(udpHost, udpPort)) faults.push(takenText("UDP", udpPort, portVariable.udp))
  const users = new Map<number, string>()
  for (const [name, port, host] of tcp) {
    const variable = portVariable[name]
    const other = users.get(port)
    users.set(port, variable)
    if (other !== undefined)
      faults.push(`${variable}: port ${port} is that of ${other} too; set one of them to another`)
    else if (await isTcpTaken(host, port)) faults.push(takenText("TCP", port, variable))
  }
  return faults
}

const takenText = (protocol: string, port: number, variable: string): string =>
  `${variable}: another process has ${protocol} port ${port} (ss -lpn 'sport = :${port}' names it); set it to a free one`

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
