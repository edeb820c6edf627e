// A world of hosts on one network and one virtual time, all of it decided by one seed. Processes are
// started, stopped, stalled and killed from outside; what they run is production code.
import { ManualClock, type Random } from '@casty/clock'
import {
  createMemoryNetwork,
  NodeAddress,
  type Latency,
  type MemoryNetwork,
  type ObservedWrite,
} from '@casty/transport'
import { SimulatedDisk } from '../storage/simulated-disk.ts'
import type { DiskFaultKind } from '../storage/disk-faults.ts'
import type { SimulatedDiskSettings } from '../storage/disk-options.ts'
import { Disturbances } from './disturbances.ts'
import { isMild, Links, type Link, type LinkFault } from './links.ts'
import { NodeClock, type ClockSkew } from './node-clock.ts'
import { forkRandom } from './seeds.ts'
import { SimulatedProcess, type ProcessEnd, type Program } from './simulated-process.ts'
import { Trace, type NoteKind, type TraceOptions, type WriteEvent } from './trace.ts'

export interface WorldOptions<P> extends TraceOptions {
  readonly seed: number
  readonly program: Program<P>
  readonly hosts: readonly HostOptions[]
  /** Time of one write on a link, in milliseconds. @defaultValue 0.2 plus exponential, 0.8 on average */
  readonly latencyMs?: Latency
  /** How fast and large every disk is. @defaultValue `simulatedDiskDefaults` */
  readonly disk?: Partial<SimulatedDiskSettings>
}

/** A machine, with a clock that may be wrong. */
export interface HostOptions extends ClockSkew {
  readonly name: string
}

/** What the watchers of a world are told. */
export interface WorldListener<P> {
  started?(process: SimulatedProcess<P>): void
  ended?(process: SimulatedProcess<P>): void
  wrote?(write: WriteEvent): void
}

/** What a process that goes on does first: the loop may stand at either place. */
export type ResumeOrder = 'timers-first' | 'sockets-first'

/** The port of every host. */
export const port = 1
/** After its exit, how long a process may take to let go of its last timers. */
const exitGraceMs = 5_000
/** A stall that no read of the time sets off begins after this. */
const stallAnywayMs = 20
const afterSockets = 1e-3

/** A network within one data center. @see reliability targets of the design: 0.2 ms + Exp(0.8 ms) */
export function localNetwork(random: Random): number {
  return 0.2 - 0.8 * Math.log(1 - random())
}

/** Hosts on one network and one virtual time. `Run` makes one for each plan; it can be used alone as well. */
export class World<P> {
  readonly seed: number
  readonly clock: ManualClock
  readonly network: MemoryNetwork
  readonly trace: Trace
  readonly disturbances: Disturbances = new Disturbances()
  readonly hosts: readonly string[]
  readonly #options: ReadonlyMap<string, HostOptions>
  readonly #program: Program<P>
  readonly #links: Links
  readonly #diskOptions: Partial<SimulatedDiskSettings>
  readonly #disks = new Map<string, SimulatedDisk>()
  readonly #listeners: WorldListener<P>[] = []
  /** The latest process of each host. */
  readonly #processes = new Map<string, SimulatedProcess<P>>()
  readonly #everStarted: SimulatedProcess<P>[] = []
  /** How often a host was stopped without having gone on. */
  readonly #stops = new Map<string, number>()
  readonly #stoppedHosts = new Map<string, { over(at: number): void }>()
  readonly #wallJumpsMs = new Map<string, number>()
  readonly #vanished = new Map<string, Disposable>()
  readonly #faults = new Set<Disposable>()
  /** What a listener threw. */
  #broken: { readonly error: unknown } | undefined

  constructor(options: WorldOptions<P>) {
    const { seed, program, hosts, latencyMs = localNetwork, disk = {}, ...trace } = options
    this.seed = seed
    this.#diskOptions = disk
    this.#program = program
    this.clock = new ManualClock({ tieBreak: forkRandom(seed, 'order of equal instants') })
    this.trace = new Trace(trace)
    this.network = createMemoryNetwork({
      clock: this.clock,
      random: forkRandom(seed, 'network'),
      latencyMs,
      observe: (write) => this.#observe(write),
    })
    this.hosts = hosts.map(({ name }) => name)
    this.#options = new Map(hosts.map((host) => [host.name, host]))
    this.#links = new Links(this.network, (host) => this.addressOf(host))
  }

  get now(): number {
    return this.clock.now()
  }

  addressOf(host: string): NodeAddress {
    return NodeAddress.of(host, port)
  }

  /** The disk of a host. It outlives the processes there. */
  disk(host: string): SimulatedDisk {
    const existing = this.#disks.get(host)
    if (existing !== undefined) return existing
    const disk = new SimulatedDisk({
      clock: this.clock,
      random: forkRandom(this.seed, `disk ${host}`),
      ...this.#diskOptions,
    })
    this.#disks.set(host, disk)
    return disk
  }

