import { readFileSync, readlinkSync } from "node:fs"

/**
 * Names a process of this machine so that another process of the machine can tell whether it has ended. It is boot,
 * process id namespace, process id, and when it began. Undefined where there is no /proc.
 */
export const ownProcessName = (): string | undefined => {
  const here = machine()
  const stat = statOf("self")
  return here === undefined || stat === undefined ? undefined : `${here} ${process.pid} ${stat.began}`
}

/**
 * Whether a process is known to have ended. False for those of other machines and containers, and whenever it can't be told.
 * A process that ended can't renew its lease, so nobody has to wait for its silence.
 */
export const hasEnded = (name: string): boolean => {
  const here = machine()
  const match = /^(.+) (\d+) (\d+)$/.exec(name)
  if (here === undefined || match === null || match[1] !== here) return false
  if (!exists(Number(match[2]))) return true
  // Another process may have its id by now, or it is a zombie. A process that can't be read (`hidepid`) may be it.
  const stat = statOf(match[2]!)
  return stat !== undefined && (stat.state === "Z" || stat.state === "X" || stat.began !== match[3])
}

/** Unlike /proc, a signal tells a process that is hidden from one that is not there. */
const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH"
  }
}

/** From `/proc/{pid}/stat`: fields 3, and 22 in ticks since the boot. */
const statOf = (pid: string): { readonly state: string; readonly began: string } | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The second field is the program's name in parentheses, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return { state: fields[0]!, began: fields[19]! }
  } catch {
    return undefined
  }
}

const machine = (): string | undefined => {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`
  } catch {
    return undefined
  }
}
