// The processes of a run: starts, kills, pauses and ends them, and turns what they report into news.
import type { Relay } from 'casty-relay'
import type { Failure, Ending, News, Sides } from './news.ts'
import { NodeProcess } from './node-process.ts'
import type { Report } from './protocol.ts'

/** How long a process may take to end by itself, and how long a node may take to explain itself. */
const stopPatienceMs = 1_000
const explainPatienceMs = 1_000

/** One place in the cluster: it keeps its name and address, while processes come and go. */
interface Place {
  readonly name: string
  /** Of the node, once one has listened here. */
  address: string | undefined
  process: NodeProcess | undefined
  /** Ready to run and not told yet: the others wait until the first node listens. */
  waits: boolean
  explained: ((summary: string) => void) | undefined
}

export class Ensemble implements AsyncDisposable {
  readonly #clusterName: string
  readonly #tell: (news: News) => void
  readonly #relay: Relay | undefined
  readonly #places = new Map<string, Place>()
  readonly #killNow = (): void => {
    for (const { process } of this.#places.values()) process?.killNow()
  }

  /** @param relay - of a network that can be cut: disposed of with the processes */
  constructor(clusterName: string, tell: (news: News) => void, relay?: Relay) {
    this.#clusterName = clusterName
    this.#tell = tell
    this.#relay = relay
    process.on('exit', this.#killNow)
  }

  /** In the order in which they were first started. */
  get names(): readonly string[] {
    return [...this.#places.keys()]
  }

  isAlive(name: string): boolean {
    return this.#places.get(name)?.process !== undefined
  }

  isPaused(name: string): boolean {
    return this.#places.get(name)?.process?.isPaused ?? false
  }

  /** Starts n1 to n`count`: all processes at once, while the nodes wait for the first to listen. */
  launch(count: number, port: number | undefined): void {
    for (let number = 1; number <= count; number++) this.#open(this.#newPlace())
    const [first] = this.#places.values()
    if (first) this.#startNode(first, port ?? 0)
  }

  /** Starts one node more, and returns its name. */
  add(): string {
    const place = this.#newPlace()
    this.#open(place)
    this.#startNode(place, 0)
    return place.name
  }

  kill(name: string): void {
    this.#places.get(name)?.process?.kill()
  }

  pause(name: string): void {
    this.#places.get(name)?.process?.pause()
    this.#tellSiblings() // Before anybody can answer the news by killing the demo.
    this.#tell({ type: 'process-paused', node: name })
  }

  resume(name: string): void {
    this.#places.get(name)?.process?.resume()
    this.#tell({ type: 'process-resumed', node: name })
    this.#tellSiblings()
  }

  leave(name: string): void {
    this.#places.get(name)?.process?.send({ type: 'leave' })
  }

  /** Starts a new process at the address of one that is gone. */
  restart(name: string): void {
    const place = this.#places.get(name)
    if (!place || place.process) return
    this.#open(place)
    this.#startNode(place, portOf(place.address))
  }

  /** Cuts every link between the two sides. */
  cut(sides: Sides): void {
    const [left, right] = sides.map((names) => names.map((name) => this.#addressOf(name)))
    this.#relay?.partition(left ?? [], right ?? [])
    this.#tell({ type: 'network-cut', sides })
  }

  mend(): void {
    this.#relay?.heal()
    this.#tell({ type: 'network-mended' })
  }

  /** What the node says of itself; that it does not answer, where it does not. */
  async explain(name: string): Promise<string> {
    const place = this.#places.get(name)
    if (!place?.process) return 'Its process is gone.'
    const { process: asked } = place
    if (asked.isPaused) return 'Its process is stopped.'
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve('It does not answer.'), explainPatienceMs)
      place.explained = (summary) => {
        clearTimeout(timer)
        resolve(summary)
      }
      asked.send({ type: 'explain' })
    })
  }

  /** Ends every process; afterwards none is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    const processes = [...this.#places.values()].flatMap((place) => place.process ?? [])
    await Promise.all(processes.map((running) => running.stop(stopPatienceMs)))
    await this.#relay?.[Symbol.asyncDispose]()
    process.off('exit', this.#killNow)
  }

  #addressOf(name: string): string {
    const address = this.#places.get(name)?.address
    if (address === undefined) throw new Error(`No node has listened as ${name}.`)
    return address
  }

  #newPlace(): Place {
    const name = `n${this.#places.size + 1}`
    const place: Place = {
      name,
      address: undefined,
      process: undefined,
      waits: true,
      explained: undefined,
    }
    this.#places.set(name, place)
    return place
  }

  #open(place: Place): void {
    const opened = new NodeProcess({
      reported: (report) => this.#heed(place, report),
      ended: (ending, failure) => this.#closed(place, opened, ending, failure),
    })
    place.process = opened
    place.waits = true
    this.#tell({ type: 'process-started', node: place.name, pid: opened.pid })
    this.#tellSiblings()
  }

  /** With nobody to ask, the node forms the cluster; while another one is about to, it waits. */
  #startNode(place: Place, port: number): void {
    const others = [...this.#places.values()].filter((other) => other.process && other !== place)
    const seedNodes = others.flatMap(({ address }) => address ?? [])
    place.waits = seedNodes.length === 0 && others.some(({ waits }) => !waits)
    if (place.waits) return
    const { name } = place
    const clusterName = this.#clusterName
    const partition = this.#relay && { relay: String(this.#relay.address) }
    const settings = { name, clusterName, port, seedNodes, partition }
    place.process?.send({ type: 'start', settings })
  }

  #heed(place: Place, report: Report): void {
    const node = place.name
    switch (report.type) {
      case 'listening': {
        const { address, incarnation } = report
        place.address = address
        this.#tell({ type: 'node-listening', node, address, incarnation })
        for (const waiting of this.#places.values()) {
          if (waiting.waits) this.#startNode(waiting, portOf(waiting.address))
        }
        return
      }
      case 'event':
        this.#tell({ type: 'node-event', node, event: report.event })
        return
      case 'view':
        this.#tell({ type: 'node-view', node, view: report.view })
        return
      case 'explanation':
        place.explained?.(report.summary)
        return
      case 'left':
      case 'failed':
        return // The end of the process says so.
    }
  }

  #closed(place: Place, ended: NodeProcess, ending: Ending, failure: Failure | undefined): void {
    if (place.process === ended) place.process = undefined
    this.#tell({ type: 'process-ended', node: place.name, pid: ended.pid, ending, failure })
    this.#tellSiblings()
  }

  /** Should the demo be killed, those that run wake those that are stopped, so that all can end. */
  #tellSiblings(): void {
    const processes = [...this.#places.values()].flatMap(({ process }) => process ?? [])
    const pids = processes.filter(({ isPaused }) => isPaused).map(({ pid }) => pid)
    for (const sibling of processes) {
      if (!sibling.isPaused) sibling.send({ type: 'stopped-siblings', pids })
    }
  }
}

function portOf(address: string | undefined): number {
  return address === undefined ? 0 : Number(address.slice(address.lastIndexOf(':') + 1))
}
