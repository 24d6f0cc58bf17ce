/**
 * Milliseconds since 1970 that never run backwards: the wall clock of the process's start, carried on by the monotonic
 * one. A clock that is set back or forward shortens and extends no Lifetime (conformance C21).
 */
export const steadyNow = (): number => Math.floor(performance.timeOrigin + performance.now())