  /** How often each kind of fault of a disk has struck, over all disks. */
  diskFaults(): Readonly<Partial<Record<DiskFaultKind, number>>> {
    const sums: Partial<Record<DiskFaultKind, number>> = {}
    for (const disk of this.#disks.values()) {
      for (const [kind, count] of Object.entries(disk.faultCounts) as [DiskFaultKind, number][]) {
        if (count > 0) sums[kind] = (sums[kind] ?? 0) + count
      }
    }
    return sums
  }

  /** The process that runs at a host now. */
  running(host: string): SimulatedProcess<P> | undefined {
    const process = this.#processes.get(host)
    return process?.isRunning === true ? process : undefined
  }

  /** Whether the process of a host stands still. */
  isStopped(host: string): boolean {
    return (this.#stops.get(host) ?? 0) > 0
  }

  /** Every process that runs, in the order of the hosts. */
  get processes(): readonly SimulatedProcess<P>[] {
    return this.hosts.flatMap((host) => this.running(host) ?? [])
  }

  /** Every process there ever was, oldest first. */
  get everStarted(): readonly SimulatedProcess<P>[] {
    return this.#everStarted
  }

  listen(listener: WorldListener<P>): void {
    this.#listeners.push(listener)
  }

  note(host: string, kind: NoteKind, text: string): void {
    this.trace.note(this.now, host, kind, text)
  }

  /**
   * Lets time pass. Rejects with what a listener, or a timer of a program, throws meanwhile.
   *
   * @param afterEach - called after each event and all that followed from it
   */
  async run(ms: number, afterEach?: () => void): Promise<void> {
    await this.clock.advanceAsync(ms, () => {
      this.#rethrow()
      afterEach?.()
    })
    this.#rethrow()
  }

  /** Listeners are called in the midst of programs, which may catch what they throw. */
  #tell(tell: (listener: WorldListener<P>) => void): void {
    for (const listener of this.#listeners) {
      try {
        tell(listener)
      } catch (error) {
        this.#broken ??= { error }
      }
    }
  }

  #rethrow(): void {
    if (this.#broken !== undefined) throw this.#broken.error
  }

  /** Starts a process at a host where none runs; nothing happens where one does. */
  start(host: string): void {
    if (this.running(host) !== undefined) return
    this.#vanished.get(host)?.[Symbol.dispose]()
    this.#vanished.delete(host)
    this.#goesOn(host)
    const life = this.#everStarted.filter((process) => process.host === host).length
    const { rate = 1, wallOffsetMs = 0 } = this.#options.get(host) ?? {}
    const jumpsMs = this.#wallJumpsMs.get(host) ?? 0
    const clock = new NodeClock(this.clock, { rate, wallOffsetMs: wallOffsetMs + jumpsMs })
    const process = new SimulatedProcess<P>({ host, life, startedAt: this.now, clock })
    this.#processes.set(host, process)
    this.#everStarted.push(process)
    this.note(host, 'process', `starts${life === 0 ? '' : `, life ${life + 1}`}`)
    void this.#launch(process)
  }

