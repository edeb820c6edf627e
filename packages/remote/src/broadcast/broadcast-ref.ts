import { ActorError, type ActorRef, type AskOptions } from '@casty/actor'
import type { Member, NodeIdentity, NodeKey } from '@casty/membership'
import { RemoteError } from '../errors.ts'
import type { RemoteReader } from '../remote-node.ts'

/** Which members a {@link BroadcastRef} reaches. */
export interface BroadcastOptions {
  /** Those with this role only. @defaultValue all members that are up */
  readonly role?: string
}

/** A node that did not answer. */
export interface MissingAnswer {
  readonly node: NodeIdentity
  /** `CASTY_ACTOR_ASK_TIMEOUT`, or `CASTY_ACTOR_ASK_UNANSWERED` where no answer can come any more. */
  readonly why: ActorError
}

/** What became of a question to many. */
export interface CollectedAnswers<R> {
  /** By nodes, in the order of their addresses. */
  readonly answers: ReadonlyMap<NodeKey, R>
  readonly missing: readonly MissingAnswer[]
}

/**
 * The actors at one path of all members that are up, whoever they are when a message is sent. It may be sent to any node,
 * and means the same there.
 */
export class BroadcastRef<in M> implements ActorRef<M> {
  readonly path: string
  readonly #node: RemoteReader
  /** Those with this role only. */
  readonly role: string | undefined

  /** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION`: with a role misspelt it would reach all */
  constructor(node: RemoteReader, path: string, options: BroadcastOptions = {}) {
    checkOptions(options)
    this.#node = node
    this.path = path
    this.role = options.role
  }

  /** The nodes that a message goes to now, by address. */
  get nodes(): readonly NodeIdentity[] {
    const { members } = this.#node.cluster.getState()
    return members.filter((member) => this.#reaches(member)).map(({ node }) => node)
  }

  /**
   * Sends a message to each, at most once.
   *
   * @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE`, `CASTY_REMOTE_MESSAGE_TOO_LARGE`
   */
  tell(message: M): void {
    const { self } = this.#node.cluster
    // This node last, where nothing has to be sent: what cannot be sent reaches nobody.
    const nodes = this.nodes.toSorted((left, right) => +left.equals(self) - +right.equals(self))
    for (const node of nodes) this.#node.ref<M>(node, this.path).tell(message)
  }

  /**
   * Asks each, and waits until all have answered, or will not any more, or the time is over: then with the
   * answers that there are, and with those who are missing and why.
   *
   * @param makeMessage - called for each node, with the ref that it is to answer to
   * @param options - as of `ActorSystem.ask`, which also says how it rejects; a deadline, or an answer that
   * cannot come, rejects nothing here
   */
  async ask<R, const Q extends M = M>(
    makeMessage: (replyTo: ActorRef<R>) => Q,
    options?: AskOptions,
  ): Promise<CollectedAnswers<R>> {
    const { nodes } = this
    const { system } = this.#node
    const answers = new Map<NodeKey, R>()
    const missing: MissingAnswer[] = []
    const outcomes = await Promise.allSettled(
      nodes.map(async (node) => {
        const ref = this.#node.ref<M>(node, this.path)
        return await system.ask<M, R, Q>(ref, makeMessage, options)
      }),
    )
    for (const [at, outcome] of outcomes.entries()) {
      const node = nodes[at]
      if (!node) continue
      if (outcome.status === 'fulfilled') answers.set(node.key, outcome.value)
      else missing.push({ node, why: whyMissing(outcome.reason) })
    }
    return { answers, missing }
  }

  toString(): string {
    return this.path
  }

  #reaches({ status, roles }: Member): boolean {
    return status === 'up' && (this.role === undefined || roles.includes(this.role))
  }
}

function checkOptions(options: BroadcastOptions): void {
  const of = 'BroadcastRef'
  if (typeof options !== 'object' || options === null) {
    throw RemoteError.invalidOption(of, 'options', options, 'an object')
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || (name === 'role' && typeof value === 'string')) continue
    throw RemoteError.invalidOption(of, name, value, 'only role, a text')
  }
}

/** Whatever one node can have done about it; the rest is the asker's own, and thrown. */
function whyMissing(error: unknown): ActorError {
  if (error instanceof ActorError && missingCodes.has(error.code)) return error
  throw error
}

const missingCodes: ReadonlySet<string> = new Set<ActorError['code']>([
  'CASTY_ACTOR_ASK_TIMEOUT',
  'CASTY_ACTOR_ASK_UNANSWERED',
])
