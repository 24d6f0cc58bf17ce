import { processUse } from "./ProcessUse.ts"

type Processes = ReadonlyArray<readonly [name: string, pid: number]>

/**
 * CPU that named processes and those under them use from its making on; several of one name are added up. One that is named itself is not
 * part of the one that started it.
 */
export class CpuMeter {
  readonly #processes: Processes
  readonly #before: ReadonlyMap<string, number>

  constructor(processes: Processes) {
    this.#processes = processes
    this.#before = cpuMillis(processes)
  }

  /** Milliseconds of CPU so far, by name. */
  read(): ReadonlyMap<string, number> {
    const now = cpuMillis(this.#processes)
    return new Map([...now].map(([name, millis]) => [name, millis - (this.#before.get(name) ?? 0)]))
  }
}

export const total = (values: ReadonlyMap<string, number>): number =>
  values.values().reduce((sum, value) => sum + value, 0)

const cpuMillis = (processes: Processes): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>()
  const named = new Set(processes.map(([, pid]) => pid))
  for (const [name, pid] of processes) {
    const use = processUse(pid, named)
    if (use === undefined) throw new Error(`${name} (process ${pid}) has ended, or there is no /proc`)
    sums.set(name, (sums.get(name) ?? 0) + use.cpuMillis)
  }
  return sums
}
