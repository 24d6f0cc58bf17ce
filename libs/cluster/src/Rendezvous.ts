/**
 * The node that a partition belongs to among `nodes`: the one whose hash with the partition is highest (rendezvous hashing,
 * Thaler and Ravishankar 1996). A node that joins takes its share from all others, one that leaves gives its share to all others, and
 * nothing else moves. Undefined without nodes; the order of `nodes` does not matter.
 */
export const rendezvousOwner = (partition: number, nodes: ReadonlyArray<string>): string | undefined => {
  let owner: string | undefined
  let highest = -1
  for (const node of nodes) {
    const weight = weightOf(node, partition)
    if (weight > highest || (weight === highest && node < owner!)) {
      owner = node
      highest = weight
    }
  }
  return owner
}

/** FNV-1a over the name and the partition, then the final mix of MurmurHash3: FNV alone barely moves its upper bits. */
const weightOf = (node: string, partition: number): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < node.length; i++) hash = Math.imul(hash ^ node.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (partition & 0xff), 0x01000193)
  hash = Math.imul(hash ^ (partition >>> 8), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
