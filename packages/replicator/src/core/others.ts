/** The other nodes that hold values. Mutable, and of one core. */
export class Others {
  readonly self: string
  /** In an order that stays. */
  nodes: readonly string[] = []
  #reachable: ReadonlySet<string> = new Set()

  constructor(self: string) {
    this.self = self
  }

  /** @returns those that came */
  change(nodes: readonly string[], reachable: ReadonlySet<string>): readonly string[] {
    const came = nodes.filter((node) => !this.nodes.includes(node))
    this.nodes = nodes
    this.#reachable = reachable
    return came
  }

  /** With this one. */
  get count(): number {
    return this.nodes.length + 1
  }

  isReachable(node: string): boolean {
    return this.#reachable.has(node)
  }

  get inReach(): readonly string[] {
    return this.nodes.filter((node) => this.#reachable.has(node))
  }

  /** This one or another. */
  has(node: string): boolean {
    return node === this.self || this.nodes.includes(node)
  }
}