  async #launch(process: SimulatedProcess<P>): Promise<void> {
    const { host, life, clock } = process
    try {
      const program = await this.#program({
        host,
        life,
        clock,
        address: this.addressOf(host),
        random: forkRandom(this.seed, `process ${host} ${life}`),
        transport: this.network.transport({ host }),
        fileSystem: this.disk(host).fileSystem({ clock }),
        log: (text) => this.note(host, 'log', text),
        exit: (reason) => this.#exited(process, reason),
      })
      if (!process.isRunning) return
      process.program = program
      this.#tell((listener) => listener.started?.(process))
    } catch (error) {
      if (!process.isRunning) return
      this.network.kill(this.addressOf(host))
      clock.kill()
      this.#ended(process, { how: 'failed', reason: String(error), at: this.now })
    }
  }

  /** Ends a process as SIGKILL does: its host answers for it, and keeps what it wrote. */
  crash(host: string): void {
    this.#kill(host, false)
  }

  #kill(host: string, powerLost: boolean): void {
    const process = this.running(host)
    if (process === undefined) return
    this.network.kill(this.addressOf(host))
    process.clock.kill()
    if (powerLost) this.disk(host).crash()
    else this.disk(host).kill()
    this.#ended(process, {
      how: 'crashed',
      reason: powerLost ? 'power lost' : 'killed',
      at: this.now,
    })
  }

  /**
   * The machine loses its power, and what was not synced: nothing of it is heard, until a process is
   * started there again.
   */
  vanish(host: string): void {
    if (this.running(host) === undefined) return
    const others = this.hosts.filter((other) => other !== host)
    const cut: LinkFault = { type: 'cut', mode: 'silent' }
    const cuts = others.flatMap((other) => [
      this.#links.add({ from: host, to: other }, cut),
      this.#links.add({ from: other, to: host }, cut),
    ])
    this.#vanished.set(host, {
      [Symbol.dispose]: () => {
        for (const one of cuts) one[Symbol.dispose]()
      },
    })
    this.#kill(host, true)
  }

  /** Stops a process as SIGSTOP does, or, `asleep`, its machine with its clock, for a while. */
  pause(
    host: string,
    forMs: number,
    options: { readonly order?: ResumeOrder; readonly asleep?: boolean } = {},
  ): void {
    const process = this.running(host)
    if (process === undefined) return
    this.#freeze(process, options.asleep ?? false)
    this.clock.schedule(forMs, () => this.#thaw(process, options.order ?? 'timers-first'))
  }

  /**
   * Blocks the loop of a process for a while, in the middle of a callback: at the `reads`th time from
   * now that it looks at the clock.
   */
  stall(host: string, forMs: number, reads: number, order: ResumeOrder = 'timers-first'): void {
    const process = this.running(host)
    if (process === undefined || process.clock.isBlockPending) return
    process.clock.blockSoon(reads, forMs, () => {
      if (!process.isRunning) return
      this.#freeze(process, false)
      this.clock.schedule(forMs, () => this.#thaw(process, order))
    })
    this.clock.schedule(stallAnywayMs, () => process.clock.blockNow())
  }

  /** Sets the wall clock of a host, forward or back. */
  jumpWall(host: string, byMs: number): void {
    this.#wallJumpsMs.set(host, (this.#wallJumpsMs.get(host) ?? 0) + byMs)
    this.running(host)?.clock.jumpWall(byMs)
  }

  /** Lays a fault on a link for a while. */
  disturb(link: Link, fault: LinkFault, forMs: number): void {
    const laid = this.#links.add(link, fault)
    const known = isMild(fault)
      ? undefined
      : this.disturbances.linkWorsens(link.from, link.to, this.now)
    const end: Disposable = {
      [Symbol.dispose]: () => {
        if (!this.#faults.delete(end)) return
        laid[Symbol.dispose]()
        known?.over(this.now)
      },
    }
    this.#faults.add(end)
    this.clock.schedule(forMs, () => end[Symbol.dispose]())
  }

  /** Ends every fault of every link; processes that stand still go on by themselves, at their time. */
  healLinks(): void {
    for (const fault of this.#faults) fault[Symbol.dispose]()
  }

  /** Ends every fault of every disk; what they destroyed stays destroyed. */
  healDisks(): void {
    for (const disk of this.#disks.values()) disk.heal()
  }

  #freeze(process: SimulatedProcess<P>, asleep: boolean): void {
    const { host } = process
    const stops = this.#stops.get(host) ?? 0
    this.#stops.set(host, stops + 1)
    process.clock.freeze({ asleep })
    if (stops > 0) return
    this.note(host, 'process', 'stands still')
    this.network.pause(this.addressOf(host))
    this.#standsStill(host)
  }

  #thaw(process: SimulatedProcess<P>, order: ResumeOrder): void {
    const { host } = process
    if (!process.isRunning) return
    const stops = (this.#stops.get(host) ?? 1) - 1
    this.#stops.set(host, stops)
    if (stops > 0) return
    this.note(host, 'process', `goes on, ${order}`)
    this.#goesOn(host)
    const resume = (): void => this.network.resume(this.addressOf(host))
    if (order === 'sockets-first') {
      resume()
      process.clock.thaw(afterSockets)
    } else {
      process.clock.thaw()
      this.clock.schedule(afterSockets, () => {
        if (process.isRunning) resume()
      })
    }
  }

  #standsStill(host: string): void {
    if (!this.#stoppedHosts.has(host)) {
      this.#stoppedHosts.set(host, this.disturbances.hostStops(host, this.now))
    }
  }

  #goesOn(host: string): void {
    this.#stoppedHosts.get(host)?.over(this.now)
    this.#stoppedHosts.delete(host)
  }

  #exited(process: SimulatedProcess<P>, reason: string): void {
    if (!process.isRunning) return
    this.#ended(process, { how: 'exited', reason, at: this.now })
    this.clock.schedule(exitGraceMs, () => {
      process.leftTimers = process.clock.pendingTimers
      process.clock.kill()
    })
  }

  #ended(process: SimulatedProcess<P>, end: ProcessEnd): void {
    process.end = end
    this.#stops.delete(process.host)
    this.#standsStill(process.host)
    this.note(process.host, 'process', `${end.how}: ${end.reason}`)
    this.#tell((listener) => listener.ended?.(process))
  }

  #observe({ stage, id, from, to, bytes }: ObservedWrite): void {
    const [sender, receiver] = [hostOf(from), hostOf(to)]
    const write: WriteEvent = {
      type: 'write',
      at: this.now,
      stage,
      id,
      from: sender,
      to: receiver,
      bytes,
    }
    this.trace.write(write)
    this.#tell((listener) => listener.wrote?.(write))
  }
}

/** `b` of `b:1` or `b:1#17`. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'))
}
