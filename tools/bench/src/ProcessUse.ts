import { readdirSync, readFileSync } from "node:fs"

/** The CPU and memory that a process and its descendants have used so far. */
export interface ProcessUse {
  /** User and system time of all threads, ended ones and waited-for children included. */
  readonly cpuMillis: number
  /** Memory in RAM now. */
  readonly residentBytes: number
}

export interface ProcessStat extends ProcessUse {
  readonly parent: number
}

/**
 * Reads /proc for the tree of processes under `pid`, without `except` and what is under them. Undefined if it has ended, or where
 * there is no /proc.
 *
 * Linux adds up user and system time from the scheduler's clock and only splits it by ticks. So the sum is good to one
 * tick of 10 ms however short the slices were.
 */
export const processUse = (pid: number, except: ReadonlySet<number> = noProcess): ProcessUse | undefined => {
  const own = readStat(pid)
  if (own === undefined) return undefined
  let { cpuMillis, residentBytes } = own
  for (const child of childrenOf(pid)) {
    if (except.has(child)) continue
    const use = processUse(child, except)
    cpuMillis += use?.cpuMillis ?? 0
    residentBytes += use?.residentBytes ?? 0
  }
  return { cpuMillis, residentBytes }
}

const noProcess: ReadonlySet<number> = new Set()

/** The processes under `pid` that live, with their command lines. */
export const descendantsOf = (pid: number): ReadonlyArray<{ readonly pid: number; readonly command: string }> => {
  const found = childrenOf(pid).map((child) => ({ pid: child, command: commandLineOf(child) }))
  return found.concat(found.flatMap((child) => descendantsOf(child.pid)))
}

/** Empty of one that ended meanwhile. */
const commandLineOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim()
  } catch {
    return ""
  }
}

/** Milliseconds of CPU that all processes of the machine, the kernel and the hypervisor's other guests have used so far. */
export const machineCpuMillis = (): number => {
  const [, user, nice, system, , , interrupts, softInterrupts, steal] = readFileSync("/proc/stat", "latin1")
    .split("\n", 1)[0]!
    .split(/ +/)
    .map(Number)
  return (user! + nice! + system! + interrupts! + softInterrupts! + steal!) * tickMillis
}

/** Fields of /proc/PID/stat, counted from the third: the second is the program's name, which may hold anything. */
export const parseStat = (text: string): ProcessStat => {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
  const ticks = [userTime, systemTime, childrenUserTime, childrenSystemTime].reduce(
    (sum, field) => sum + Number(fields[field - 3]),
    0
  )
  return {
    parent: Number(fields[parentProcess - 3]),
    cpuMillis: ticks * tickMillis,
    residentBytes: Number(fields[residentPages - 3]) * pageBytes
  }
}

const readStat = (pid: number | string): ProcessStat | undefined => {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"))
  } catch {
    return undefined
  }
}

/** By their own word on their parent: not every kernel lists a process's children. */
const childrenOf = (pid: number): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && readStat(name)?.parent === pid)
    .map(Number)

/** As proc(5) numbers them. */
const parentProcess = 4
const userTime = 14
const systemTime = 15
const childrenUserTime = 16
const childrenSystemTime = 17
const residentPages = 24

/** USER_HZ is 100 on every Linux that Node runs on; pages are 4 KiB but on some ARM machines. */
const tickMillis = 10
const pageBytes = 4096
