// A world of hosts on one network and one virtual time, all of it decided by one seed. Processes are
// started, stopped, stalled and killed from outside; what they run is production code.
import { ManualClock } from '@casty/clock'
import {
  createMemoryNetwork,
  type NodeAddress,
  type MemoryNetwork,
  type ObservedWrite,
} from '@casty/transport'
import type { SimulatedDisk } from '../storage/simulated-disk.ts'
import type { DiskFaultKind, DiskFaults } from '../storage/disk-faults.ts'
import { addressOf, hostOf } from './addresses.ts'
import { Disks } from './disks.ts'
import { Disturbances } from './disturbances.ts'
import { Links, type Link, type LinkFault } from './links.ts'
import { localNetwork } from './local-network.ts'
import { NodeClock } from './node-clock.ts'
import { forkRandom } from './seeds.ts'
import { SimulatedProcess, type ProcessEnd, type Program } from './simulated-process.ts'
import { Standstills, type ResumeOrder } from './standstills.ts'
import { Trace, type NoteKind, type WriteEvent } from './trace.ts'
import { WorldListeners, type WorldListener } from './world-listeners.ts'
import type { HostOptions, WorldOptions } from './world-options.ts'

/** After its exit, how long a process may take to let go of its last timers. */
const exitGraceMs = 5_000

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
  readonly #disks: Disks
  readonly #standstills: Standstills
  readonly #listeners = new WorldListeners<P>()
  /** The latest process of each host. */
  readonly #processes = new Map<string, SimulatedProcess<P>>()
  readonly #everStarted: SimulatedProcess<P>[] = []
  /** Those that run, in the order of the hosts: asked for after every event. Another list when they change. */
  #running: readonly SimulatedProcess<P>[] = []
  readonly #wallJumpsMs = new Map<string, number>()
  readonly #vanished = new Map<string, Disposable>()

  constructor(options: WorldOptions<P>) {
    const { seed, program, hosts, latencyMs = localNetwork, disk = {}, ...trace } = options
    this.seed = seed
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
    const { clock, network, disturbances } = this
    this.#disks = new Disks(clock, seed, disk)
    this.#links = new Links({ clock, network, disturbances })
    this.#standstills = new Standstills({
      clock,
      network,
      disturbances,
      note: (host, text) => this.note(host, 'process', text),
    })
  }

  get now(): number {
    return this.clock.now()
  }

  addressOf(host: string): NodeAddress {
    return addressOf(host)
  }

  /** The disk of a host. It outlives the processes there. */
  disk(host: string): SimulatedDisk {
    return this.#disks.of(host)
  }

  /** How often each kind of fault of a disk has struck, over all disks. */
  diskFaults(): Readonly<Partial<Record<DiskFaultKind, number>>> {
    return this.#disks.faultCounts()
  }

  /** The process that runs at a host now. */
  running(host: string): SimulatedProcess<P> | undefined {
    const process = this.#processes.get(host)
    return process?.isRunning === true ? process : undefined
  }

  /** Whether the process of a host stands still. */
  isStopped(host: string): boolean {
    return this.#standstills.isStopped(host)
  }

  /** Every process that runs, in the order of the hosts. */
  get processes(): readonly SimulatedProcess<P>[] {
    return this.#running
  }

  /** Every process there ever was, oldest first. */
  get everStarted(): readonly SimulatedProcess<P>[] {
    return this.#everStarted
  }

  listen(listener: WorldListener<P>): void {
    this.#listeners.add(listener)
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
      this.#listeners.rethrow()
      afterEach?.()
    })
    this.#listeners.rethrow()
  }

  /** Starts a process at a host where none runs; nothing happens where one does. */
  start(host: string): void {
    if (this.running(host) !== undefined) return
    this.#vanished.get(host)?.[Symbol.dispose]()
    this.#vanished.delete(host)
    this.#standstills.started(host)
    const life = this.#everStarted.filter((process) => process.host === host).length
    const { rate = 1, wallOffsetMs = 0 } = this.#options.get(host) ?? {}
    const jumpsMs = this.#wallJumpsMs.get(host) ?? 0
    const clock = new NodeClock(this.clock, { rate, wallOffsetMs: wallOffsetMs + jumpsMs })
    const process = new SimulatedProcess<P>({ host, life, startedAt: this.now, clock })
    this.#processes.set(host, process)
    this.#everStarted.push(process)
    this.#countRunning()
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
        address: addressOf(host),
        random: forkRandom(this.seed, `process ${host} ${life}`),
        transport: this.network.transport({ host }),
        fileSystem: this.disk(host).fileSystem({ clock }),
        log: (text) => this.note(host, 'log', text),
        exit: (reason) => this.#exited(process, reason),
      })
      if (!process.isRunning) return
      process.program = program
      this.#listeners.tell((listener) => listener.started?.(process))
    } catch (error) {
      if (!process.isRunning) return
      this.network.kill(addressOf(host))
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
    this.network.kill(addressOf(host))
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
    this.#vanished.set(host, this.#links.cutOff(host, others))
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
    const { order = 'timers-first', asleep = false } = options
    this.#standstills.pause(process, forMs, order, asleep)
  }

  /**
   * Blocks the loop of a process for a while, in the middle of a callback: at the `reads`th time from
   * now that it looks at the clock.
   */
  stall(host: string, forMs: number, reads: number, order: ResumeOrder = 'timers-first'): void {
    const process = this.running(host)
    if (process !== undefined) this.#standstills.stall(process, forMs, reads, order)
  }

  /** Sets the wall clock of a host, forward or back. */
  jumpWall(host: string, byMs: number): void {
    this.#wallJumpsMs.set(host, (this.#wallJumpsMs.get(host) ?? 0) + byMs)
    this.running(host)?.clock.jumpWall(byMs)
  }

  /** Lays a fault on a link for a while. */
  disturb(link: Link, fault: LinkFault, forMs: number): void {
    this.#links.disturb(link, fault, forMs)
  }

  /** Ends every fault of every link; processes that stand still go on by themselves, at their time. */
  healLinks(): void {
    this.#links.heal()
  }

  /** Lays faults on the disk of a host for a while. */
  damageDisk(host: string, faults: Partial<DiskFaults>, forMs: number): void {
    const laid = this.#disks.damage(host, faults)
    this.clock.schedule(forMs, () => laid[Symbol.dispose]())
  }

  /** Ends every fault of every disk; what they destroyed stays destroyed. */
  healDisks(): void {
    this.#disks.heal()
  }

  #exited(process: SimulatedProcess<P>, reason: string): void {
    if (!process.isRunning) return
    // Where it does so in the midst of a block nothing lets it go on later, and what is left to do is done now.
    if (this.isStopped(process.host)) process.clock.thaw()
    this.#ended(process, { how: 'exited', reason, at: this.now })
    this.clock.schedule(exitGraceMs, () => {
      process.leftTimers = process.clock.pendingTimers
      process.clock.kill()
    })
  }

  #ended(process: SimulatedProcess<P>, end: ProcessEnd): void {
    process.end = end
    this.#countRunning()
    this.#standstills.ended(process.host)
    this.note(process.host, 'process', `${end.how}: ${end.reason}`)
    this.#listeners.tell((listener) => listener.ended?.(process))
  }

  #countRunning(): void {
    this.#running = this.hosts.flatMap((host) => this.running(host) ?? [])
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
    this.#listeners.tell((listener) => listener.wrote?.(write))
  }
}
