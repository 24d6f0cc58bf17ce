import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { DevConfig } from "./DevConfig.ts"

/** Where everything of this `npm start` is, for `roost` and whoever finds the data directory: `addresses.json` in it. */
export const keepAddresses = ({ dataDirectory, httpHost, natsPort, natsUrl, ports, udpPort }: DevConfig): void => {
  const host = httpHost === "0.0.0.0" ? "127.0.0.1" : httpHost
  const addresses = {
    registry: `http://${host}:${ports.registry}`,
    udpPort,
    // A nats-server that was given has logins of its own.
    ...(natsUrl === undefined ? { nats: `nats://127.0.0.1:${natsPort}` } : {})
  }
  writeFileSync(join(dataDirectory, "addresses.json"), `${JSON.stringify(addresses, undefined, 2)}\n`)
}
