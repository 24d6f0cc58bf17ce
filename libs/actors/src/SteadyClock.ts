/**
 * Milliseconds that never run backwards and know no step. It is the process's monotonic clock, counted from the wall clock
 * of its start: numbers stay comparable with times at a glance. For intervals only: a wall clock that is set forward or back
 * shortens and extends no Lifetime (C21). Times of other processes go through `wallOf` and `steadyOf`.
 */
export const steadyNow = (): number => Math.floor(performance.timeOrigin + performance.now())

/**
 * By how many milliseconds the wall clock is ahead of `steadyNow` at this moment: what was set, stepped or slewed since the
 * process began. A process that began before its machine's clock was set has a large one for life.
 */
export const clocksApartMillis = (): number => Math.round(Date.now() - (performance.timeOrigin + performance.now()))

/** Milliseconds since 1970, as the wall clock has them now, of a moment of `steadyNow`: to be stored or sent. */
export const wallOf = (steady: number): number => steady + clocksApartMillis()

/** The moment of `steadyNow` that a time of some process's wall clock is. */
export const steadyOf = (wall: number): number => wall - clocksApartMillis()
