/**
 * Runs `work` once after everything that the current turn of the event loop brought: what many callbacks collected
 * goes out together.
 */
export const oncePerTurn = (work: () => void): (() => void) => {
  let waiting = false
  const run = () => {
    waiting = false
    work()
  }
  return () => {
    if (waiting) return
    waiting = true
    setImmediate(run)
  }
}
