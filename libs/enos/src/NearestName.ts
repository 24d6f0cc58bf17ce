/**
 * The name that was probably meant. It is the known one that takes the fewest edits (insert, delete, replace, swap of two
 * neighbours), at most a third of what was given. Else it is one of which a part was given, as `product` of `productKey`. Case counts for
 * nothing. Undefined: none is near, or the name is known.
 */
export const nearestName = (given: string, known: Iterable<string>): string | undefined => {
  const meant = given.slice(0, nameLengthMax).toLowerCase()
  let best: string | undefined
  let whole: string | undefined
  let least = Math.floor(meant.length / 3) + 1
  for (const name of known) {
    if (name === given) return undefined
    const lower = name.toLowerCase()
    if (meant.length >= partLengthMin && lower.includes(meant)) whole ??= name
    const edits = editsBetween(meant, lower, least)
    if (edits >= least) continue
    best = name
    least = edits
  }
  return best ?? whole
}

/** Characters of a part: fewer are in many names by chance. */
const partLengthMin = 3

/** Characters of a name that are looked at: what is longer is nobody's typing error. */
const nameLengthMax = 128

/** Damerau's distance (optimal string alignment); `max` where it is that or more. */
const editsBetween = (a: string, b: string, max: number): number => {
  if (Math.abs(a.length - b.length) >= max) return max
  let before: Array<number> = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let edits = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits = Math.min(edits, before[j - 2]! + 1)
      next.push(edits)
    }
    before = row
    row = next
  }
  return Math.min(max, row[b.length]!)
}
