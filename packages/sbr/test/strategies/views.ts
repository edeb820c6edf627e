// Views in a line of text. `'a.up b.leaving / c.joining'` is a partition as seen by a: it reaches b, and
// not c. `'a b c'` with the observations `'a✗b b✗a'` is a cluster with a broken link.
import {
  DC_ROLE_PREFIX,
  DEFAULT_DC,
  Member,
  memberStatuses,
  NodeAddress,
  NodeIdentity,
  type NodeKey,
} from '@casty/membership'
import {
  nodesToDown,
  type DowningDecision,
  type Lease,
  type Ruling,
  type SbrView,
} from '@casty/sbr'

/** Up where no status is given; as old as the place in the text says where no age is given. */
const memberText =
  /^(?<name>[^.#[@]+)(?:\.(?<status>[a-z-]+))?(?:#(?<age>\d+))?(?:\[(?<roles>[^\]]*)\])?(?:@(?<dc>.+))?$/

/** A node whose name is a host, or host:port. */
export function node(name: string): NodeIdentity {
  const [host = '', port = '1'] = name.split(':')
  return NodeIdentity.of(NodeAddress.of(host, Number(port)), 1)
}

/** Reads `name`, then any of `.status`, `#age`, `[role,role]`, `@dataCenter`. */
export function member(text: string, place: number): Member {
  const { name, status = 'up', age, roles = '', dc } = memberText.exec(text)?.groups ?? {}
  const known = memberStatuses.find((one) => one === status)
  if (name === undefined || !known) throw new Error(`"${text}" is no member`)
  const wasUp = known !== 'joining' && known !== 'weakly-up'
  const upNumber = age === undefined ? place + 1 : Number(age)
  return Member.of({
    node: node(name),
    status: known,
    roles: [
      ...roles.split(',').filter(Boolean),
      ...(dc === undefined ? [] : [DC_ROLE_PREFIX + dc]),
    ],
    ...(wasUp ? { upNumber } : {}),
  })
}

export interface Scene {
  /** As in `'a✗b b✗c'`; in place of what a partition shows. */
  readonly observations?: string
  /** Whom the votes find unreachable. @defaultValue whomever somebody accuses, and those on the other side */
  readonly unreachable?: string
  /** Names of those who have seen the state. @defaultValue those on this side */
  readonly seen?: string
  /** Who looks. @defaultValue the first name */
  readonly self?: string
}

function words(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '')
}

/** A view of what the text says, as its first member has it. */
export function view(text: string, scene: Scene = {}): SbrView {
  const [hereText = '', thereText = ''] = text.split('/')
  const here = words(hereText).map((one, index) => member(one, index))
  const there = words(thereText).map((one, index) => member(one, here.length + index))
  const observations =
    scene.observations === undefined
      ? here.flatMap((observer) => there.map((subject) => [observer.key, subject.key] as const))
      : words(scene.observations).map((one) => {
          const [observer = '', subject = ''] = one.split('✗')
          return [node(observer).key, node(subject).key] as const
        })
  const seen = scene.seen === undefined ? here.map(({ key }) => key) : words(scene.seen).map(keyOf)
  const [first] = here
  const self = scene.self === undefined ? first?.key : keyOf(scene.self)
  if (self === undefined) throw new Error(`"${text}" has nobody who looks`)
  return {
    self,
    dataCenter: first?.dataCenter ?? DEFAULT_DC,
    members: [...here, ...there],
    observations: observations.map(([observer, subject]) => ({
      observer,
      subject,
      status: 'unreachable',
    })),
    unreachable: new Set(
      scene.unreachable === undefined
        ? [...there.map(({ key }) => key), ...observations.map(([, subject]) => subject)]
        : words(scene.unreachable).map(keyOf),
    ),
    seenBy: new Set(seen),
  }
}

/** What one member of a part sees after a clean cut: all here have seen the state, and nobody there is reached. */
export function viewOfPart(
  self: Member,
  here: readonly Member[],
  there: readonly Member[],
): SbrView {
  return {
    self: self.key,
    dataCenter: self.dataCenter,
    members: [...here, ...there],
    observations: here.flatMap((observer) =>
      there.map((subject) => ({
        observer: observer.key,
        subject: subject.key,
        status: 'unreachable' as const,
      })),
    ),
    unreachable: new Set(there.map(({ key }) => key)),
    seenBy: new Set(here.map(({ key }) => key)),
  }
}

function keyOf(name: string): NodeKey {
  return node(name).key
}

/** Hosts of the downed, in order; with the port where it is not the usual one. */
export function downed(ruling: Ruling): string {
  return ruling.down.map(nameOf).join(' ')
}

/** Hosts of those whom a decision downs, in order. */
export function downedBy(seen: SbrView, decision: DowningDecision): string {
  return nodesToDown(seen, decision).map(nameOf).join(' ')
}

function nameOf({ address }: NodeIdentity): string {
  return address.port === 1 ? address.host : address.toString()
}

/** A lease for decisions: they ask for one, and never call it. */
export const uncalledLease: Lease = {
  name: 'test',
  owner: 'test',
  acquire: () => Promise.reject(new Error('a decision calls no lease')),
  release: () => Promise.reject(new Error('a decision calls no lease')),
  checkLease: () => false,
  fence: undefined,
}
