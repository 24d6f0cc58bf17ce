/** One `NAME=value` of a configuration file. */
export interface FileVariable {
  readonly name: string
  readonly value: string
  /** From 1. */
  readonly line: number
}

/** A line that says nothing that can be used. */
export interface LineFault {
  readonly line: number
  readonly variable: string | undefined
  /** The expected form; nothing of a value, which may be a secret. */
  readonly message: string
}

/** Characters of a configuration file: more is something else. */
export const fileLengthMax = 1024 * 1024

/**
 * Reads lines of `NAME=value`, as files for systemd, Docker and shells have them. `#` begins a line of comment, `export` may stand before a
 * name, quotes around a value. A line that those three read differently is refused, since one of them would start another Roost. Such are
 * text after quotes, ` #` in a value without quotes, and a name given twice.
 */
export const parseConfiguration = (
  text: string
): { readonly variables: ReadonlyArray<FileVariable>; readonly faults: ReadonlyArray<LineFault> } => {
  const variables = new Map<string, FileVariable>()
  const faults: Array<LineFault> = []
  for (const [index, given] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    const line = index + 1
    const content = given.trim()
    if (content === "" || content.startsWith("#")) continue
    const [, name, written] = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(content) ?? []
    if (name === undefined) {
      const variable = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*[:=]/.exec(content)?.[1]
      faults.push({ line, variable, message: "expected NAME=value, without spaces around =" })
      continue
    }
    const value = valueOf(written!.trim())
    const former = variables.get(name)
    if (typeof value !== "string") faults.push({ line, variable: name, ...value })
    else if (former === undefined) variables.set(name, { name, value, line })
    else faults.push({ line, variable: name, message: `expected each variable once; line ${former.line} has it too` })
  }
  return { variables: [...variables.values()], faults }
}

const valueOf = (written: string): string | { readonly message: string } => {
  const quote = written[0]
  if (quote !== '"' && quote !== "'") {
    return /\s#/.test(written)
      ? { message: 'expected quotes around a value with " #", or the comment on a line of its own' }
      : written
  }
  const end = quote === "'" ? /^'[^']*'/.exec(written) : /^"(?:[^"\\]|\\.)*"/.exec(written)
  if (end === null) return { message: `expected ${quote} at the end of the value too: it is one line` }
  if (end[0].length < written.length) return { message: `expected nothing after the closing ${quote}` }
  const inner = written.slice(1, -1)
  return quote === "'" ? inner : inner.replaceAll(/\\(["\\$`])/g, "$1")
}
