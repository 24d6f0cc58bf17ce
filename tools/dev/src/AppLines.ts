/** Decides whether a line of an app's log is worth a line at the terminal of `npm start`. */
export type AppLine =
  | { readonly _tag: "Problem"; readonly text: string }
  /** The configuration is wrong: no further start would mend it. */
  | { readonly _tag: "Misconfigured"; readonly text: string }

/** `started`: everything was ready once; until then `npm start` says itself what it waits for. Undefined: the log is enough. */
export const readAppLine = (line: string, started: boolean): AppLine | undefined => {
  if (!line.startsWith("{")) return undefined
  let entry: { readonly level?: unknown; readonly message?: unknown }
  try {
    entry = JSON.parse(line)
  } catch {
    return undefined
  }
  const { level, message } = entry
  if (typeof message !== "string" || !problems.has(String(level))) return undefined
  if (level === "FATAL" && message.startsWith("configuration: ")) {
    return { _tag: "Misconfigured", text: message.slice("configuration: ".length) }
  }
  // Each app would say the same of the one environment.
  if (message.startsWith("configuration: ")) return undefined
  if (!started && /^(?:not ready|ready, but degraded)/.test(message)) return undefined
  return { _tag: "Problem", text: message }
}

const problems = new Set(["WARN", "ERROR", "FATAL"])
