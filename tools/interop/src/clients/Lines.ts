/** Calls `line` with every whole line of a program's output, without its end. */
export const splitLines = (line: (text: string) => void) => {
  let rest = ""
  return (chunk: Uint8Array): void => {
    const texts = (rest + Buffer.from(chunk).toString("latin1")).split("\n")
    rest = texts.pop()!
    for (const text of texts) line(text)
  }
}
