import { Clone } from "./Clone.ts"
import { type Elsewhere, elsewhere } from "./Elsewhere.ts"
import { LocalRoost, readerEnvironment } from "./LocalRoost.ts"
import type { Page } from "./Pages.ts"
import type { Step } from "./Mark.ts"
import { type Read, readPage } from "./Reading.ts"

/** Pages whose readers start what they need by what the page says. */
const withoutRoost = new Set(["docs/operations.md", "deploy/nats/README.md"])

/** Those who read pages: in one clone, with one `npm start` for all pages that take it for granted. */
export class Readers implements AsyncDisposable {
  readonly #clone = new Clone()
  #roost: Promise<readonly [Elsewhere, LocalRoost]> | undefined

  async read({ path, steps }: Page, told?: (step: Step) => void): Promise<Read> {
    const there = withoutRoost.has(path) ? await elsewhere(this.#clone.elsewhere) : (await this.#started())[0]
    return readPage(steps, {
      cwd: this.#clone.path,
      // Examples and the nats command look for their server here.
      env: { ...readerEnvironment(), NATS_URL: `nats://127.0.0.1:${there.ports.nats}` },
      elsewhere: there,
      ...(told === undefined ? {} : { told })
    })
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
