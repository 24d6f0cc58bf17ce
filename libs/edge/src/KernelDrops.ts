import { readFileSync } from "node:fs"

/**
 * Datagrams that the kernel dropped because the receive buffers of the sockets on `port` were full, since those were
 * opened. Only Linux tells (proc(5), /proc/net/udp); 0 elsewhere.
 */
export const kernelDrops = (port: number): number =>
  sumDrops(readTable("udp"), port) + sumDrops(readTable("udp6"), port)

/** `table`: the text of /proc/net/udp; the second column is `address:port` in hexadecimal, the last one the drops. */
export const sumDrops = (table: string, port: number): number => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  let drops = 0
  for (const line of table.split("\n").slice(1)) {
    const columns = line.trim().split(/\s+/)
    if (columns[1]?.endsWith(suffix) === true) drops += Number(columns.at(-1))
  }
  return drops
}

const readTable = (name: "udp" | "udp6"): string => {
  try {
    return readFileSync(`/proc/net/${name}`, "latin1")
  } catch {
    return ""
  }
}
