export interface MicroFigure {
  readonly name: string
  readonly value: string
  readonly unit: string
}

/** The figures in what a benchmark printed: lines of `3.3 µs  name` or `name: 3.3 µs …`, with ns, µs, ms, B or bytes. */
export const figuresIn = (output: string): ReadonlyArray<MicroFigure> =>
  output.split("\n").flatMap((line) => {
    const before = /^\s*([\d.]+) (ns|µs|ms|B|bytes)\s+(\S.*)$/.exec(line)
    if (before !== null) return [{ name: before[3]!, value: before[1]!, unit: before[2]! }]
    const after = /^\s*(\S.*): ([\d.]+) ((?:ns|µs|ms|B|bytes)\b.*)$/.exec(line)
    return after === null ? [] : [{ name: after[1]!, value: after[2]!, unit: after[3]! }]
  })
