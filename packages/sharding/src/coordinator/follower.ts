import type { NodeIdentity } from '@casty/transport'
import type { TypeSettings } from '../protocol.ts'
import { noVersion, type Version } from '../table/version.ts'

/** What a coordinator knows of one member in its term. Mutable, and of the term alone. */
export class Follower {
  readonly node: NodeIdentity
  /** The latest round that it answered; 0 before the first. */
  round = 0
  /** When the first answer to that round came. */
  receivedAt: number = Number.NEGATIVE_INFINITY
  /** Where its table stands, as it told last. */
  version: Version = noVersion
  /** Up to where its table took effect, as it told last. */
  applied: Version = noVersion
  /** What it was sent last, on top of `version`, and when. */
  sent: { readonly version: Version; readonly at: number } | undefined
  /** The latest committed version that it was told. */
  told: Version = noVersion
  /** The latest round for whose answer it was granted a lease. */
  grantedRound = 0
  /** No lease before this version is committed: it takes shards away that the node had not released. */
  withheldUntil: Version | undefined
  /** Its `regions` message; none came where the version is 0. */
  regionsVersion = 0
  types: ReadonlyMap<string, TypeSettings> = new Map()

  constructor(node: NodeIdentity) {
    this.node = node
  }

  get hasAnswered(): boolean {
    return this.round > 0
  }
}
