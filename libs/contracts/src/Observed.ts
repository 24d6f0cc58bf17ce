/** Takes what was measured, in seconds, such as a histogram. */
export interface Observed {
  observe(seconds: number): void
}

/** Nobody asked for it. */
export const unobserved: Observed = { observe: () => {} }
