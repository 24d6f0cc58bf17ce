/** Starting a dozen processes that strip types on two busy cores. */
const readyMillisMax = 120_000
/** A probe that was accepted but not answered, as by an app that is still starting. */
const probeMillisMax = 10_000
const pauseMillis = 50

/**
 * Waits until the app `name` answers 200 at `/readyz` of `port` on 127.0.0.1. Rejects with the last answer after `millisMax`, and at once
 * with the sentence of `ended` when that has one: the process is over.
 */
export const untilReady = async (
  name: string,
  port: number,
  options: { readonly millisMax?: number; readonly ended?: () => string | undefined } = {}
): Promise<void> => {
  const { ended = () => undefined, millisMax = readyMillisMax } = options
  const end = Date.now() + millisMax
  let last = "nothing answered"
  while (Date.now() < end) {
    const over = ended()
    if (over !== undefined) throw new Error(`${name} ${over}`)
    try {
      const signal = AbortSignal.timeout(probeMillisMax)
      const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal })
      const text = await response.text()
      if (response.status === 200) return
      last = text
    } catch {
      last = "nothing answered"
    }
    await new Promise((resume) => setTimeout(resume, pauseMillis))
  }
  throw new Error(`${name} was not ready in ${millisMax} ms (${last})`)
}
