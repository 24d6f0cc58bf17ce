import type { SimulatedNode } from "./SimulatedNode.ts"

/** Looks at all nodes from outside of time: what a device would meet if it asked all of them at this moment. */
export class LeaseChecker {
  readonly violations: Array<string> = []
  longestSilenceMillis = 0
  readonly #partitions: number
  readonly #tokens = new Map<number, { token: number; node: string }>()
  readonly #servedAt = new Map<number, number>()

  constructor(partitions: number) {
    this.#partitions = partitions
  }

  look(now: number, nodes: ReadonlyArray<SimulatedNode>): void {
    const servers = new Map<number, string>()
    for (const node of nodes) {
      for (const [partition, token] of node.serving) {
        const other = servers.get(partition)
        if (other !== undefined)
          this.#violated(`${now.toFixed(1)}: ${other} and ${node.name} serve partition ${partition}`)
        servers.set(partition, node.name)
        this.#served(now, partition, token, node.name)
      }
    }
  }

  /** Silence counts from now on, for partitions that nobody serves too. */
  countSilenceFrom(now: number): void {
    for (const partition of this.#servedAt.keys()) this.#servedAt.set(partition, now)
  }

  expectAllServed(nodes: ReadonlyArray<SimulatedNode>): void {
    if (nodes.length === 0) return
    for (let partition = 0; partition < this.#partitions; partition++) {
      const count = nodes.filter((node) => node.serving.has(partition)).length
      if (count !== 1) this.#violated(`in the end ${count} nodes serve partition ${partition}`)
    }
  }

  #served(now: number, partition: number, token: number, node: string): void {
    const last = this.#tokens.get(partition)
    if (last === undefined || token > last.token) this.#tokens.set(partition, { token, node })
    else if (token < last.token || node !== last.node) {
      this.#violated(
        `${now.toFixed(1)}: ${node} serves partition ${partition} under token ${token}, ${last.node} had ${last.token}`
      )
    }
    const silence = now - (this.#servedAt.get(partition) ?? now)
    this.longestSilenceMillis = Math.max(this.longestSilenceMillis, silence)
    this.#servedAt.set(partition, now)
  }

  #violated(what: string): void {
    if (this.violations.length < violationsMax) this.violations.push(what)
  }
}

const violationsMax = 5
