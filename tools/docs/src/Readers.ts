import { Clone } from "./Clone.ts"
import { type Elsewhere, elsewhere } from "./Elsewhere.ts"
import { LocalRoost, portVariables, readerEnvironment } from "./LocalRoost.ts"
import type { Page } from "./Pages.ts"
import type { Step } from "./Mark.ts"
import { type Read, readPage } from "./Reading.ts"

/** Minutes of faults and restarts: a check of `.ci/run` has it, `npm test` has not. */
export const rehearsal = "docs/rehearsal.md"

/** Pages whose readers start what they need by what the page says. */
const withoutRoost = new Set(["docs/operations.md", rehearsal])

const metricsPort = {
  "udp-edge": "edge",
  "session-actors": "actors",
  registry: "registry",
  "downlink-queue": "downlink",
  sinks: "sinks"
} as const

const folderVariables = ({ there }: Elsewhere): Readonly<Record<string, string>> => ({
  ROOST_DATA_DIR: there("/var/lib/roost"),
  ROOST_NATS_STORE_DIR: there("/var/lib/nats")
})

/** Those who read pages: in one clone, with one `npm start` for all pages that take it for granted. */
export class Readers implements AsyncDisposable {
  readonly #clone = new Clone()
  #roost: Promise<readonly [Elsewhere, LocalRoost]> | undefined

  async read({ path, steps }: Page, told?: (step: Step) => void): Promise<Read> {
    const there = withoutRoost.has(path) ? await elsewhere(this.#clone.elsewhere) : (await this.#started())[0]
    return readPage(steps, {
      cwd: this.#clone.path,
      // Examples and the nats command look for their server here.
      env: {
        ...readerEnvironment(),
        NATS_URL: `nats://127.0.0.1:${there.ports.nats}`,
        // A program that such a page starts has no other way to hear of free ports, and keeps its files where the page has them.
        // The rehearsal names its own: a variable here would win over those of its files.
        ...(withoutRoost.has(path) && path !== rehearsal
          ? { ...portVariables(there.ports), ...folderVariables(there) }
          : {})
      },
      elsewhere: there,
      ...(told === undefined ? {} : { told })
    })
  }

  /** Pastes what `npm start` prints to paste: how the token is set, and the indented commands. */
  async readAnnounced(): Promise<Read> {
    const [there, { announced }] = await this.#started()
    const token = /ROOST_API_TOKEN=\$\(.*\)/.exec(announced)?.[0]
    const commands = announced.split("\n").filter((line) => /^ {2}(?:coap-client|curl|npm) /.test(line))
    const run = { _tag: "Run", manner: "once", exit: 0, needs: [] } as const
    const steps = [`export ${token}`, ...commands].map((text) => ({
      block: { page: "npm start", line: 0, language: "sh", mark: "run", text: `${text.trim()}\n` },
      run,
      answers: []
    }))
    return readPage(steps, { cwd: this.#clone.path, env: readerEnvironment(), elsewhere: there })
  }

  /** The names of the metrics that an app of `npm start` answers with. */
  async metricsOf(app: keyof typeof metricsPort): Promise<ReadonlyArray<string>> {
    const [{ ports }] = await this.#started()
    const answer = await fetch(`http://127.0.0.1:${ports[metricsPort[app]]}/metrics`)
    return [...(await answer.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!)
  }

  #started(): Promise<readonly [Elsewhere, LocalRoost]> {
    this.#roost ??= elsewhere(this.#clone.elsewhere).then(
      async (there) => [there, await LocalRoost.start(this.#clone.path, there)] as const
    )
    return this.#roost
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const [, roost] = (await this.#roost?.catch(() => undefined)) ?? []
    await roost?.[Symbol.asyncDispose]()
    this.#clone[Symbol.dispose]()
  }
}
