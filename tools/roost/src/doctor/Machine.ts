import { readFileSync, statfsSync } from "node:fs"
import type { Finding } from "./Finding.ts"

/** Facts that the doctor reads of the machine that it runs on; undefined where the system does not tell. */
export interface Machine {
  /** Bytes: `net.core.rmem_max`. */
  readonly receiveBufferMax: number | undefined
  /** Datagrams that the kernel dropped on the port of devices since its socket was opened. */
  readonly drops: number | undefined
  readonly openFilesMax: number | undefined
  readonly disks: ReadonlyArray<Disk>
}

/** A folder of data, and its disk. */
export interface Disk {
  readonly folder: string
  readonly bytes: number
  readonly free: number
  /** Bytes that streams may take there (`ROOST_NATS_FILE_STORE`). */
  readonly fileStore: number | undefined
}

/** Bytes that udp-edge asks the kernel for (`receiveBufferBytes` of libs/edge). */
export const receiveBufferWanted = 8 * 1024 * 1024
/** A connection of each app, files of streams, and some to spare. */
const openFilesMin = 4_096
/** Part of a disk that has to be free. */
const freePartMin = 0.1

export const readMachine = (
  udpPort: number,
  folders: ReadonlyArray<{ readonly folder: string; readonly fileStore: number | undefined }>
): Machine => ({
  receiveBufferMax: numberIn("/proc/sys/net/core/rmem_max"),
  drops: dropsOf(udpPort, [read("/proc/net/udp"), read("/proc/net/udp6")].join("\n")),
  openFilesMax: Number(/Max open files\s+(\d+)/.exec(read("/proc/self/limits"))?.[1] ?? Number.NaN) || undefined,
  disks: folders.flatMap(({ fileStore, folder }) => {
    const space = spaceOf(folder)
    return space === undefined ? [] : [{ folder, fileStore, ...space }]
  })
})

export const judgeMachine = ({ disks, drops, openFilesMax, receiveBufferMax }: Machine): ReadonlyArray<Finding> => [
  ...when(receiveBufferMax !== undefined && receiveBufferMax < receiveBufferWanted, {
    fault: "receive-buffer-small",
    weight: "risky",
    what: `net.core.rmem_max is ${receiveBufferMax} bytes`,
    expected: `at least ${receiveBufferWanted}, which udp-edge asks for`,
    cause: "the kernel's own default; datagrams that come while the process is busy are lost",
    cure: `sysctl -w net.core.rmem_max=${receiveBufferWanted}, and in /etc/sysctl.d; then restart udp-edge`
  }),
  ...when(drops !== undefined && drops > 0, {
    fault: "datagrams-dropped",
    weight: "risky",
    what: `the kernel dropped ${drops} datagrams on the port of devices`,
    expected: "none",
    cause: "more came at once than the socket holds, or udp-edge had no time",
    cure: "a larger net.core.rmem_max, or another udp-edge on the port (ROOST_UDP_REUSE_PORT)"
  }),
  ...when(openFilesMax !== undefined && openFilesMax < openFilesMin, {
    fault: "files-few",
    weight: "risky",
    what: `a process may open ${openFilesMax} files`,
    expected: `at least ${openFilesMin}`,
    cause: "the limit of this shell; services may have another",
    cure: "ulimit -n 65536, or LimitNOFILE=65536 in the unit"
  }),
  ...disks.flatMap(({ bytes, fileStore, folder, free }) => [
    ...when(free < bytes * freePartMin, {
      fault: "disk-nearly-full",
      weight: "wrong",
      what: `${folder}: ${percent(free / bytes)} of the disk are free`,
      expected: `at least ${percent(freePartMin)}`,
      cause: "nats-server takes nothing when its disk is full, and devices are answered 5.00",
      cure: "make room; docs/operations.md, Disks and sizes"
    }),
    ...when(fileStore !== undefined && fileStore > bytes, {
      fault: "file-store-too-large",
      weight: "wrong",
      what: `${folder}: ROOST_NATS_FILE_STORE is ${fileStore} bytes, and the disk has ${bytes}`,
      expected: "70 % of the disk",
      cause: "the value of another machine",
      cure: `ROOST_NATS_FILE_STORE=${Math.floor(bytes * 0.7)} for nats-server and registry`
    })
  ])
]

const when = (is: boolean, finding: Finding): ReadonlyArray<Finding> => (is ? [finding] : [])
const percent = (part: number): string => `${Math.round(part * 100)} %`

/** Of a table of the kernel's sockets: the last column of the port's lines. */
export const dropsOf = (port: number, table: string): number | undefined => {
  const hex = port.toString(16).toUpperCase().padStart(4, "0")
  const lines = table.split("\n").filter((line) => new RegExp(`^\\s*\\d+: [0-9A-F]+:${hex} `).test(line))
  if (lines.length === 0) return undefined
  return lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/).at(-1)), 0)
}

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}

const numberIn = (file: string): number | undefined => {
  const text = read(file).trim()
  return text === "" ? undefined : Number(text)
}

const spaceOf = (folder: string): Pick<Disk, "bytes" | "free"> | undefined => {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder)
    return { bytes: blocks * bsize, free: bavail * bsize }
  } catch {
    return undefined
  }
}
