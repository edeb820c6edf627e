// Clusters that show what a test tells them to show: histories that a right program never makes, for
// checkers that have to find them.
import {
  ClusterState,
  Member,
  memberStatuses,
  NodeAddress,
  NodeIdentity,
  type Cluster,
  type ClusterExplanation,
} from '@casty/membership'
import type { AssociationReport, LaneReport } from '@casty/transport'
import {
  membershipScenario,
  planOf,
  Run,
  type MembershipRun,
  type Plan,
  type RunResult,
  type Scenario,
  type Watcher,
} from '../../src/index.ts'

export type MembershipWatcher = Watcher<Cluster, ClusterState>
type MembershipScenario = Scenario<Cluster, ClusterState>

/** `b` is the first life of host `b`, `b#2` its second. */
export function node(name: string): NodeIdentity {
  const [host = '', life = '1'] = name.split('#')
  return NodeIdentity.of(NodeAddress.of(host, 1), Number(life))
}

/** `b.up`, `b#2.joining`, `b.up^3` with its age, `b.up@west` with its data center. */
function member(text: string): Member {
  const match = /^([^.]+)\.([a-z-]+)(?:\^(\d+))?(?:@([a-z]+))?$/.exec(text)
  const status = memberStatuses.find((known) => known === match?.[2])
  if (match?.[1] === undefined || status === undefined) throw new Error(`no member: ${text}`)
  const age = match[3] === undefined ? {} : { upNumber: Number(match[3]) }
  const roles = match[4] === undefined ? [] : [`dc-${match[4]}`]
  return Member.of({ node: node(match[1]), status, roles, ...age })
}

/** `a.up b.down | a✗b`: the members, and who finds whom unreachable; seen by all. */
export function stateOf(text: string): ClusterState {
  const [members = '', observations = ''] = text.split('|').map((part) => part.trim())
  const all = members.split(/\s+/).filter(Boolean).map(member)
  const [first] = all
  if (first === undefined) return ClusterState.empty
  const state = ClusterState.empty.with({ clusterId: 'one' }).mergeMembers(all, first.node)
  const observed = observations
    .split(/\s+/)
    .filter(Boolean)
    .reduce((before, pair) => {
      const [observer = '', subject = ''] = pair.split('✗')
      return before.markUnreachable(node(subject), node(observer))
    }, state)
  return observed.with({ seen: new Set(all.map(({ key }) => key)) })
}

/** What the code under test sees of a cluster, and nothing behind it. */
export class Puppet {
  readonly self: NodeIdentity
  readonly downed: string[] = []
  /** What it is to do before its exit. */
  readonly tasks: (() => Promise<void>)[] = []
  /** What its transport says of itself. */
  associations: readonly AssociationReport[] = []
  handshakes = 0
  /** What its `leave` comes to. */
  leaves: 'left' | 'gave-up' = 'left'
  #state: ClusterState

  /** Ends its process. */
  readonly exit: (reason: string) => void

  constructor(self: NodeIdentity, members: string, exit: (reason: string) => void) {
    this.self = self
    this.exit = exit
    this.#state = ClusterState.empty
    this.show(members)
  }

  show(state: string | ClusterState): void {
    const shown = typeof state === 'string' ? stateOf(state) : state
    this.#state = shown.with({ viewer: this.self.key })
  }

  /** As it is, though it may be no state that there could be. */
  showRaw(state: ClusterState): void {
    this.#state = state
  }

  getState(): ClusterState {
    return this.#state
  }

  get selfMember(): Member | undefined {
    return this.#state.member(this.self)
  }

  explain(): Pick<ClusterExplanation, 'summary' | 'transport'> {
    const transport = { associations: this.associations, pendingHandshakes: this.handshakes }
    return {
      summary: 'a puppet',
      transport: transport as unknown as ClusterExplanation['transport'],
    } // All that checkers read.
  }

  subscribe(): Disposable {
    return { [Symbol.dispose]() {} }
  }

  beforeExit(task: () => Promise<void>): Disposable {
    this.tasks.push(task)
    return { [Symbol.dispose]() {} }
  }

  async leave(): Promise<'left' | 'gave-up'> {
    return await Promise.resolve(this.leaves)
  }

  down({ key }: NodeIdentity): void {
    this.downed.push(key)
  }
}

/** What happens when: milliseconds from the beginning, in the chaos. */
export type Script = readonly (readonly [at: number, what: (run: MembershipRun) => void])[]

export function puppet(run: MembershipRun, host: string): Puppet {
  const program = run.world.running(host)?.program
  if (program === undefined) throw new Error(`Nobody runs at ${host}`)
  return program as unknown as Puppet // Made by `play`.
}

/** A host shows another state. */
export function shows(host: string, state: string | ClusterState): (run: MembershipRun) => void {
  return (run) => puppet(run, host).show(state)
}

export interface PlayOptions {
  readonly hosts?: string
  /** What every process shows when it starts. */
  readonly members?: string
  readonly chaosMs?: number
  readonly seed?: number
  readonly settings?: Plan['settings']
  readonly watch?: (run: MembershipRun) => readonly MembershipWatcher[]
  readonly heal?: MembershipScenario['heal']
}

/** Plays a script to its end. */
export async function play(script: Script, options: PlayOptions = {}): Promise<RunResult> {
  const { hosts = 'a b c', members = '', chaosMs = 60_000, seed = 1 } = options
  const names = hosts.split(' ')
  const scenario: MembershipScenario = {
    ...membershipScenario,
    actions: script.map(([, what], index) => ({
      type: `step ${index}`,
      kind: 'workload',
      weight: 1,
      draw: () => ({}),
      perform: what,
    })),
    program:
      () =>
      async ({ host, life, exit }) =>
        new Puppet(node(`${host}#${life + 1}`), members, exit) as unknown as Cluster, // All that watchers use.
    watch: options.watch ?? (() => []),
    heal: options.heal ?? (() => []),
  }
  const starts = names.map((host) => ({ at: 0, type: 'start', parameters: { host } }))
  const steps = script.map(([at], index) => ({ at, type: `step ${index}`, parameters: {} }))
  return await Run.of(scenario, {
    ...planOf(membershipScenario, seed),
    hosts: names.map((name) => ({ name })),
    settings: { tombstoneTtlMs: 86_400_000, minMembers: 1, ...options.settings },
    chaosMs,
    actions: [...starts, ...steps],
  })
}

/** `checker: text` of each violation; most checkers are shown bad histories that have one. */
export function complaints({ violations }: RunResult): readonly string[] {
  return violations.map(({ checker, text }) => `${checker}: ${text}`)
}

/** Complaints of one checker about a script. */
export async function judge(
  checker: (run: MembershipRun) => MembershipWatcher,
  script: Script,
  options: PlayOptions = {},
): Promise<readonly string[]> {
  return complaints(await play(script, { ...options, watch: (run) => [checker(run)] }))
}

const openLane: LaneReport = {
  state: 'open',
  queuedFrames: 0,
  queuedBytes: 0,
  blocked: false,
  failures: 0,
  nextDialInMs: 0,
}

/** A connection that a puppet may say it has. */
export function associationWith(
  peer: string,
  control: Partial<LaneReport> = {},
): AssociationReport {
  return {
    peer,
    trust: 'member',
    kept: true,
    gone: false,
    lastHeardAt: 0,
    control: { ...openLane, ...control },
    data: { ...openLane, state: 'idle' },
  }
}
