import { execFileSync } from "node:child_process"
import { availableParallelism, cpus, release, totalmem, type } from "node:os"

/** The machine of the figures. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly node: string
  readonly natsServer: string
  readonly commit: string
}

export const thisMachine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  kernel: `${type()} ${release()}`,
  node: process.version,
  natsServer: firstLine(process.env["NATS_SERVER"] ?? "nats-server", ["--version"]).replace("nats-server: ", ""),
  commit: firstLine("git", ["describe", "--always", "--dirty"])
})

const firstLine = (command: string, args: ReadonlyArray<string>): string => {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split("\n")[0]!
  } catch {
    return "unknown"
  }
}
