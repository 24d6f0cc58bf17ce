import { readdirSync, readFileSync } from "node:fs"

/** A local process to account for. */
export interface NamedPid {
  readonly name: string
  readonly pid: number
}

export interface Usage {
  /** User and system time of all its threads, ended ones too. */
  readonly cpuSeconds: number
  readonly rssBytes: number
}

/** CPU time and resident memory of the server's processes from /proc; an ended process keeps its last figures. */
export class ServerProcesses {
  readonly processes: ReadonlyArray<NamedPid>
  #last: ReadonlyArray<Usage>

  constructor(processes: ReadonlyArray<NamedPid>) {
    this.processes = processes
    this.#last = processes.map(() => ({ cpuSeconds: 0, rssBytes: 0 }))
  }

  /** In the order of `processes`. */
  read(): ReadonlyArray<Usage> {
    this.#last = this.processes.map(({ pid }, index) => readUsage(pid) ?? this.#last[index]!)
    return this.#last
  }
}

/**
 * `stat` counts ended threads too, in steps of 10 ms; the threads' `schedstat` counts nanoseconds, but only of those that live.
 * The larger one is nearer to the truth wherever they differ by more than a step.
 */
const readUsage = (pid: number): Usage | undefined => {
  try {
    const usage = parseUsage(readFileSync(`/proc/${pid}/stat`, "latin1"))
    if (usage === undefined) return undefined
    const threads = threadSeconds(pid)
    const hasEndedThreads = usage.cpuSeconds - threads > 2 / ticksPerSecond
    return hasEndedThreads ? usage : { ...usage, cpuSeconds: threads }
  } catch {
    return undefined
  }
}

/** Seconds that the process' threads ran: the first field of each `schedstat` (the kernel's sched-stats.rst). */
const threadSeconds = (pid: number): number => {
  let nanos = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0])
    } catch {
      // It ended in between.
    }
  }
  return nanos / 1e9
}

/** /proc/PID/stat, see proc(5): fields 14, 15 (clock ticks) and 24 (pages). The name may hold spaces and parentheses. */
export const parseUsage = (stat: string): Usage | undefined => {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const [userTicks, systemTicks, pages] = [fields[11], fields[12], fields[21]].map(Number)
  if (userTicks === undefined || systemTicks === undefined || pages === undefined) return undefined
  if (!Number.isFinite(userTicks + systemTicks + pages)) return undefined
  return { cpuSeconds: (userTicks + systemTicks) / ticksPerSecond, rssBytes: pages * pageBytes }
}

/** Linux shows this rate to programs, whatever the kernel's own tick is. */
const ticksPerSecond = 100
const pageBytes = 4096
