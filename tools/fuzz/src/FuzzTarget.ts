/**
 * A lib's inputs to be fuzzed: `fuzz/FuzzTargets.ts` of a project exports an array `fuzzTargets` of them. The shape is
 * structural, so that no protocol lib has to import a tool.
 */
export interface FuzzTarget {
  /** Unique in its project; names the files of its corpus and crashers. */
  readonly name: string
  /** Bytes of the longest input that is tried. */
  readonly bytesMax?: number
  /** Valid inputs to begin with; random bytes alone seldom get past a first length field. */
  readonly seeds: () => ReadonlyArray<Uint8Array>
  /** Throws where something that must hold does not. Deterministic: it may depend on nothing but its input. */
  readonly run: (input: Uint8Array) => void
}

export const inputBytesMaxDefault = 1024
