/** Where messages for an actor go. It stays valid for ever: what is told to one that has stopped is a dead letter. */
export interface ActorRef<in M> {
  /** Where the actor is in the tree of its system, as in `/orders/17`. Unique among those that live. */
  readonly path: string
  /**
   * Puts a message into the mailbox, and returns at once. Messages of one sender arrive in order, each at
   * most once.
   *
   * @throws ActorError `CASTY_ACTOR_MAILBOX_FULL` where the mailbox says `reject`; other mailboxes drop a
   * message, which is a dead letter then
   */
  tell(message: M): void
}
