import { freeTcpPort, freeUdpPort } from "@roost/testkit"
import { Effect } from "effect"

/**
 * Where a test has what the pages have at its default place: ports, and folders of root. Commands are rewritten before they
 * run, and outputs back, so that what is compared and told is the page's own.
 */
export interface Elsewhere {
  readonly ports: Readonly<Record<PortName, number>>
  readonly there: (command: string) => string
  readonly back: (output: string) => string
}

/** As the pages and the apps have them. */
const defaultPorts = {
  registry: 8080,
  downlink: 8081,
  edge: 8082,
  actors: 8083,
  sinks: 8084,
  nats: 4222,
  udp: 5684
} as const

/** Of docs/rehearsal.md, beside a Roost at its default ports. */
const rehearsalPorts = [4231, 4232, 4233, 6231, 6232, 6233, 8280, 8281, 8291, 8282, 8292, 8283, 8293, 5690]
const udpPorts: ReadonlySet<number> = new Set([defaultPorts.udp, 5690])
export type PortName = keyof typeof defaultPorts

/** `folder` is where `/opt`, `/etc`, `/var/lib` and the reader's home of programs are. */
export const elsewhere = async (folder: string): Promise<Elsewhere> => {
  const moved = new Map<number, number>()
  for (const port of [...Object.values(defaultPorts), ...rehearsalPorts]) {
    moved.set(port, await Effect.runPromise(udpPorts.has(port) ? freeUdpPort : freeTcpPort))
  }
  const ports = Object.fromEntries(
    Object.entries(defaultPorts).map(([name, port]) => [name, moved.get(port)!])
  ) as Record<PortName, number>
  const pairs: ReadonlyArray<readonly [RegExp, string, RegExp, string]> = [
    ...[...moved].map(
      ([port, free]) =>
        [
          new RegExp(`(?<=127\\.0\\.0\\.1:|--port |_PORT=)${port}\\b`, "g"),
          String(free),
          new RegExp(`(?<=:)${free}\\b`, "g"),
          String(port)
        ] as const
    ),
    ...["/opt/roost", "/etc/roost", "/var/lib/roost", "/var/lib/nats"].map(
      (path) =>
        [
          new RegExp(`(?<![\\w/.])${path}\\b`, "g"),
          `${folder}${path}`,
          new RegExp(`${folder}${path}\\b`, "g"),
          path
        ] as const
    ),
    // Their server is 127.0.0.1:5684, unless they are told another.
    [
      /npm run (device|loadtest) -- (?!--server|--help)/g,
      `npm run $1 -- --server 127.0.0.1:${ports.udp} `,
      / --server 127\.0\.0\.1:5684(?= )/g,
      ""
    ],
    [/\$HOME\/\.local\/bin/g, `${folder}/bin`, new RegExp(`${folder}/bin`, "g"), "$HOME/.local/bin"]
  ]
  return {
    ports,
    there: (command) => pairs.reduce((text, [from, to]) => text.replaceAll(from, to), command),
    back: (output) => pairs.reduce((text, [, , from, to]) => text.replaceAll(from, to), output)
  }
}
