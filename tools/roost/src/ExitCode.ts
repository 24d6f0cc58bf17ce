/** How a command ends, for scripts; 130 is Ctrl-C. */
export const exitCodes = {
  done: { code: 0, meaning: "it was done" },
  saysNo: {
    code: 1,
    meaning:
      "it was done, and the outcome is bad: a command that did not succeed, lines that were refused, a doctor's finding"
  },
  unusable: {
    code: 2,
    meaning: "the command line, the context or what the request says can't be used (400, 413, 415, 422)"
  },
  noConnection: { code: 3, meaning: "nothing answers at the address, or no Roost does" },
  notAllowed: { code: 4, meaning: "the token is missing or another one (401, 403)" },
  notThere: { code: 5, meaning: "what was named is not there (404)" },
  conflict: { code: 6, meaning: "what is there forbids it, or too much waits already (409, 429)" },
  roostFailed: { code: 7, meaning: "Roost failed, or can't take it now (5xx)" },
  tooLate: { code: 8, meaning: "the time to wait ran out" }
} as const

export type Outcome = keyof typeof exitCodes

/** Of an HTTP status that is no success. */
export const outcomeOfStatus = (status: number): Outcome => {
  if (status === 401 || status === 403) return "notAllowed"
  if (status === 404 || status === 405) return "notThere"
  if (status === 409 || status === 429) return "conflict"
  return status >= 500 ? "roostFailed" : "unusable"
}
