import { spawnSync } from "node:child_process"

/** Tools that a peer is built with. */
export interface BuildTool {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly debianPackage: string
}

/** Why a peer can't be built on this machine, in one line; undefined if its tools are there. */
export const lackingTool = (tools: ReadonlyArray<BuildTool>): string | undefined => {
  const lacking = tools.find(({ args, command }) => spawnSync(command, args).status !== 0)
  if (lacking === undefined) return undefined
  const { args, command, debianPackage } = lacking
  return `skipped: \`${[command, ...args].join(" ")}\` does not work here (Debian package ${debianPackage})`
}

/** Runs a build command in `folder`; in one line why it failed. */
export const buildFailure = (folder: string, command: string, args: ReadonlyArray<string>): string | undefined => {
  const { error, status, stderr, stdout } = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: buildMillisMax
  })
  if (status === 0) return undefined
  const detail = error?.message ?? `${stdout}${stderr}`.trim().split("\n").at(-1) ?? ""
  return `skipped: \`${command} ${args.join(" ")}\` failed: ${detail}`
}

const buildMillisMax = 300_000
