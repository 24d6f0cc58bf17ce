import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { announce, consoleTitle } from "./Announcement.ts"
import { AppProblems } from "./AppProblems.ts"
import { Children, graceMillis } from "./Children.ts"
import { buildConsole, type ConsoleBuild } from "./ConsoleBuild.ts"
import type { DevConfig } from "./DevConfig.ts"
import { diskProblem } from "./DiskCheck.ts"
import { takeLock } from "./InstanceLock.ts"
import { keepAddresses } from "./KeptAddresses.ts"
import { formatLine } from "./BusLine.ts"
import { startApps, startDemoDevice, type StartOptions } from "./LocalApps.ts"
import { viewerOf } from "./LocalNats.ts"
import { portFaults } from "./PortCheck.ts"
import { demoMeterCameIn, provisionDemo } from "./Provision.ts"
import { loadSecrets, type Secrets } from "./Secrets.ts"
import { signInLink } from "./SignInLink.ts"
import { StartFailure } from "./StartFailure.ts"
import type { StartPlan } from "./StartPlan.ts"
import { showStreams } from "./StreamView.ts"
import { say, urlOf } from "./Terminal.ts"

const pollMillis = 100

/** Starts everything, and shows what happens until a signal comes, which is the ordinary end; throws a `StartFailure`. */
export const runLocalRoost = async (plan: StartPlan, options: StartOptions): Promise<void> => {
  const { config } = plan
  bootstrap(config, options.root)
  const full = diskProblem(config.dataDirectory)
  if (full !== undefined) throw new StartFailure(full)
  const lock = takeLock(config.dataDirectory)
  if ("heldBy" in lock) {
    const holder = `process ${lock.heldBy ?? "(unknown)"} runs on ${config.dataDirectory} already`
    throw new StartFailure(`${holder}; end it, or set ROOST_DATA_DIR`)
  }
  try {
    const taken = await takenPorts(plan, lock.formerWasKilled)
    if (taken.length > 0) throw new StartFailure(taken.join("\n✗ "))
    const givenUp = Promise.withResolvers<never>()
    const asked = Promise.withResolvers<void>()
    const problems = new AppProblems()
    const children = supervise(config, problems, (why) => givenUp.reject(new StartFailure(why)))
    endOnSignal(children, asked.resolve)
    try {
      await Promise.race([run(children, problems, plan, options), asked.promise, givenUp.promise])
    } finally {
      say("stopping…")
      await children.stop()
      say("stopped, nothing is left running")
    }
  } finally {
    lock.release()
  }
}

/** Never ends by itself. */
const run = async (
  children: Children,
  problems: AppProblems,
  plan: StartPlan,
  options: StartOptions
): Promise<never> => {
  const { config, demo, only } = plan
  const secrets = loadSecrets(config.dataDirectory, process.env)
  const console = givenConsole() ?? buildConsole(options.root)
  const natsUrl = await startApps({ children, problems, plan, secrets, options, consoleFolder: console.folder })
  keepAddresses(config)
  if (demo) {
    const registry = urlOf(config, config.ports.registry)
    await provisionDemo(registry, secrets)
    startDemoDevice(children, config, secrets, options)
    await demoMeterCameIn(registry, secrets)
  }
  const link = consoleLine(config, secrets, console)
  const first = await Promise.race([link, pause(linkMillisMax)])
  announce(config, natsUrl, secrets, demo, first ?? "it is being built, and its link follows")
  problems.started()
  if (first === undefined) {
    const later = (line: string) => say(`${consoleTitle}${line}`)
    link.then(later, (error: Error) => later(`there is no link: ${error.message}`))
  }
  const color = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined
  return showStreams(plan.viewer ?? viewerOf(config, secrets), only, (line) =>
    say(typeof line === "string" ? line : formatLine(line, color))
  )
}

/** The children of a start that was killed may take their time to end, bus and apps one after the other. */
const takenPorts = async ({ config, sinks }: StartPlan, formerWasKilled: boolean): Promise<ReadonlyArray<string>> => {
  const end = Date.now() + (formerWasKilled ? 2 * graceMillis : 0)
  for (let told = false; ; told = true) {
    const faults = await portFaults(config, sinks)
    if (faults.length === 0 || Date.now() >= end) return faults
    if (!told) say("the start before this one was killed; waiting for its processes to end")
    await new Promise((resume) => setTimeout(resume, pollMillis))
  }
}

/** The supervisor, which gives up on everything when one child does not stay up. */
const supervise = (config: DevConfig, problems: AppProblems, giveUp: (why: string) => void): Children => {
  const children: Children = new Children({
    died: (name, how, tail, restartMillis) => {
      if (problems.misconfigured.length > 0) {
        return void setTimeout(() => giveUp(problems.misconfigured.join("\n✗ ")), othersMillis)
      }
      say(`${name} ended (${how})${restartMillis === undefined ? "" : `, again in ${restartMillis} ms`}`)
      for (const line of tail) say(`  ${name} | ${line}`)
      if (restartMillis !== undefined) return
      giveUp(`${name} does not stay up; its log is in ${join(config.dataDirectory, "logs")}`)
    }
  })
  return children
}

/** For the other apps to say what they find wrong, too. */
const othersMillis = 1_500

/** Built by whoever set the variable. */
const givenConsole = (): ConsoleBuild | undefined => {
  const folder = process.env["ROOST_CONSOLE_DIR"]
  return folder === undefined ? undefined : { folder, done: Promise.resolve(undefined) }
}

const consoleLine = async (config: DevConfig, secrets: Secrets, { done }: ConsoleBuild): Promise<string> => {
  const fault = await done
  if (fault !== undefined) return `it can't be built, and the rest works without it: ${fault}`
  return signInLink(urlOf(config, config.ports.registry), secrets.apiToken)
}

/** For a link to a console that was built before. */
const linkMillisMax = 1_000
const pause = (millis: number) => new Promise<undefined>((resume) => setTimeout(() => resume(undefined), millis))

/** The first signal asks for an orderly end; the second ends everything at once. */
const endOnSignal = (children: Children, end: () => void): void => {
  let signals = 0
  const onSignal = () => {
    process.exitCode = interruptedExitCode
    if (++signals === 1) return end()
    children.killAll()
    process.exit()
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  process.on("SIGHUP", () => {
    children.killAll()
    process.exit(129)
  })
  process.on("exit", () => children.killAll())
}

/** 128 and the number of SIGINT, as a shell has it. */
const interruptedExitCode = 130

const bootstrap = (config: DevConfig, root: string): void => {
  if (config.natsUrl !== undefined) return
  const { status } = spawnSync(process.execPath, [join(root, "tools/dev/src/bootstrap.ts"), "--for", "start"], {
    stdio: "inherit"
  })
  if (status !== 0) process.exit(1)
}
